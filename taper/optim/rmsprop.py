"""RMSprop: steps scaled by a running average of the squared gradient (Hinton, lecture 6, 2012)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_not_negative, check_rate
from .tensor_optimizer import COMMON_OPTIONS, Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["RMSprop"]


class Switches(NamedTuple):
    weight_decay: bool
    momentum: bool
    centered: bool
    maximize: bool


class RMSprop(TensorOptimizer):
    """`v = alpha * v + (1 - alpha) * g²; p -= lr * g / (sqrt(v) + eps)`.

    `centered` takes the variance, `v - mean(g)²`, in place of `v` (Graves, 2013); `momentum`
    accumulates the scaled gradients. `foreach` and `capturable` are accepted and change nothing.
    """

    options_since = {**COMMON_OPTIONS, "momentum": 0, "centered": False}

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        check_not_negative(epsilon=eps, momentum=momentum)
        check_not_negative(weight_decay=weight_decay, alpha=alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """The mean square, then the velocity and the mean where asked for."""
        names = ["square_avg"]
        if group["momentum"] > 0:
            names.append("momentum_buffer")
        if group["centered"]:
            names.append("grad_avg")
        return names

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The options as they are."""
        alpha = group["alpha"]
        hyper = {
            "lr": self.rate(group),
            "alpha": alpha,
            "take": 1 - alpha,
            "eps": group["eps"],
            "weight_decay": group["weight_decay"],
            "momentum": group["momentum"],
        }
        switches = Switches(
            group["weight_decay"] != 0, group["momentum"] > 0, group["centered"], group["maximize"]
        )
        return Prepared({"step": counters["step"] + 1}, hyper, switches)

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of RMSprop; `take` is 1 - alpha."""
        if switches.maximize:
            g = -g
        if switches.weight_decay:
            g = g + p * hyper["weight_decay"]
        v = state["square_avg"] * hyper["alpha"] + g * hyper["take"] * g
        new = {"square_avg": v}
        if switches.centered:
            mean = state["grad_avg"]
            mean = new["grad_avg"] = mean + (g - mean) * hyper["take"]
            v = v - mean * mean
        spread = v.sqrt() + hyper["eps"]
        if not switches.momentum:
            return p - g * hyper["lr"] / spread, new
        velocity = state["momentum_buffer"] * hyper["momentum"] + g / spread
        new["momentum_buffer"] = velocity
        return p - velocity * hyper["lr"], new
