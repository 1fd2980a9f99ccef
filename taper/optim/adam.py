"""Adam: steps scaled by running averages of the gradient and of its square (Kingma & Ba, 2014)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_betas, check_fused, check_not_negative, check_rate, number
from .tensor_optimizer import COMMON_OPTIONS, Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["Adam"]


class Switches(NamedTuple):
    weight_decay: bool
    decoupled: bool
    amsgrad: bool
    maximize: bool


class Adam(TensorOptimizer):
    """`m` and `v` are running means of `g` and `g²`; `p -= lr * m̂ / (sqrt(v̂) + eps)`.

    The hats correct for the zero start: `m̂ = m / (1 - beta1^t)`. With `amsgrad` the largest `v`
    so far is used (Reddi et al., 2018). `weight_decay` is added to the gradient, or, with
    `decoupled_weight_decay`, shrinks the parameter by `1 - lr * weight_decay` as in AdamW.
    `foreach`, `fused` and `capturable` are accepted and change nothing.
    """

    options_since = {
        **COMMON_OPTIONS,
        "amsgrad": False,
        "decoupled_weight_decay": False,
        "fused": None,
    }

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-3,
        betas: tuple[float | Tensor, float | Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ) -> None:
        if foreach and not capturable:
            _refuse_tensor("lr", lr)
        check_rate(lr)
        check_not_negative(epsilon=eps)
        check_betas(betas)
        check_not_negative(weight_decay=weight_decay)
        if not any(all(isinstance(b, kind) for b in betas) for kind in (float, Tensor)):
            raise ValueError("betas must be either both floats or both Tensors")
        for i, beta in enumerate(betas):
            if foreach and not capturable:
                _refuse_tensor(f"betas[{i}]", beta)
            if isinstance(beta, Tensor) and beta.numel() != 1:
                raise ValueError(f"Tensor betas[{i}] must be 1-element")
        defaults = {
            "lr": lr,
            "betas": tuple(betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """The two averages, and the largest second one with amsgrad."""
        if group["amsgrad"]:
            return ("exp_avg", "exp_avg_sq", "max_exp_avg_sq")
        return ("exp_avg", "exp_avg_sq")

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """Bias corrections for the coming step, in double precision."""
        step = counters["step"] + 1
        lr, weight_decay = self.rate(group), group["weight_decay"]
        beta1, beta2 = (number(beta) for beta in group["betas"])
        decoupled = group["decoupled_weight_decay"]
        hyper = {
            "step_size": lr / (1 - beta1**step),
            "take1": 1 - beta1,
            "beta2": beta2,
            "take2": 1 - beta2,
            "correction2": (1 - beta2**step) ** 0.5,
            "eps": group["eps"],
            "weight_decay": weight_decay,
            "keep": 1 - lr * weight_decay,
        }
        switches = Switches(weight_decay != 0, decoupled, group["amsgrad"], group["maximize"])
        return Prepared({"step": step}, hyper, switches)

    def dense(self, g: Tensor, group: Mapping[str, Any]) -> Tensor:
        """Refused: the averages would decay where a sparse gradient says nothing."""
        raise RuntimeError(
            "Adam does not support sparse gradients, please consider SparseAdam instead"
        )

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of Adam; `take1` is 1 - beta1, `keep` is 1 - lr * weight_decay."""
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
        new = {"exp_avg": m, "exp_avg_sq": v}
        if switches.amsgrad:
            v = new["max_exp_avg_sq"] = state["max_exp_avg_sq"].maximum(v)
        spread = v.sqrt() / hyper["correction2"] + hyper["eps"]
        return p - m * hyper["step_size"] / spread, new


def _refuse_tensor(name: str, value: Any) -> None:
    if isinstance(value, Tensor):
        raise ValueError(
            f"{name} as a Tensor is not supported for capturable=False and foreach=True"
        )
