"""Work on blocks by several threads, its results in order and few of them at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Callable, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """``work`` of each item, at most ``workers`` of them at once and as many waiting. One item alone, and any with
    one worker, is done in this thread.
    """
    each = iter(items)
    first = list(_up_to(each, 2 if workers > 1 else 0))
    if len(first) < 2:
        yield from map(work, first)
        yield from map(work, each)
        return
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(work, item) for item in first)
        try:
            for item in each:
                if len(waiting) > workers:
                    yield waiting.popleft().result()
                waiting.append(pool.submit(work, item))
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _up_to(items: Iterator[Item], count: int) -> Iterator[Item]:
    for _ in range(count):
        for item in items:
            yield item
            break
