"""SparseAdam: Adam that touches only the entries a sparse gradient names ("lazy" Adam)."""

from collections.abc import Callable, Iterable
from typing import Any

from ..functions.creation import zeros_like
from ..modes import enable_grad, no_grad
from ..tensor import Tensor
from .checks import check_betas, number
from .optimizer import Optimizer
from .tensor_optimizer import Hyper, TensorDict

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Adam's rule on the entries present in the gradient; all others rest, averages included.

    Meant for large embeddings of which a batch uses few rows. Gradients have to be sparse.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        if isinstance(lr, Tensor) and lr.numel() != 1:
            raise ValueError("Tensor lr must be 1-element")
        if not lr > 0.0:
            raise ValueError(f"Invalid learning rate: {lr}")
        if not eps > 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        check_betas(betas)
        defaults = {"lr": lr, "betas": betas, "eps": eps, "maximize": maximize}
        super().__init__(params, defaults)
        everything = [p for group in self.param_groups for p in group["params"]]
        sparse = [i for i, p in enumerate(everything) if p.is_sparse]
        if sparse:
            raise ValueError(
                f"Sparse params at indices {sparse}: SparseAdam requires dense parameter tensors"
            )
        complex_ones = [i for i, p in enumerate(everything) if p.is_complex()]
        if complex_ones:
            raise ValueError(
                f"Complex params at indices {complex_ones}: "
                "SparseAdam does not support complex parameters"
            )

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the entries that have a gradient; returns what `closure` returned, if given."""
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                g = p.grad
                if g is None:
                    continue
                if not g.is_sparse:
                    raise RuntimeError(
                        "SparseAdam does not support dense gradients, please consider Adam instead"
                    )
                self._step_parameter(p, g.coalesce(), group)
        return loss

    def _step_parameter(self, p: Tensor, grad: Tensor, group: dict[str, Any]) -> None:
        state = self.state[p]
        if not state:
            state["step"] = 0
            state["exp_avg"], state["exp_avg_sq"] = zeros_like(p), zeros_like(p)
        state["step"] += 1
        values = grad.values()
        if values.numel() == 0:
            return
        beta1, beta2 = group["betas"]
        correction1, correction2 = 1 - beta1 ** state["step"], 1 - beta2 ** state["step"]
        hyper = {
            "step_size": number(group["lr"]) * correction2**0.5 / correction1,
            "take1": 1 - beta1,
            "take2": 1 - beta2,
            "eps": group["eps"],
        }
        where = tuple(grad.indices())
        held = {name: state[name][where] for name in ("exp_avg", "exp_avg_sq")}
        moved, new = self.step_one(p[where], -values if group["maximize"] else values, held, hyper)
        p[where] = moved
        for name, value in new.items():
            state[name][where] = value

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper
    ) -> tuple[Tensor, TensorDict]:
        """Adam's rule for the entries at hand; `take1` is 1 - beta1."""
        m, v = state["exp_avg"], state["exp_avg_sq"]
        m = m + (g - m) * hyper["take1"]
        v = v + (g * g - v) * hyper["take2"]
        move = m / (v.sqrt() + hyper["eps"]) * hyper["step_size"]
        return p - move, {"exp_avg": m, "exp_avg_sq": v}
