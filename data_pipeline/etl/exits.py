"""How a job ends: its exit status, and one line of explanation wherever its service looks for it.

SageMaker Processing takes a job's exit message from ``/opt/ml/output/message`` (at most 1 KB). Glue shows the
last exception. A terminal shows standard error. All three get the same line; SageMaker's message has the end of the log
below it, so that a mail can show it.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from pathlib import Path
from typing import Callable

from .errors import JobError

MESSAGE = Path("/opt/ml/output/message")
MESSAGE_BYTES = 1024
_LONGEST_LINE = 200
#: the last lines of the log.
_LAST: deque[str] = deque(maxlen=8)
_OBJECTS = 100_000
"""New objects after which Python looks for garbage. A job makes little: to look for it again and again among all that
was imported, as Python does from 700 objects on and at its end, takes a short job a tenth of its time.
"""


def run(job: Callable[[list[str]], None], arguments: list[str]) -> None:
    """Run ``job``; end the process with its message and status 1 if it fails.

    A JobError leaves as ``SystemExit(message)``, which Python prints as the last line of standard error and
    which Glue shows whole. Any other exception is a bug and keeps its traceback.
    """
    collect_seldom()
    _LAST.clear()
    try:
        job(arguments)
        gc.freeze()
    except JobError as error:
        line = "error: " + one_line(str(error))
        write_message(_with_log(line))
        sys.stdout.flush()
        raise SystemExit(line) from None
    except Exception as error:
        write_message(_with_log(one_line(f"{type(error).__name__}: {error}")))
        sys.stdout.flush()
        raise


def collect_seldom() -> None:
    """Look for garbage as seldom as a job needs it, from here on."""
    gc.set_threshold(_OBJECTS)


def write_message(line: str, path: Path = MESSAGE) -> None:
    """Leave ``line`` as the container's exit message; nothing happens where no such folder exists."""
    if path.parent.is_dir():
        path.write_bytes(line.encode("utf-8")[:MESSAGE_BYTES].decode("utf-8", "ignore").encode("utf-8"))


def _with_log(line: str) -> str:
    """The last words, and below them the end of the log: as many of its newest lines as the message holds."""
    found: list[str] = []
    left = MESSAGE_BYTES - len(line.encode()) - 1
    for each in reversed(_LAST):
        said = f"log: {each}"
        left -= len(said.encode()) + 1
        if left < 0:
            break
        found.insert(0, said)
    return "\n".join([line, *found])


def one_line(text: str) -> str:
    """``text`` with every run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def log(message: str) -> None:
    """One line of the job's log."""
    _LAST.append(one_line(message)[:_LONGEST_LINE])
    print(message, flush=True)
