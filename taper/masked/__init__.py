"""torch.masked: reductions and normalizations under a mask."""

from ..functions.masked import (
    amax,
    amin,
    argmax,
    argmin,
    cumprod,
    cumsum,
    log_softmax,
    logaddexp,
    logsumexp,
    mean,
    median,
    norm,
    normalize,
    prod,
    softmax,
    softmin,
    std,
    sum,
    var,
)

__all__ = ["amax", "amin", "argmax", "argmin", "cumprod", "cumsum", "log_softmax", "logaddexp"]
__all__ += ["logsumexp", "mean", "median", "norm", "normalize", "prod", "softmax", "softmin", "std"]
__all__ += ["sum", "var"]
