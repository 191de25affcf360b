"""How a job ends: its exit status, and one line of explanation wherever its service looks for it.

SageMaker Processing takes a job's exit message from ``/opt/ml/output/message`` (at most 1 KB). Glue shows the
last exception. A terminal shows standard error. All three get the same line.
"""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Callable

from .errors import JobError

MESSAGE = Path("/opt/ml/output/message")
MESSAGE_BYTES = 1024
_OBJECTS = 100_000
"""New objects after which Python looks for garbage. A job makes little: to look for it again and again among all that
was imported, as Python does from 700 objects on and at its end, takes a short job a tenth of its time.
"""


def run(job: Callable[[list[str]], None], arguments: list[str]) -> None:
    """Run ``job``; end the process with its message and status 1 if it fails.

    A JobError leaves as ``SystemExit(message)``, which Python prints as the last line of standard error and
    which Glue shows whole. Any other exception is a bug and keeps its traceback.
    """
    gc.set_threshold(_OBJECTS)
    try:
        job(arguments)
        gc.freeze()
    except JobError as error:
        line = "error: " + one_line(str(error))
        write_message(line)
        sys.stdout.flush()
        raise SystemExit(line) from None
    except Exception as error:
        write_message(one_line(f"{type(error).__name__}: {error}"))
        sys.stdout.flush()
        raise


def write_message(line: str, path: Path = MESSAGE) -> None:
    """Leave ``line`` as the container's exit message; nothing happens where no such folder exists."""
    if path.parent.is_dir():
        path.write_bytes(line.encode("utf-8")[:MESSAGE_BYTES].decode("utf-8", "ignore").encode("utf-8"))


def one_line(text: str) -> str:
    """``text`` with every run of white space, line breaks included, as one space."""
    return " ".join(text.split())


def log(message: str) -> None:
    """One line of the job's log."""
    print(message, flush=True)
