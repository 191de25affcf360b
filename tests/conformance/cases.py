"""In the environment of the clients: ``python cases.py CLIENT`` runs a client's cases and prints what came of them.

A case is a function that asserts what the client gave. One that is to be refused names the operation: it passes as a
refusal if the client's error says that the embedded AWS does not do it, and fails if anything else happens. Every case
is one line of JSON: {"case", "outcome": "passed" | "refused" | "failed", "words"}. The first line has the versions.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import sys
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass

Function = Callable[[], None]

DATABASE = os.environ.get("CONFORMANCE_DATABASE", "")
"""Of a database with the table ``orders``, a bucket and a workgroup, which all have this name."""
ROWS = 25
"""Of ``orders``: id, at (timestamp with time zone), amount (decimal(12,2)), note, weight."""
_SAID = ("does not emulate", "does not run", "does not translate", "reads no other", "has no ")


@dataclass(frozen=True)
class Case:
    """``refused`` is the operation that the refusal must name; None: the case must pass."""

    run: Function
    refused: str | None


CASES: list[Case] = []


def case(run: Function) -> Function:
    """What must pass."""
    CASES.append(Case(run, None))
    return run


def refused(operation: str) -> Callable[[Function], Function]:
    """What must be refused, with a name of the operation in the words."""

    def decorated(run: Function) -> Function:
        CASES.append(Case(run, operation))
        return run

    return decorated


def outcome(one: Case) -> tuple[str, str]:
    """What came of a case, and the words that belong to it."""
    try:
        one.run()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever the client raises is what it says
        words = " ".join(str(error).split())
        said = isinstance(error, Exception) and any(each in words for each in _SAID)
        if one.refused is not None and one.refused in words and said:
            return "refused", one.refused
        return "failed", f"{type(error).__name__}: {words}"[:500] + _where(error)
    return ("passed", "") if one.refused is None else ("failed", f"{one.refused} was not refused")


def _where(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[
        0 if len(traceback.extract_tb(error.__traceback__)) < 2 else 1
    ]
    return f" ({os.path.basename(last.filename)}:{last.lineno})"  # noqa: PTH119


def main(client: str) -> int:
    """Run the cases of one client."""
    warnings.simplefilter("ignore")
    module = importlib.import_module(f"clients.{client}")
    versions = {name: importlib.metadata.version(name) for name in module.PACKAGES}
    print(json.dumps({"versions": versions}))
    for one in CASES:
        result, words = outcome(one)
        name = one.run.__name__.replace("_", " ")
        print(json.dumps({"case": name, "outcome": result, "words": words}), flush=True)
    return 0


if __name__ == "__main__":
    sys.modules["cases"] = sys.modules["__main__"]
    sys.exit(main(sys.argv[1]))
