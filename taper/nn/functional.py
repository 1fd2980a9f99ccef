"""`torch.nn.functional`: the functions of networks, from their families."""

from ..functions.activation import *
from ..functions.convolution import *
from ..functions.losses import cross_entropy, mse_loss, nll_loss
from ..functions.pooling import *
from ..functions.products import linear
