"""Adadelta: steps in the ratio of recent step sizes to recent gradients (Zeiler, 2012)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_not_negative, check_rate
from .tensor_optimizer import Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["Adadelta"]


class Switches(NamedTuple):
    weight_decay: bool
    maximize: bool


class Adadelta(TensorOptimizer):
    """`d = sqrt(u + eps) / sqrt(v + eps) * g; p -= lr * d`.

    `v` and `u` are running means, with rate `rho`, of `g²` and `d²`. `foreach` and `capturable`
    are accepted and change nothing.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ) -> None:
        check_rate(lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Invalid rho value: {rho}")
        check_not_negative(epsilon=eps, weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """Mean squares of the gradients and of the steps."""
        return ("square_avg", "acc_delta")

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The options as they are."""
        rho = group["rho"]
        hyper = {
            "lr": self.rate(group),
            "rho": rho,
            "take": 1 - rho,
            "eps": group["eps"],
            "weight_decay": group["weight_decay"],
        }
        switches = Switches(group["weight_decay"] != 0, group["maximize"])
        return Prepared({"step": counters["step"] + 1}, hyper, switches)

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of Adadelta; `take` is 1 - rho."""
        if switches.maximize:
            g = -g
        if switches.weight_decay:
            g = g + p * hyper["weight_decay"]
        rho, take, eps = hyper["rho"], hyper["take"], hyper["eps"]
        v = state["square_avg"] * rho + g * take * g
        u = state["acc_delta"]
        delta = (u + eps).sqrt() / (v + eps).sqrt() * g
        u = u * rho + delta * take * delta
        return p - delta * hyper["lr"], {"square_avg": v, "acc_delta": u}
