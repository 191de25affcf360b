"""How often randomised and killed-process tests try, and from which seed: the one place that says so.

`make test` runs the slice (0: the soak alone), `make soak` (SOAK=1) the full count; SEED=n repeats another run's
choices. A test is parametrised on ``range(times(name))`` and seeds a ``random.Random`` with
``f"{SEED}-{name}-{attempt}"``.
"""

import os

SEED = int(os.environ.get("SEED", "20261123"))
SOAK = os.environ.get("SOAK") == "1"

#: name → (tries in `make test`, tries in `make soak`)
COUNTS = {
    "kill-server": (1, 25),
    "kill-job": (0, 25),
    "csv": (20, 1000),
    "read-csv": (3, 1000),
    "read-json": (3, 1000),
    "read-parquet": (2, 300),
    "spans": (1, 500),
    "mutated": (20, 200),
    "mutated-parquet": (2, 20),
    "publishers": (1, 50),
    "mirror": (4, 100),
    "kill-mirror": (1, 25),
    "megabytes": (64, 2_000),
    "objects": (0, 20_000),
    "inputs": (50, 2_000),
    "documents": (10, 400),
    "removals": (5, 10_000),
    "schedules": (300, 5_000),
    "labels": (1, 20),
    "labels-of-tables": (300, 10_000),
    "ingested": (600, 100_000),
    "kill-ingestion": (1, 90),
    "kill-ingestion-at-any-time": (0, 20),
    "ingestion-meanwhile": (1, 45),
    "ingestions": (0, 20),
    "texts": (8, 400),
    "estimates": (20, 2_000),
    "signatures": (100, 10_000),
    "any-request": (50, 10_000),
    "bodies": (10, 1_000),
    "references": (100, 10_000),
    "properties": (100, 10_000),
    "policies": (100, 10_000),
    "plans": (100, 5_000),
    "units": (3, 200),
    "datasets": (10, 1_000),
    "keyed": (10, 1_000),
    "kill-keyed": (1, 180),
    "erased": (5, 200),
    "kill-erasing": (1, 120),
    "keyed-pairs": (0, 20),
    "kill-backfill": (0, 1),
    "kill-load": (2, 180),
    "kill-load-at-any-time": (0, 20),
    "kill-rebuild": (1, 30),
    "load-pairs": (1, 20),
    "patterns": (150, 5_000),
    "drifts": (3, 200),
    "proposals": (6, 200),
    "damaged-samples": (3, 200),
    "derived": (1, 150),
    "yaml": (300, 30_000),
    "sql": (100, 10_000),
    "any-file": (100, 10_000),
    "deployments": (1, 200),
}


def times(name: str) -> int:
    """How often the test called ``name`` tries."""
    slice_, full = COUNTS[name]
    return full if SOAK else slice_
