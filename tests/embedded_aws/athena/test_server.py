"""Queries when the server ends: what it knew stays, what ran has failed, no process is left."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from clients import client
from embedded_aws.athena.conftest import opened
from randomness import SOAK
from waiting import until

from data_pipeline.embedded_aws.server import lifecycle, locks


def engines(server: int) -> list[int]:
    """Processes of queries that this server has started, which on Linux say so."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_text(encoding="utf-8").split("\0")
            parent = int((folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except OSError:
            continue
        if "data_pipeline.athena_engine.main" in words and parent == server:
            found.append(int(folder.name))
    return found


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="runs in the soak")
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")
@pytest.mark.parametrize("killed", [True, False])
def test_queries_of_a_server_that_ends(tmp_path: Path, killed: bool) -> None:
    """A query that has ended is known as it was; one that ran says that it failed; the processes are gone."""
    state = tmp_path / "aws"
    endpoint = lifecycle.ensure_up(state, 0)
    try:
        shop = opened(endpoint)
        done = shop.ask("SELECT 1")
        many = ", ".join(f"orders t{n}" for n in range(8))
        going = shop.start(f"SELECT count(*), sum(t0.id * t7.id) FROM {many}")
        athena = shop.athena()
        until(
            lambda: (
                athena.get_query_execution(QueryExecutionId=going)["QueryExecution"]["Status"]["State"]
                == "RUNNING"
            )
        )
        processes = engines(endpoint.pid)
        assert processes
        if killed:
            os.kill(endpoint.pid, signal.SIGKILL)
            until(lambda: not locks.is_held(state / "server.lock"))
        else:
            lifecycle.down(state)
        again = client(lifecycle.ensure_up(state), "athena")
        found = [
            again.get_query_execution(QueryExecutionId=each)["QueryExecution"]
            for each in (done["QueryExecutionId"], going)
        ]
        assert [each["Status"]["State"] for each in found] == ["SUCCEEDED", "FAILED"]
        assert "the embedded AWS was stopped" in found[1]["Status"]["StateChangeReason"]
        rows = again.get_query_results(QueryExecutionId=done["QueryExecutionId"])["ResultSet"]["Rows"]
        assert rows[1]["Data"] == [{"VarCharValue": "1"}]
        until(lambda: not [pid for pid in processes if Path(f"/proc/{pid}").exists()], seconds=10)
    finally:
        lifecycle.down(state)
