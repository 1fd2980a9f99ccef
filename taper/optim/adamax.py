"""Adamax: Adam with a decaying maximum in place of the mean square (Kingma & Ba, 2014)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_betas, check_not_negative, check_rate
from .tensor_optimizer import Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["Adamax"]


class Switches(NamedTuple):
    weight_decay: bool
    maximize: bool


class Adamax(TensorOptimizer):
    """`u = max(beta2 * u, |g| + eps); p -= lr / (1 - beta1^t) * m / u`.

    `foreach` and `capturable` are accepted and change nothing.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ) -> None:
        check_rate(lr)
        check_not_negative(epsilon=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """The mean and the decaying maximum."""
        return ("exp_avg", "exp_inf")

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The learning rate with the first average's bias correction."""
        step = counters["step"] + 1
        beta1, beta2 = group["betas"]
        hyper = {
            "rate": self.rate(group) / (1 - beta1**step),
            "take1": 1 - beta1,
            "beta2": beta2,
            "eps": group["eps"],
            "weight_decay": group["weight_decay"],
        }
        return Prepared(
            {"step": step}, hyper, Switches(group["weight_decay"] != 0, group["maximize"])
        )

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of Adamax; `take1` is 1 - beta1."""
        if switches.maximize:
            g = -g
        if switches.weight_decay:
            g = g + p * hyper["weight_decay"]
        m = state["exp_avg"]
        m = m + (g - m) * hyper["take1"]
        u = (state["exp_inf"] * hyper["beta2"]).maximum(g.abs() + hyper["eps"])
        return p - m * hyper["rate"] / u, {"exp_avg": m, "exp_inf": u}
