"""Rprop: a step size per weight, adapted by the sign of the gradient (Riedmiller & Braun, 1993)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..functions.creation import full_like
from ..tensor import Tensor
from .checks import check_rate, number
from .tensor_optimizer import Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["Rprop"]


class Switches(NamedTuple):
    maximize: bool


class Rprop(TensorOptimizer):
    """Steps grow by `etas[1]` while a gradient keeps its sign, and shrink by `etas[0]` at a flip.

    The weight rests in the step of the flip. Sizes stay within `step_sizes`. `foreach` and
    `capturable` are accepted and change nothing.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Invalid eta values: {etas[0]}, {etas[1]}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """The gradient before and the step sizes."""
        return ("prev", "step_size")

    def new_buffer(self, name: str, p: Tensor, group: Mapping[str, Any]) -> Tensor:
        """Step sizes begin at the learning rate."""
        if name == "prev":
            return super().new_buffer(name, p, group)
        lr = number(group["lr"])
        return full_like(p, complex(lr, lr) if p.is_complex() else lr)

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The options as they are."""
        shrink, grow = group["etas"]
        smallest, largest = group["step_sizes"]
        hyper = {"shrink": shrink, "grow": grow, "smallest": smallest, "largest": largest}
        return Prepared({"step": counters["step"] + 1}, hyper, Switches(group["maximize"]))

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of Rprop."""
        if switches.maximize:
            g = -g
        agree = g * state["prev"]
        kept, flipped = agree > 0, agree < 0
        size = state["step_size"]
        size = (size * hyper["grow"]).where(kept, (size * hyper["shrink"]).where(flipped, size))
        size = size.clamp(hyper["smallest"], hyper["largest"])
        g = g.masked_fill(flipped, 0)
        return p - g.sign() * size, {"prev": g, "step_size": size}
