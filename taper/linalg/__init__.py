"""`torch.linalg`: linear algebra under PyTorch's names."""

from ..errors import LinAlgError
from ..functions.linalg import (
    cholesky,
    cholesky_ex,
    det,
    diagonal,
    householder_product,
    inv,
    inv_ex,
    lu,
    lu_factor,
    lu_factor_ex,
    lu_solve,
    matrix_exp,
    qr,
    slogdet,
    solve,
    solve_ex,
    solve_triangular,
    tensorinv,
    tensorsolve,
    vander,
)
from ..functions.matrix_norms import cond, matrix_norm, norm
from ..functions.norms import vector_norm
from ..functions.products import linalg_cross as cross
from ..functions.products import matmul, matrix_power, multi_dot, vecdot
from ..functions.spectral import (
    eig,
    eigh,
    eigvals,
    eigvalsh,
    ldl_factor,
    ldl_factor_ex,
    ldl_solve,
    lstsq,
    matrix_rank,
    pinv,
    svd,
    svdvals,
)
