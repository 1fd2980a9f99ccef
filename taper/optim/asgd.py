"""Averaged stochastic gradient descent (Polyak & Juditsky, 1992)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_not_negative, check_rate, number
from .tensor_optimizer import Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["ASGD"]


class Switches(NamedTuple):
    weight_decay: bool
    maximize: bool
    averaging: bool


class ASGD(TensorOptimizer):
    """`p = (1 - lambd * eta) * p - eta * g`, with the average of `p` since step `t0` in `ax`.

    The rate decays, `eta = lr / (1 + lambd * lr * t)^alpha`, and `ax` moves towards `p` by
    `mu = 1 / max(1, t - t0)`. `foreach` and `capturable` are accepted and change nothing.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_rate(lr)
        check_not_negative(weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def counters(self, group: Mapping[str, Any]) -> Mapping[str, float]:
        """The step count, the rate and the weight of the coming step."""
        return {"step": 0.0, "eta": number(group["lr"]), "mu": 1.0}

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """The averaged parameter."""
        return ("ax",)

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """This step uses the rate and the weight that the step before worked out."""
        step, eta, mu = counters["step"] + 1, counters["eta"], counters["mu"]
        lr, lambd = number(group["lr"]), group["lambd"]
        hyper = {
            "keep": 1 - lambd * eta,
            "eta": eta,
            "mu": mu,
            "weight_decay": group["weight_decay"],
        }
        after = {
            "step": step,
            "eta": lr / (1 + lambd * lr * step) ** group["alpha"],
            "mu": 1 / max(1, step - group["t0"]),
        }
        switches = Switches(group["weight_decay"] != 0, group["maximize"], mu != 1)
        return Prepared(after, hyper, switches)

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step, and the average after it; `keep` is 1 - lambd * eta."""
        if switches.maximize:
            g = -g
        if switches.weight_decay:
            g = g + p * hyper["weight_decay"]
        p = p * hyper["keep"] - g * hyper["eta"]
        ax = state["ax"]
        return p, {"ax": ax + (p - ax) * hyper["mu"] if switches.averaging else p}
