"""Processes that count side by side: NumPy's many short operations hold each other up as threads of one.

Measured on 2 GiB of CSV and two processors: two threads took longer than one, with 220,000 switches between them.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import signal
import sys
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

_PR_SET_PDEATHSIG = 1  # prctl(2)


def started(number: int) -> Executor:
    """An executor with ``number`` workers, which are forks of this process and there when this returns. Threads
    where there is to be but one, or where forks are not safe (outside Linux).
    """
    if number == 1 or sys.platform != "linux":
        return ThreadPoolExecutor(number)
    pool = ProcessPoolExecutor(number, multiprocessing.get_context("fork"), _begin)
    for ready in [pool.submit(int) for _ in range(number)]:
        ready.result()
    return pool


def _begin() -> None:
    """Be killed with the process that forked this one, and leave ^C to it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
