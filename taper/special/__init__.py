"""torch.special: special functions, under the names that SciPy gives them."""

from ..functions.elementary import exp2, expm1, log1p, logit, sinc, xlogy
from ..functions.elementary import sigmoid as expit
from ..functions.gamma import digamma, erf, erfc, erfinv, i0, polygamma
from ..functions.gamma import digamma as psi
from ..functions.gamma import lgamma as gammaln
from ..functions.gamma import mvlgamma as multigammaln
from ..functions.native import log_softmax, softmax
from ..functions.reduction import logsumexp
from ..functions.rounding import round
from ..functions.special import (
    airy_ai,
    bessel_j0,
    bessel_j1,
    bessel_y0,
    bessel_y1,
    chebyshev_polynomial_t,
    chebyshev_polynomial_u,
    chebyshev_polynomial_v,
    chebyshev_polynomial_w,
    entr,
    erfcx,
    gammainc,
    gammaincc,
    hermite_polynomial_h,
    hermite_polynomial_he,
    i0e,
    i1,
    i1e,
    laguerre_polynomial_l,
    legendre_polynomial_p,
    log_ndtr,
    modified_bessel_i0,
    modified_bessel_i1,
    modified_bessel_k0,
    modified_bessel_k1,
    ndtr,
    ndtri,
    scaled_modified_bessel_k0,
    scaled_modified_bessel_k1,
    shifted_chebyshev_polynomial_t,
    shifted_chebyshev_polynomial_u,
    shifted_chebyshev_polynomial_v,
    shifted_chebyshev_polynomial_w,
    spherical_bessel_j0,
    xlog1py,
    zeta,
)

__all__ = ["airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "chebyshev_polynomial_t"]
__all__ += ["chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w", "digamma"]
__all__ += ["entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1", "gammainc"]
__all__ += ["gammaincc", "gammaln", "hermite_polynomial_h", "hermite_polynomial_he", "i0", "i0e"]
__all__ += ["i1", "i1e", "laguerre_polynomial_l", "legendre_polynomial_p", "log1p", "log_ndtr"]
__all__ += ["log_softmax", "logit", "logsumexp", "modified_bessel_i0", "modified_bessel_i1"]
__all__ += ["modified_bessel_k0", "modified_bessel_k1", "multigammaln", "ndtr", "ndtri"]
__all__ += ["polygamma", "psi", "round", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1"]
__all__ += ["shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u"]
__all__ += ["shifted_chebyshev_polynomial_v", "shifted_chebyshev_polynomial_w", "sinc", "softmax"]
__all__ += ["spherical_bessel_j0", "xlog1py", "xlogy", "zeta"]
