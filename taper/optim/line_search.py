"""A line search that meets the strong Wolfe conditions, by cubic interpolation.

Nocedal & Wright, Numerical Optimization, algorithms 3.5 and 3.6, with the safeguards of Schmidt's
minFunc, on which L-BFGS implementations of PyTorch's kind are modelled.
"""

from collections.abc import Callable
from typing import NamedTuple

from ..tensor import Tensor


class Point(NamedTuple):
    """A place on the line: its position, the value and the gradient there, and the slope."""

    t: float
    value: float
    gradient: Tensor
    slope: float


def cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Where the cubic through two points with their slopes is least, kept within `bounds`.

    The bounds are the two points when not given; their middle is the answer when the cubic has no
    minimum.
    """
    low, high = bounds or (min(a.t, b.t), max(a.t, b.t))
    if a.t > b.t:
        a, b = b, a
    chord = a.slope + b.slope - 3 * (a.value - b.value) / (a.t - b.t)
    square = chord * chord - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2.0
    root = square**0.5
    turn = b.slope - a.slope + 2 * root
    if turn == 0:
        return (low + high) / 2.0
    t = b.t - (b.t - a.t) * ((b.slope + root - chord) / turn)
    return min(max(t, low), high)


def strong_wolfe(
    evaluate: Callable[[float], tuple[float, Tensor]],
    start: Point,
    t: float,
    direction: Tensor,
    decrease: float = 1e-4,
    curvature: float = 0.9,
    tolerance: float = 1e-9,
    max_steps: int = 25,
) -> tuple[Point, int]:
    """A point where the value has decreased enough and the slope is flat enough.

    Args:
        evaluate: gives value and gradient at a position on the line.
        start: the point at position 0, with a negative slope.
        t: the first position to try.
        direction: the line's direction.

    Returns the point and the number of evaluations.
    """

    def at(t: float) -> Point:
        value, gradient = evaluate(t)
        return Point(t, value, gradient, float(gradient.dot(direction)))

    def too_high(point: Point) -> bool:
        return point.value > start.value + decrease * point.t * start.slope

    def flat(point: Point) -> bool:
        return abs(point.slope) <= -curvature * start.slope

    before, here, tried = start, at(t), 0
    while tried < max_steps:
        if too_high(here) or (tried > 1 and here.value >= before.value):
            break
        if flat(here):
            return here, tried + 1
        if here.slope >= 0:
            break
        reach = (here.t + 0.01 * (here.t - before.t), here.t * 10)
        before, here = here, at(cubic_minimum(before, here, reach))
        tried += 1
    else:
        return min(start, here, key=lambda point: point.value), tried + 1

    # A minimum lies between the two points: narrow the interval until one meets both conditions.
    extent = float(direction.abs().max())
    best, other = (before, here) if before.value <= here.value else (here, before)
    stalled = False
    while tried < max_steps and abs(other.t - best.t) * extent >= tolerance:
        t, stalled = _inside(cubic_minimum(best, other), best, other, stalled)
        here, tried = at(t), tried + 1
        if too_high(here) or here.value >= best.value:
            best, other = (here, best) if here.value < best.value else (best, here)
            continue
        if flat(here):
            return here, tried + 1
        if here.slope * (other.t - best.t) >= 0:
            other = best
        best = here
    return best, tried + 1


def _inside(t: float, a: Point, b: Point, stalled: bool) -> tuple[float, bool]:
    """Keep a position from hugging an end of the interval twice in a row.

    Returns the position to try and whether it was allowed to lie close to an end.
    """
    low, high = min(a.t, b.t), max(a.t, b.t)
    margin = 0.1 * (high - low)
    if min(high - t, t - low) >= margin:
        return t, False
    if not (stalled or t >= high or t <= low):
        return t, True
    return (high - margin if abs(t - high) < abs(t - low) else low + margin), False
