"""Which jobs are handed over together: those that are equal in all that a batch shares."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from sweeper.executors.base import Executor
from sweeper.job.spec import JobSpec


def next_batch(waiting: deque[int], specs: Mapping[int, JobSpec], executor: Executor) -> list[int]:
    """Take the first job that waits off the queue, and those further back that may share its batch.

    Args:
        waiting: Numbers of the jobs in the order in which they are to start; at least one.
        specs: The jobs by number.
        executor: Where they are to run: it says how many make a batch, and what they must share.
    """
    batch = [waiting.popleft()]
    if executor.batch_size == 1:
        return batch
    shared = executor.batch_key(specs[batch[0]])
    for number in list(waiting):
        if len(batch) == executor.batch_size:
            break
        if executor.batch_key(specs[number]) == shared:
            batch.append(number)
            waiting.remove(number)
    return batch
