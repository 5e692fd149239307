"""Which jobs are handed over together: those that are equal in all that a batch shares."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable


def next_batch(waiting: deque[int], shared: Callable[[int], Hashable], size: int) -> list[int]:
    """Take the first job that waits off the queue, and those further back that may share its batch.

    Args:
        waiting: Numbers of the jobs in the order in which they are to start; at least one.
        shared: All that a job shares with the others of its batch, by number (`Executor.batch_key`).
        size: Most jobs of a batch.
    """
    batch = [waiting.popleft()]
    if size == 1:
        return batch
    key = shared(batch[0])
    for number in list(waiting):
        if len(batch) == size:
            break
        if shared(number) == key:
            batch.append(number)
            waiting.remove(number)
    return batch
