"""NAdam: Adam with Nesterov's momentum on a warming schedule (Dozat, 2016)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_betas, check_not_negative, check_rate
from .tensor_optimizer import COMMON_OPTIONS, Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["NAdam"]


class Switches(NamedTuple):
    weight_decay: bool
    decoupled: bool
    maximize: bool


class NAdam(TensorOptimizer):
    """Adam whose step mixes the gradient with the mean of the next step.

    With `mu_t = beta1 * (1 - 0.96^(t * momentum_decay) / 2)` and `M_t` the product of all `mu` so
    far, `p -= lr * ((1 - mu_t) / (1 - M_t) * g + mu_{t+1} / (1 - M_{t+1}) * m) / (sqrt(v̂) + eps)`.
    `foreach` and `capturable` are accepted and change nothing.
    """

    options_since = {**COMMON_OPTIONS, "decoupled_weight_decay": False}

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
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
        check_not_negative(weight_decay=weight_decay, momentum_decay=momentum_decay)
        defaults = {
            "lr": lr,
            "betas": betas,
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def counters(self, group: Mapping[str, Any]) -> Mapping[str, float]:
        """The step count and the product of the momentum schedule."""
        return {"step": 0.0, "mu_product": 1.0}

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """Adam's two averages."""
        return ("exp_avg", "exp_avg_sq")

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The shares of gradient and mean, from the momentum schedule."""
        step = counters["step"] + 1
        lr, weight_decay, decay = self.rate(group), group["weight_decay"], group["momentum_decay"]
        beta1, beta2 = group["betas"]
        mu = beta1 * (1.0 - 0.5 * 0.96 ** (step * decay))
        mu_next = beta1 * (1.0 - 0.5 * 0.96 ** ((step + 1) * decay))
        product = counters["mu_product"] * mu
        hyper = {
            "rate_g": lr * (1.0 - mu) / (1.0 - product),
            "rate_m": lr * mu_next / (1.0 - product * mu_next),
            "take1": 1 - beta1,
            "beta2": beta2,
            "take2": 1 - beta2,
            "correction2": 1 - beta2**step,
            "eps": group["eps"],
            "weight_decay": weight_decay,
            "keep": 1 - lr * weight_decay,
        }
        switches = Switches(weight_decay != 0, group["decoupled_weight_decay"], group["maximize"])
        return Prepared({"step": step, "mu_product": product}, hyper, switches)

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of NAdam; `rate_g` and `rate_m` weigh the gradient and the mean."""
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
        spread = (v / hyper["correction2"]).sqrt() + hyper["eps"]
        p = p - g * hyper["rate_g"] / spread - m * hyper["rate_m"] / spread
        return p, {"exp_avg": m, "exp_avg_sq": v}
