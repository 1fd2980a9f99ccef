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


# Declared Any: a class that is made by a call is no type in annotations otherwise.
aminmax: Any = named("aminmax", "min", "max")
cummax: Any = named("cummax", "values", "indices")
cummin: Any = named("cummin", "values", "indices")
frexp: Any = named("frexp", "mantissa", "exponent")
geqrf: Any = named("geqrf", "a", "tau")
histogram: Any = named("histogram", "hist", "bin_edges")
histogramdd: Any = named("histogramdd", "hist", "bin_edges")
kthvalue: Any = named("kthvalue", "values", "indices")
lu_unpack: Any = named("lu_unpack", "P", "L", "U")
max: Any = named("max", "values", "indices")
min: Any = named("min", "values", "indices")
median: Any = named("median", "values", "indices")
nanmedian: Any = named("nanmedian", "values", "indices")
mode: Any = named("mode", "values", "indices")
qr: Any = named("qr", "Q", "R")
svd: Any = named("svd", "U", "S", "V")
slogdet: Any = named("slogdet", "sign", "logabsdet")
sort: Any = named("sort", "values", "indices")
topk: Any = named("topk", "values", "indices")
triangular_solve: Any = named("triangular_solve", "solution", "cloned_coefficient")
linalg_cholesky_ex: Any = named("linalg_cholesky_ex", "L", "info")
linalg_eig: Any = named("linalg_eig", "eigenvalues", "eigenvectors")
linalg_eigh: Any = named("linalg_eigh", "eigenvalues", "eigenvectors")
linalg_inv_ex: Any = named("linalg_inv_ex", "inverse", "info")
linalg_ldl_factor: Any = named("linalg_ldl_factor", "LD", "pivots")
linalg_ldl_factor_ex: Any = named("linalg_ldl_factor_ex", "LD", "pivots", "info")
linalg_lstsq: Any = named("linalg_lstsq", "solution", "residuals", "rank", "singular_values")
linalg_lu: Any = named("linalg_lu", "P", "L", "U")
linalg_lu_factor: Any = named("linalg_lu_factor", "LU", "pivots")
linalg_lu_factor_ex: Any = named("linalg_lu_factor_ex", "LU", "pivots", "info")
linalg_qr: Any = named("linalg_qr", "Q", "R")
linalg_svd: Any = named("linalg_svd", "U", "S", "Vh")
linalg_slogdet: Any = named("linalg_slogdet", "sign", "logabsdet")
linalg_solve_ex: Any = named("linalg_solve_ex", "result", "info")
