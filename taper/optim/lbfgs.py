"""L-BFGS: quasi-Newton steps from the last few gradient differences (Nocedal & Wright, 7.4-7.5)."""

from collections.abc import Callable, Iterable
from typing import Any

from ..functions.joining import cat
from ..functions.views import view_as_real
from ..modes import enable_grad, no_grad
from ..tensor import Tensor
from .checks import check_rate, number
from .line_search import Point, strong_wolfe
from .optimizer import Optimizer

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """Minimises by `max_iter` quasi-Newton iterations per step; `step` needs a closure.

    Keeps `history_size` pairs of steps and gradient differences. Stops a step early after
    `max_eval` evaluations (1.25 * max_iter by default), at gradients below `tolerance_grad`, or at
    changes below `tolerance_change`. `line_search_fn` is None (steps of `lr`) or "strong_wolfe".
    All parameters form one vector, so there is one parameter group only.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_rate(lr)
        defaults = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, defaults)
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        return self.param_groups[0]["params"]

    @no_grad()
    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Run up to `max_iter` iterations; returns the loss at their beginning.

        `closure` clears the gradients, computes the loss, calls `backward()`, and returns the
        loss. It is called once per evaluation.
        """
        if len(self.param_groups) != 1:
            raise AssertionError(
                f"Expected exactly one param_group, but got {len(self.param_groups)}"
            )
        group = self.param_groups[0]
        closure = enable_grad()(closure)
        state = self.state[self._params[0]]
        state.setdefault("func_evals", 0)
        state.setdefault("n_iter", 0)
        first_loss = closure()
        loss, gradient = float(first_loss), self._gradient()
        evaluations = 1
        state["func_evals"] += 1
        if _largest(gradient) <= group["tolerance_grad"]:
            return first_loss

        for iteration in range(1, group["max_iter"] + 1):
            state["n_iter"] += 1
            d = self._direction(gradient, state, group["history_size"])
            state["prev_flat_grad"], state["prev_loss"], state["d"] = gradient, loss, d
            t = number(group["lr"])
            if state["n_iter"] == 1:
                t = min(1.0, 1.0 / float(gradient.abs().sum())) * t
            state["t"] = t
            slope = float(gradient.dot(d))
            if slope > -group["tolerance_change"]:
                break
            last = iteration == group["max_iter"]
            here = Point(0.0, loss, gradient, slope)
            (t, loss, gradient, _), calls = self._advance(closure, here, t, d, group, last)
            state["t"] = t
            evaluations += calls
            state["func_evals"] += calls
            if last or evaluations >= group["max_eval"]:
                break
            if _largest(gradient) <= group["tolerance_grad"]:
                break
            if _largest(d * t) <= group["tolerance_change"]:
                break
            if abs(loss - state["prev_loss"]) < group["tolerance_change"]:
                break
        return first_loss

    def _direction(self, gradient: Tensor, state: dict[str, Any], history_size: int) -> Tensor:
        """The quasi-Newton direction, after taking the last step into the history."""
        if state["n_iter"] == 1:
            state.update(old_dirs=[], old_stps=[], ro=[], H_diag=1)
            return -gradient
        changes, steps, inverses = state["old_dirs"], state["old_stps"], state["ro"]
        y, s = gradient - state["prev_flat_grad"], state["d"] * state["t"]
        curvature = y.dot(s)
        if curvature > 1e-10:
            if len(changes) == history_size:
                for past in (changes, steps, inverses):
                    past.pop(0)
            changes.append(y)
            steps.append(s)
            inverses.append(1.0 / curvature)
            state["H_diag"] = curvature / y.dot(y)
        weights = state.setdefault("al", [None] * history_size)
        q = -gradient
        for i in reversed(range(len(changes))):
            weights[i] = steps[i].dot(q) * inverses[i]
            q = q - changes[i] * weights[i]
        r = q * state["H_diag"]
        for i in range(len(changes)):
            r = r + steps[i] * (weights[i] - changes[i].dot(r) * inverses[i])
        return r

    def _advance(
        self,
        closure: Callable[[], Any],
        here: Point,
        t: float,
        d: Tensor,
        group: dict[str, Any],
        last: bool,
    ) -> tuple[Point, int]:
        """Move the parameters along `d`; the point reached and the evaluations it took."""
        if group["line_search_fn"] is None:
            self._move(t, d)
            if last:
                return here._replace(t=t), 0
            loss = float(closure())
            return Point(t, loss, self._gradient(), 0.0), 1
        if group["line_search_fn"] != "strong_wolfe":
            raise RuntimeError("only 'strong_wolfe' is supported")
        origin = [p.clone() for p in self._params]

        def evaluate(t: float) -> tuple[float, Tensor]:
            self._move(t, d)
            loss, gradient = float(closure()), self._gradient()
            for p, value in zip(self._params, origin, strict=True):
                p.copy_(value)
            return loss, gradient

        point, calls = strong_wolfe(evaluate, here, t, d)
        self._move(point.t, d)
        return point, calls

    def _gradient(self) -> Tensor:
        """All gradients in one vector, complex ones as pairs of real numbers."""
        parts = []
        for p in self._params:
            g = p.grad
            if g is None:
                g = p.new_zeros(p.shape)
            elif g.is_sparse:
                g = g.to_dense()
            parts.append((view_as_real(g) if p.is_complex() else g).reshape(-1))
        return cat(parts)

    def _move(self, t: float, d: Tensor) -> None:
        """Add `t * d`, a vector over all parameters, to the parameters."""
        begin = 0
        for p in self._params:
            real = view_as_real(p) if p.is_complex() else p
            count = real.numel()
            real.add_(d[begin : begin + count].reshape(real.shape), alpha=t)
            begin += count


def _largest(vector: Tensor) -> float:
    return float(vector.abs().max())
