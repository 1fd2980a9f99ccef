"""Stochastic gradient descent, with momentum and Nesterov's momentum."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_fused, check_not_negative, number
from .tensor_optimizer import Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["SGD"]


class Switches(NamedTuple):
    weight_decay: bool
    momentum: bool
    dampening: bool
    nesterov: bool
    maximize: bool


class SGD(TensorOptimizer):
    """Steps against the gradient: `v = momentum * v + (1 - dampening) * g; p -= lr * v`.

    The first `v` is the gradient itself. With `nesterov` the step is `g + momentum * v`
    (Sutskever et al., 2013), with `weight_decay` the gradient is `g + weight_decay * p`, with
    `maximize` the objective is climbed. `foreach` and `fused` are accepted and change nothing.
    """

    options_since = {
        "nesterov": False,
        "maximize": False,
        "foreach": None,
        "differentiable": False,
        "fused": False,
    }

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float | Tensor = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if lr < 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        check_not_negative(momentum=momentum, weight_decay=weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)
        check_fused(fused, foreach, differentiable)

    def counters(self, group: Mapping[str, Any]) -> Mapping[str, float]:
        """None: plain descent needs no step count."""
        return {}

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """The velocity, when there is momentum."""
        return ("momentum_buffer",) if group["momentum"] != 0 else ()

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The options as they are; a first step is not dampened."""
        weight_decay, dampening = number(group["weight_decay"]), group["dampening"]
        hyper = {
            "lr": self.rate(group),
            "weight_decay": weight_decay,
            "momentum": group["momentum"],
            "share": 1.0 if fresh else 1.0 - dampening,
        }
        switches = Switches(
            weight_decay != 0,
            group["momentum"] != 0,
            dampening != 0,
            group["nesterov"],
            group["maximize"],
        )
        return Prepared({}, hyper, switches)

    def dense(self, g: Tensor, group: Mapping[str, Any]) -> Tensor:
        """Descent along a sparse gradient moves nothing where the gradient has no entries."""
        return g.to_dense()

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of momentum descent; `share` is 1 - dampening."""
        if switches.maximize:
            g = -g
        if switches.weight_decay:
            g = g + p * hyper["weight_decay"]
        new = {}
        if switches.momentum:
            pushed = g * hyper["share"] if switches.dampening else g
            v = new["momentum_buffer"] = state["momentum_buffer"] * hyper["momentum"] + pushed
            g = g + v * hyper["momentum"] if switches.nesterov else v
        return p - g * hyper["lr"], new
