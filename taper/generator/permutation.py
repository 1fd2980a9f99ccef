"""A shuffle worked out all at once: the outcome of a list of exchanges, without a loop."""

import numpy as np


def exchange(target: np.ndarray) -> np.ndarray:
    """The numbers 0 to n - 1 after exchanging places i and target[i] >= i, for i in turn.

    `target` is one shorter than the result. What stands at i when its turn comes is what the last
    step that reached i left there, which is what stood at that step's place on its turn, and so on
    back: chains, of which each round of the loop below halves the length.
    """
    n = len(target) + 1
    numbers = np.arange(n)
    order = np.sort(target << 32 | numbers[:-1])
    place, step = order >> 32, order & 0xFFFFFFFF
    again = place[1:] == place[:-1]
    before = np.full(n, -1)  # the last earlier step with the same target
    before[step[1:][again]] = step[:-1][again]
    reached = np.full(n, -1)  # the last step whose target is this place
    ends = np.append(~again, True)
    reached[place[ends]] = step[ends]
    result = np.append(target, n - 1)
    before[-1] = reached[-1]
    stays = result == numbers
    source = np.where(stays, before, reached)  # what put there what step i finds at i
    source = np.where(source < 0, numbers, source)
    while True:
        further = source[source]
        if np.array_equal(further, source):
            break
        source = further
    return np.where(before < 0, result, source[before])
