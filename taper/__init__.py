"""Taper: programs written for PyTorch, run by kernels generated while they run. `import taper as
torch`."""

import math

from .devices import device
from .devices import set_default as set_default_device
from .dtypes import (
    bfloat16,
    can_cast,
    complex64,
    complex128,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    iinfo,
    int8,
    int16,
    int32,
    int64,
    promote_types,
    uint8,
    uint16,
    uint32,
    uint64,
)
from .dtypes import bool_ as bool
from .dtypes import get_default as get_default_dtype
from .dtypes import set_default as set_default_dtype
from .formatting import set_printoptions
from .functions import return_types
from .functions.adaptive import adaptive_avg_pool1d
from .functions.adaptive import adaptive_max_pool1d_with_indices as adaptive_max_pool1d
from .functions.arithmetic import *
from .functions.bits import *
from .functions.comparison import *
from .functions.contraction import *
from .functions.conversion import *
from .functions.convolution import *
from .functions.copies import *
from .functions.creation import *
from .functions.differences import *
from .functions.elementary import *
from .functions.folding import (
    channel_shuffle,
    native_channel_shuffle,
    pixel_shuffle,
    pixel_unshuffle,
)
from .functions.gamma import *
from .functions.gathering import *
from .functions.indexing import *
from .functions.joining import *
from .functions.linalg import (
    cholesky_inverse,
    cholesky_solve,
    det,
    geqrf,
    logdet,
    lu_unpack,
    matrix_exp,
    ormqr,
    triangular_solve,
)
from .functions.linalg import cholesky_old as cholesky
from .functions.linalg import householder_product as orgqr
from .functions.linalg import inv as inverse
from .functions.linalg import lu_old as lu
from .functions.linalg import lu_solve_old as lu_solve
from .functions.linalg import qr_old as qr
from .functions.linalg import slogdet_old as slogdet
from .functions.matrix_norms import nuclear_norm
from .functions.memory import *
from .functions.native import *
from .functions.norms import *
from .functions.order import *
from .functions.padding import constant_pad_nd
from .functions.places import *
from .functions.pointwise import *
from .functions.pooling import (
    avg_pool1d,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool3d,
)
from .functions.products import *
from .functions.random import *
from .functions.ranges import *
from .functions.reduction import *
from .functions.rounding import *
from .functions.sampling import affine_grid_generator, grid_sampler
from .functions.scans import *
from .functions.sorting import *
from .functions.sparse import *
from .functions.special import *
from .functions.spectral import pca_lowrank, pinverse, svd_lowrank
from .functions.spectral import svd_old as svd
from .functions.spectrogram import *
from .functions.statistics import *
from .functions.views import *
from .functions.windows import *
from .modes import (
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .settings import get_num_threads, set_num_threads, settings
from .shapes import Size
from .switches import *
from .tensor import Tensor, layout, sparse_coo, sparse_csr, strided

from . import methods  # isort: skip  (binds the functions above to Tensor)
from .autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled  # isort: skip

# isort: skip
# isort: skip
from . import (
    __config__,
    accelerator,
    amp,
    autograd,
    backends,
    compiler,
    cpu,
    cuda,
    distributions,
    fft,
    func,
    hub,
    jit,
    linalg,
    masked,
    mps,
    nn,
    optim,
    profiler,
    random,
    serialization,
    signal,
    special,
    testing,
    utils,
    version,
    xpu,
)

from .amp.autocast_mode import *  # isort: skip
from .compiler import compile  # isort: skip
from .func import vmap  # isort: skip
from .serialization import load, save  # isort: skip
from .version import __version__  # isort: skip

half, float, double = float16, float32, float64
short, int, long = int16, int32, int64
cfloat, cdouble = complex64, complex128
e, inf, nan, pi, newaxis = math.e, math.inf, math.nan, math.pi, None


def install() -> None:
    """Make `import torch` and `import torchvision` mean Taper in this process.

    Raises RuntimeError where PyTorch is imported already.
    """
    from .compat import (
        install as enter,  # brings importlib.metadata, which most programs do not need
    )

    enter()
