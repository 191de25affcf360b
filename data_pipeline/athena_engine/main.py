"""Lines of JSON from stdin, an answer to each on stdout, until stdin ends.

A request to read a statement, and what is answered:

    {"check": text, "parameters": [...]}        {"type": "DML", "kind": "SELECT"}, or {"refused": reason}

A request to run one, of ``answering.Request``'s fields, and what is answered:

    {"run": text, "parameters": [...], ...}     {"columns": [ColumnInfo, ...], "scanned": bytes}, of an UNLOAD
                                                with "manifest": URI,
                                                or {"failed": reason, "cancelled": bool, "scanned": bytes}

What goes wrong here is {"failed": "GENERIC_INTERNAL_ERROR: …"}, with the traceback on stderr.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import traceback
from typing import Any

from . import answering

_LOOK_SECONDS = 1.0


def main() -> int:
    """Answer until stdin ends; what packages print goes to stderr."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as out:
        os.dup2(2, 1)
        for line in sys.stdin:
            out.write(json.dumps(answered(json.loads(line))) + "\n")
            out.flush()
    return 0


def _end_with(parent: int) -> None:
    """End, also within a query, once the server has been killed."""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def answered(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request; never an exception."""
    try:
        return answering.check(request) if "check" in request else answering.run(request)
    except Exception as error:  # noqa: BLE001 - the next query must be answered all the same
        traceback.print_exc()
        words = f"{type(error).__name__}, which the log of the embedded AWS describes"  # its text may quote a file's
        return {"failed": f"GENERIC_INTERNAL_ERROR: {words}", "scanned": 0}


if __name__ == "__main__":
    sys.exit(main())
