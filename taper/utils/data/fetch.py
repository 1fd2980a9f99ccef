"""Fetching: from the indices that a sampler gave to the batch that a loader hands out.

A fetcher runs in the loader's process, or in each worker. `make_fetcher` is the one place that
chooses how a batch is made, so a quicker way for some kind of dataset belongs there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .dataset import Dataset, IterableDataset

Fetcher = Callable[[Any], Any]


def make_fetcher(dataset: Dataset, collate_fn: Callable, batched: bool, drop_last: bool) -> Fetcher:
    """The function from an index, or a list of them when `batched`, to a sample or batch.

    That of an iterable dataset takes only the number of indices, and raises StopIteration when
    there is nothing left.
    """
    if isinstance(dataset, IterableDataset):
        return _IterableFetcher(dataset, collate_fn, batched, drop_last)
    if not batched:
        return lambda index: collate_fn(dataset[index])
    samples = getattr(dataset, "__getitems__", None)
    if samples:
        return lambda indices: collate_fn(samples(indices))
    return lambda indices: collate_fn([dataset[index] for index in indices])


class _IterableFetcher:
    """Takes the samples from one pass over an iterable dataset."""

    def __init__(
        self, dataset: IterableDataset, collate_fn: Callable, batched: bool, drop_last: bool
    ) -> None:
        self.samples = iter(dataset)
        self.collate_fn = collate_fn
        self.batched = batched
        self.drop_last = drop_last
        self.ended = False

    def __call__(self, indices: Any) -> Any:
        if self.ended:
            raise StopIteration
        if not self.batched:
            return self.collate_fn(next(self.samples))
        batch = []
        for _ in indices:
            try:
                batch.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not batch or (self.drop_last and len(batch) < len(indices)):
            raise StopIteration
        return self.collate_fn(batch)
