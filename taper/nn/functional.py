"""`torch.nn.functional`: the functions of networks, from their families."""

from ..functions.activation import *
from ..functions.adaptive import *
from ..functions.attention import *
from ..functions.class_losses import *
from ..functions.convolution import *
from ..functions.ctc import *
from ..functions.distance import bilinear, cosine_similarity, pairwise_distance, pdist
from ..functions.dropout import *
from ..functions.elementary import sigmoid, tanh
from ..functions.embedding import *
from ..functions.folding import channel_shuffle, fold, pixel_shuffle, pixel_unshuffle, unfold
from ..functions.losses import *
from ..functions.margins import *
from ..functions.multihead import *
from ..functions.normalization import *
from ..functions.padding import pad
from ..functions.pooling import *
from ..functions.products import linear
from ..functions.resampling import *
from ..functions.sampling import affine_grid, grid_sample
from ..functions.unpooling import *
