"""The processes of queries, played by a program that answers with what it is asked, or as it is told."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from data_pipeline.embedded_aws.athena import engine, executions
from data_pipeline.embedded_aws.athena.engine import EndedError, Engine
from data_pipeline.embedded_aws.dispatch import Refused

PROGRAM = """
import json, sys, time
for line in sys.stdin:
    request = json.loads(line)
    time.sleep(request.get("sleep", 0))
    print(request.get("say") or json.dumps(request), flush=True)
"""


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Engine], Awaitable[None]]], list[Process]]:
    """``played(test)`` runs a test with an engine in a loop of its own; the processes that it started."""

    def run(test: Callable[[Engine], Awaitable[None]]) -> list[Process]:
        started: list[Process] = []

        async def start() -> Process:
            command = (sys.executable, "-c", PROGRAM)
            started.append(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE))
            return started[-1]

        async def whole() -> None:
            mine = Engine()
            try:
                await asyncio.wait_for(test(mine), 20)
            finally:
                mine.end()
                for process in started:
                    await process.wait()

        monkeypatch.setattr(engine, "_started", start)
        asyncio.run(whole())
        return started

    return run


def test_a_query_can_be_stopped_as_soon_as_it_runs(played: Any) -> None:
    """Also where its process has been told nothing yet; the process is not used again."""

    async def test(mine: Engine) -> None:
        def request() -> dict[str, Any]:
            mine.stop("q")
            return {"sleep": 60}

        with pytest.raises(EndedError):
            await mine.run("q", request)
        assert await mine.run("q", lambda: {"a": 1}) == {"a": 1}

    assert len(played(test)) == 2


def test_a_query_that_was_stopped_in_the_queue_takes_no_process_away(played: Any) -> None:
    async def test(mine: Engine) -> None:
        assert await mine.run("q", lambda: None) is None
        assert await mine.run("r", lambda: {"a": 1}) == {"a": 1}

    assert len(played(test)) == 1


def test_few_statements_are_checked_at_once(played: Any) -> None:
    async def test(mine: Engine) -> None:
        found = await asyncio.gather(*(mine.check(f"SELECT {n}", []) for n in range(7)))
        assert [each["check"] for each in found] == [f"SELECT {n}" for n in range(7)]

    assert len(played(test)) <= engine.MOST


def test_an_answer_that_does_not_come(played: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is killed, and the next query has another."""
    monkeypatch.setattr(engine, "LONGEST_SECONDS", 0.2)

    async def test(mine: Engine) -> None:
        with pytest.raises(EndedError, match="the query was stopped after"):
            await mine.run("q", lambda: {"sleep": 60})
        monkeypatch.setattr(engine, "LONGEST_SECONDS", 10)
        assert await mine.run("r", lambda: {"a": 1}) == {"a": 1}

    assert len(played(test)) == 2


@pytest.mark.parametrize("said", ["no JSON", ""])
def test_a_query_ends_whatever_its_process_says(
    played: Any, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """Its record does not say RUNNING for ever: not for words that are no answer, nor where no process starts."""
    monkeypatch.setattr(executions, "_access", dict)
    monkeypatch.setattr(executions.persistence, "save_state", lambda *_: None)
    record = {
        "QueryExecutionId": "q",
        "Query": "SELECT 1",
        "QueryExecutionContext": {"Database": "d"},
        "ResultConfiguration": {"OutputLocation": "s3://b/q.csv"},
        "Status": {"State": "QUEUED"},
        "Statistics": {},
    }

    async def test(mine: Engine) -> None:
        async def run(_query: str, request: Callable[[], dict[str, Any] | None]) -> Any:
            if not said:
                raise OSError(12, "Cannot allocate memory")
            return await Engine.run(mine, "q", lambda: (request() or {}) | {"say": said})

        async def check(*_: Any) -> Any:
            raise OSError(12, "Cannot allocate memory")

        monkeypatch.setattr(mine, "run", run)
        monkeypatch.setattr(mine, "check", check)
        monkeypatch.setattr(executions, "engine", lambda: mine)
        await executions._run(record, "SELECT 1", [], None)
        with pytest.raises(Refused, match="Cannot allocate memory"):
            await executions._kind("SELECT 1", [])

    played(test)
    status: Any = record["Status"]
    assert status["State"] == "FAILED"
    assert status["StateChangeReason"].startswith("GENERIC_INTERNAL_ERROR: ")
