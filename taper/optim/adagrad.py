"""Adagrad: steps scaled by the sum of all squared gradients so far (Duchi et al., 2011)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..functions.creation import full_like
from ..tensor import Tensor
from .checks import check_fused, check_not_negative, check_rate
from .tensor_optimizer import COMMON_OPTIONS, Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["Adagrad"]


class Switches(NamedTuple):
    weight_decay: bool
    maximize: bool


class Adagrad(TensorOptimizer):
    """`s += g²; p -= lr / (1 + (t - 1) * lr_decay) * g / (sqrt(s) + eps)`.

    The state exists from construction on and begins with `initial_accumulator_value`. Sparse
    gradients are taken without weight decay. `foreach` and `fused` change nothing.
    """

    options_since = {
        **{name: COMMON_OPTIONS[name] for name in ("foreach", "maximize", "differentiable")},
        "fused": None,
    }

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        check_rate(lr)
        check_not_negative(lr_decay=lr_decay, weight_decay=weight_decay)
        check_not_negative(initial_accumulator_value=initial_accumulator_value, epsilon=eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)
        for group in self.param_groups:
            for p in group["params"]:
                self.find_entries(p, group, self.counters(group))

    def share_memory(self) -> None:
        """Let other processes see the sums."""
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["sum"].share_memory_()

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """The sum of squares."""
        return ("sum",)

    def new_buffer(self, name: str, p: Tensor, group: Mapping[str, Any]) -> Tensor:
        """`initial_accumulator_value` everywhere."""
        value = group["initial_accumulator_value"]
        return full_like(p, complex(value, value) if p.is_complex() else value)

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The learning rate after its decay."""
        step = counters["step"] + 1
        hyper = {
            "rate": self.rate(group) / (1 + (step - 1) * group["lr_decay"]),
            "eps": group["eps"],
            "weight_decay": group["weight_decay"],
        }
        return Prepared(
            {"step": step}, hyper, Switches(group["weight_decay"] != 0, group["maximize"])
        )

    def dense(self, g: Tensor, group: Mapping[str, Any]) -> Tensor:
        """A missing entry adds nothing to the sum and moves nothing."""
        if group["weight_decay"] != 0:
            raise RuntimeError("weight_decay option is not compatible with sparse gradients")
        return g.to_dense()

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of Adagrad; `rate` is the decayed learning rate."""
        if switches.maximize:
            g = -g
        if switches.weight_decay:
            g = g + p * hyper["weight_decay"]
        total = state["sum"] + g * g
        return p - g * hyper["rate"] / (total.sqrt() + hyper["eps"]), {"sum": total}
