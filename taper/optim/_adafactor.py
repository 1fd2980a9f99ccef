"""Adafactor: Adam in little memory, its second average kept as rows and columns (Shazeer, 2018)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..dtypes import finfo
from ..tensor import Tensor
from .checks import check_rate
from .tensor_optimizer import Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["Adafactor"]


class Switches(NamedTuple):
    weight_decay: bool
    maximize: bool
    own_eps: bool


class Adafactor(TensorOptimizer):
    """Scales the gradient by a factored mean square and limits the size of the whole update.

    For a matrix the mean square is `row_var @ col_var / mean(row_var)`; vectors keep it whole. The
    averages forget with `1 - t^beta2_decay`. The update `u` is divided by `max(1, rms(u) / d)` and
    multiplied by `max(eps[1], rms(p)) * min(lr, 1 / sqrt(t))`. `eps[0]` of None stands for the
    machine epsilon of the parameter. `foreach` is accepted and changes nothing.
    """

    options_since = {"foreach": None}

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ) -> None:
        check_rate(lr, "Learning rate should be >= 0 but is: {}")
        if not beta2_decay <= 0.0:
            raise ValueError(f"beta2_decay should be <= 0 but is: {beta2_decay}")
        if eps[0] is not None and not eps[0] >= 0.0:
            raise ValueError(f"epsilon1 should be >= 0 but is: {eps[0]}")
        if not eps[1] >= 0.0:
            raise ValueError(f"epsilon2 should be >= 0 but is: {eps[1]}")
        if not d >= 1.0:
            raise ValueError(f"Clipping threshold d should be >= 1 but is: {d}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight_decay should be >= 0 but is: {weight_decay}")
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """Row and column averages for matrices, one average for vectors and numbers."""
        if p.is_complex():
            raise RuntimeError("Adafactor does not support complex parameters")
        return ("row_var", "col_var") if p.dim() > 1 else ("variance",)

    def new_buffer(self, name: str, p: Tensor, group: Mapping[str, Any]) -> Tensor:
        """Zeros, with one row or one column where the other is averaged."""
        if name == "variance":
            return super().new_buffer(name, p, group)
        shape = list(p.shape)
        shape[-1 if name == "row_var" else -2] = 1
        return p.new_zeros(shape)

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The relative step size and how much of the averages to forget."""
        step, lr = counters["step"] + 1, self.rate(group)
        eps1, eps2 = group["eps"]
        hyper = {
            "take": step ** group["beta2_decay"],
            "rho": min(lr, 1 / step**0.5),
            "eps1": eps1,
            "eps2": eps2,
            "d": group["d"],
            "keep": 1 - lr * group["weight_decay"],
        }
        if eps1 is None:
            del hyper["eps1"]
        switches = Switches(group["weight_decay"] != 0, group["maximize"], eps1 is not None)
        return Prepared({"step": step}, hyper, switches)

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of Adafactor; `take` is 1 - beta2 of this step."""
        eps1 = hyper["eps1"] if switches.own_eps else finfo(p.dtype).eps
        take = hyper["take"]
        if switches.maximize:
            g = -g
        size = p.square().mean().sqrt().clamp(min=hyper["eps2"]) * hyper["rho"]
        if switches.weight_decay:
            p = p * hyper["keep"]
        squares = g * g
        if p.dim() > 1:
            row, col = state["row_var"], state["col_var"]
            row = row + (squares.mean(-1, keepdim=True) - row) * take
            col = col + (squares.mean(-2, keepdim=True) - col) * take
            new = {"row_var": row, "col_var": col}
            variance = row * col / row.mean(-2, keepdim=True).clamp(min=eps1)
        else:
            variance = state["variance"]
            variance = variance + (squares - variance) * take
            new = {"variance": variance}
        update = variance.clamp(min=eps1 * eps1).rsqrt() * g
        excess = (update.square().mean().sqrt() / hyper["d"]).clamp(min=1.0)
        return p - update * (size / excess), new
