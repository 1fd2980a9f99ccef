"""Muon: momentum whose update matrix is made nearly orthogonal (Jordan et al., 2024)."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ..tensor import Tensor
from .checks import check_rate
from .tensor_optimizer import Hyper, Prepared, TensorDict, TensorOptimizer

__all__ = ["Muon"]


class Switches(NamedTuple):
    nesterov: bool
    ns_coefficients: tuple[float, float, float]
    ns_steps: int
    eps: float
    adjust_lr_fn: str | None


class Muon(TensorOptimizer):
    """For matrices only: `buf += (1 - momentum) * (g - buf)`, then `p -= lr' * orthogonal(buf)`.

    Newton-Schulz iterations in bfloat16 bring the singular values near one. `lr'` is `lr` times
    `sqrt(max(1, rows / columns))`, or, for `adjust_lr_fn="match_rms_adamw"`, times
    `0.2 * sqrt(max(rows, columns))`. Weight decay is decoupled.
    """

    options_since = {}

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.7750, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ) -> None:
        check_rate(lr, "Learning rate should be >= 0 but is: {}")
        if not momentum >= 0.0:
            raise ValueError(f"momentum should be >= 0 but is: {momentum}")
        if not weight_decay >= 0.0:
            raise ValueError(f"weight decay should be >= 0 but is: {weight_decay}")
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Adjust learning rate function {adjust_lr_fn} is not supported")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)
        for group in self.param_groups:
            for p in group["params"]:
                if p.ndim != 2:
                    raise ValueError(
                        "Muon only supports 2D parameters whereas we found a parameter "
                        f"with size: {p.size()}"
                    )

    def counters(self, group: Mapping[str, Any]) -> Mapping[str, float]:
        """None: nothing depends on the number of the step."""
        return {}

    def buffer_names(self, group: Mapping[str, Any], p: Tensor) -> Sequence[str]:
        """The running mean of the gradient."""
        if p.is_complex():
            raise RuntimeError("Muon does not support complex parameters")
        return ("momentum_buffer",)

    def prepare(
        self, group: Mapping[str, Any], counters: Mapping[str, float], fresh: bool
    ) -> Prepared:
        """The options as they are; those of the iterations are part of the program."""
        if group["ns_steps"] >= 100:
            raise ValueError("Number of steps must be less than 100 for computational efficiency")
        if len(group["ns_coefficients"]) != 3:
            raise ValueError("Coefficients must be a tuple of exactly 3 values")
        lr, momentum = self.rate(group), group["momentum"]
        hyper = {
            "lr": lr,
            "momentum": momentum,
            "take": 1 - momentum,
            "keep": 1 - lr * group["weight_decay"],
        }
        switches = Switches(
            group["nesterov"],
            tuple(group["ns_coefficients"]),
            group["ns_steps"],
            group["eps"],
            group["adjust_lr_fn"],
        )
        return Prepared({}, hyper, switches)

    @staticmethod
    def step_one(
        p: Tensor, g: Tensor, state: TensorDict, hyper: Hyper, switches: Switches
    ) -> tuple[Tensor, TensorDict]:
        """One step of Muon; `take` is 1 - momentum."""
        buf = state["momentum_buffer"]
        buf = buf + (g - buf) * hyper["take"]
        move = g + (buf - g) * hyper["momentum"] if switches.nesterov else buf
        move = orthogonal(move, switches.ns_coefficients, switches.ns_steps, switches.eps)
        rows, columns = p.shape
        if switches.adjust_lr_fn == "match_rms_adamw":
            scale = 0.2 * max(rows, columns) ** 0.5
        else:
            scale = max(1, rows / columns) ** 0.5
        return p * hyper["keep"] - move * (hyper["lr"] * scale), {"momentum_buffer": buf}


def orthogonal(
    matrix: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float
) -> Tensor:
    """The bfloat16 matrix with the singular vectors of `matrix` and singular values near one.

    Iterates `x = a x + (b A + c A²) x` with `A = x xᵀ` on the wide orientation, after a division
    by the norm that brings all singular values to one at most.
    """
    a, b, c = coefficients
    x = matrix.bfloat16()
    tall = matrix.shape[0] > matrix.shape[1]
    if tall:
        x = x.T
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = x.addmm(gram.addmm(gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
