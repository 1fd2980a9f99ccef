"""`torch.distributions`: distributions to draw from and to differentiate through."""

from . import constraints, transforms
from .composed import Independent, LogNormal, TransformedDistribution
from .continuous import Chi2, Exponential, Gamma, Laplace, Normal, StudentT, Uniform
from .discrete import Bernoulli, Categorical, Multinomial, OneHotCategorical, Poisson
from .distribution import Distribution
from .kl import kl_divergence, register_kl
from .transforms import *
from .vectors import Beta, Dirichlet, MultivariateNormal
