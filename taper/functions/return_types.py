"""Named results of functions that return several tensors: `torch.return_types.max` and more."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class Named(tuple):
    """Abstract: a tuple whose items have names, which prints as PyTorch's results do."""

    fields: tuple[str, ...] = ()
    __slots__ = ()

    def __new__(cls, items: Iterable[Any]) -> Any:
        made = super().__new__(cls, items)
        if len(made) != len(cls.fields):
            raise TypeError(
                f"{cls.__module__}.{cls.__name__}() takes a {len(cls.fields)}-sequence "
                f"({len(made)}-sequence given)"
            )
        return made

    def __repr__(self) -> str:
        parts = ",\n".join(f"{name}={item!r}" for name, item in zip(self.fields, self))
        return f"{self.__class__.__module__}.{self.__class__.__name__}(\n{parts})"

    def __reduce__(self) -> tuple:
        return _again, (type(self).__name__, tuple(self))


def _again(name: str, items: tuple) -> Named:
    """A named result read from a pickle."""
    return globals()[name](items)


class _Field:
    """Reads one item of a named result."""

    def __init__(self, place: int) -> None:
        self.place = place

    def __get__(self, result: Any, owner: type | None = None) -> Any:
        return self if result is None else tuple.__getitem__(result, self.place)


def named(name: str, *fields: str) -> type[Named]:
    """A class of results called `torch.return_types.NAME`."""
    body: dict[str, Any] = {f: _Field(i) for i, f in enumerate(fields)}
    return type(
        name,
        (Named,),
        {
            **body,
            "__slots__": (),
            "fields": fields,
            "__module__": "torch.return_types",
            "__match_args__": fields,
            "n_fields": len(fields),
            "n_sequence_fields": len(fields),
        },
    )


aminmax = named("aminmax", "min", "max")
cummax, cummin = named("cummax", "values", "indices"), named("cummin", "values", "indices")
frexp = named("frexp", "mantissa", "exponent")
geqrf = named("geqrf", "a", "tau")
histogram, histogramdd = (
    named("histogram", "hist", "bin_edges"),
    named("histogramdd", "hist", "bin_edges"),
)
kthvalue = named("kthvalue", "values", "indices")
lu_unpack = named("lu_unpack", "P", "L", "U")
max, min = named("max", "values", "indices"), named("min", "values", "indices")
median, nanmedian = named("median", "values", "indices"), named("nanmedian", "values", "indices")
mode = named("mode", "values", "indices")
qr, svd = named("qr", "Q", "R"), named("svd", "U", "S", "V")
slogdet = named("slogdet", "sign", "logabsdet")
sort, topk = named("sort", "values", "indices"), named("topk", "values", "indices")
triangular_solve = named("triangular_solve", "solution", "cloned_coefficient")

linalg_cholesky_ex = named("linalg_cholesky_ex", "L", "info")
linalg_eig = named("linalg_eig", "eigenvalues", "eigenvectors")
linalg_eigh = named("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_inv_ex = named("linalg_inv_ex", "inverse", "info")
linalg_ldl_factor = named("linalg_ldl_factor", "LD", "pivots")
linalg_ldl_factor_ex = named("linalg_ldl_factor_ex", "LD", "pivots", "info")
linalg_lstsq = named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
linalg_lu = named("linalg_lu", "P", "L", "U")
linalg_lu_factor = named("linalg_lu_factor", "LU", "pivots")
linalg_lu_factor_ex = named("linalg_lu_factor_ex", "LU", "pivots", "info")
linalg_qr, linalg_svd = named("linalg_qr", "Q", "R"), named("linalg_svd", "U", "S", "Vh")
linalg_slogdet = named("linalg_slogdet", "sign", "logabsdet")
linalg_solve_ex = named("linalg_solve_ex", "result", "info")
