"""The order in which files are asked for, and when it is no use to ask further. Safe for several threads."""

from __future__ import annotations

import threading
from collections import Counter, deque
from urllib.parse import urlsplit

from .transfer import FAILED, NEW, REFUSED, UNCHANGED, UPDATED, Outcome
from .wanted import Ask, Lane, Wanted

#: failures in a row of one server, behind which it is not asked any more in this run.
MOST_FAILURES = 5


class WorkQueue:
    """What is still to be asked for: new files, the earliest period of all data sets first, then known ones."""

    def __init__(self, wanted: Wanted) -> None:
        self._lock = threading.Lock()
        self._lanes = [(lane, deque(lane.asks)) for lane in wanted.lanes]
        self._again = deque(wanted.again)
        self._newest = {lane.name: lane.newest for lane in wanted.lanes}
        self._refused: dict[str, list[str]] = {lane.name: [] for lane in wanted.lanes}
        self._failures: Counter[str] = Counter()
        self._why: dict[str, str] = {}

    def next(self) -> Ask | None:
        """The next file; None when there is none any more."""
        with self._lock:
            ready = [
                (asks[0].period, lane.name, asks) for lane, asks in self._lanes if asks and self._open(lane)
            ]
            if ready:
                return min(ready, key=lambda each: each[:2])[2].popleft()
            return self._again.popleft() if self._again else None

    def given_up(self, ask: Ask) -> str:
        """Why the file's server is not asked any more; empty if it is."""
        with self._lock:
            return self._why.get(urlsplit(ask.url).netloc, "")

    def ended(self, outcome: Outcome) -> None:
        """Learn from what became of a file."""
        server, lane = urlsplit(outcome.ask.url).netloc, outcome.ask.lane
        with self._lock:
            if outcome.kind == REFUSED and lane in self._refused:
                self._refused[lane].append(outcome.ask.period)
            elif outcome.kind in (NEW, UPDATED, UNCHANGED):
                self._newest[lane] = max(self._newest.get(lane, ""), outcome.ask.period)
            self._failures[server] = (
                self._failures[server] + 1 if outcome.kind == FAILED and not outcome.lasting else 0
            )
            if self._failures[server] >= MOST_FAILURES:
                self._why.setdefault(
                    server,
                    f"not asked for: {MOST_FAILURES} files of {server} failed in a row ({outcome.reason})",
                )

    def _open(self, lane: Lane) -> bool:
        """Whether the lane is asked further: fewer refusals than it bears lie behind the newest that is there."""
        behind = sum(period > self._newest[lane.name] for period in self._refused[lane.name])
        return lane.lookahead is None or behind < lane.lookahead
