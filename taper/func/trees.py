"""Nested containers: their leaves in order, and containers of the same form around other leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["flatten", "leaves", "rebuild", "spread", "tree_map"]


def flatten(tree: Any) -> tuple[list[Any], Callable[[Iterator[Any]], Any]]:
    """The leaves of nested lists, tuples and dicts, and what builds the same around others."""
    return list(leaves(tree)), lambda found: rebuild(tree, found)


def _children(tree: Any) -> list[Any] | None:
    if isinstance(tree, dict):
        return list(tree.values())
    return list(tree) if isinstance(tree, (list, tuple)) else None


def leaves(tree: Any) -> Iterator[Any]:
    """What is in the containers, in order."""
    children = _children(tree)
    if children is None:
        yield tree
        return
    for child in children:
        yield from leaves(child)


def rebuild(tree: Any, found: Iterator[Any]) -> Any:
    """Containers as in `tree` around the next of `found`."""
    if isinstance(tree, dict):
        made = {key: rebuild(value, found) for key, value in tree.items()}
        return made if type(tree) is dict else type(tree)(made)
    if isinstance(tree, (list, tuple)):
        items = [rebuild(child, found) for child in tree]
        return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
    return next(found)


def tree_map(fn: Callable[[Any], Any], tree: Any) -> Any:
    """`fn` of every leaf, in containers of the same form."""
    return rebuild(tree, map(fn, leaves(tree)))


def spread(prefix: Any, tree: Any) -> list[Any] | None:
    """One entry of `prefix` for each leaf of `tree`; None where their forms differ."""
    below, here = _children(tree), _children(prefix)
    if here is None:
        return [prefix] * sum(1 for _ in leaves(tree))
    if below is None or len(below) != len(here):
        return None
    if isinstance(tree, dict) != isinstance(prefix, dict):
        return None
    parts = [spread(p, t) for p, t in zip(here, below)]
    if any(part is None for part in parts):
        return None
    return [entry for part in parts for entry in part]  # type: ignore[union-attr]
