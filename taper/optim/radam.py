"""RAdam: Adam that waits until its second average can be trusted (Liu et al., 2019)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_betas, check_not_negative, check_rate
from .tensor_optimizer import COMMON_OPTIONS, Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["RAdam"]


class Switches(NamedTuple):
    weight_decay: bool
    decoupled: bool
    maximize: bool
    rectified: bool


class RAdam(TensorOptimizer):
    """Adam times the rectification `r_t`, or plain momentum while the variance is unknown.

    With `rho_inf = 2 / (1 - beta2) - 1` and `rho_t = rho_inf - 2 t beta2^t / (1 - beta2^t)`, the
    second average counts only where `rho_t > 5`. `foreach` and `capturable` change nothing.
    """

    options_since = {**COMMON_OPTIONS, "decoupled_weight_decay": False}

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
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
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """Adam's two averages."""
        return ("exp_avg", "exp_avg_sq")

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The learning rate with bias corrections and rectification."""
        step = counters["step"] + 1
        lr, weight_decay = self.rate(group), group["weight_decay"]
        beta1, beta2 = group["betas"]
        correction2 = 1 - beta2**step
        rho_inf = 2 / (1 - beta2) - 1
        rho = rho_inf - 2 * step * beta2**step / correction2
        rectified = rho > 5.0
        rate = lr / (1 - beta1**step)
        if rectified:
            gain = (rho - 4) * (rho - 2) * rho_inf / ((rho_inf - 4) * (rho_inf - 2) * rho)
            rate = rate * (gain * correction2) ** 0.5
        hyper = {
            "rate": rate,
            "take1": 1 - beta1,
            "beta2": beta2,
            "take2": 1 - beta2,
            "eps": group["eps"],
            "weight_decay": weight_decay,
            "keep": 1 - lr * weight_decay,
        }
        switches = Switches(
            weight_decay != 0, group["decoupled_weight_decay"], group["maximize"], rectified
        )
        return Prepared({"step": step}, hyper, switches)

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of RAdam; `rate` holds all corrections."""
        if switches.maximize:
            g = -g
        if switches.weight_decay:
            if switches.decoupled:
                p = p * hyper["keep"]
            else:
                g = g + p * hyper["weight_decay"]
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m = m + (g - m) * hyper["take1"]
        v = v * hyper["beta2"] + g * hyper["take2"] * g
        move = m * hyper["rate"]
        if switches.rectified:
            move = move / (v.sqrt() + hyper["eps"])
        return p - move, {"exp_avg": m, "exp_avg_sq": v}
