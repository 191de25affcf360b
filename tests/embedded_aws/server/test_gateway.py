"""When the gateway puts what a request changed on disk."""

from __future__ import annotations

import asyncio
import errno
from typing import Any

import pytest

from data_pipeline.embedded_aws.server.admission import operation_of_query
from data_pipeline.embedded_aws.server.gateway import Gateway, changes


@pytest.mark.parametrize(
    ("method", "query", "body", "changed"),
    [
        ("POST", "", b"Version=1&Action=DeleteStack", True),
        ("GET", "Action=DeleteStack&StackName=s", b"", True),
        ("GET", "StackName=s&Action=%44eleteStack", b"", True),
        ("POST", "", b"Action=DescribeStacks", False),
        ("GET", "Action=DescribeStacks", b"", False),
        ("GET", "", b"", False),
        ("POST", "", b"", True),
    ],
)
def test_what_changes_something(method: str, query: str, body: bytes, changed: bool) -> None:
    """The operation says so, also where it is asked for by a GET."""
    assert changes(method, operation_of_query(query, body)) is changed


@pytest.mark.parametrize(
    ("service", "changed", "moving"),
    [("cloudformation", True, True), ("cloudformation", False, False), ("iam", True, False)],
)
def test_a_stack_goes_on_though_it_could_not_be_saved(
    monkeypatch: pytest.MonkeyPatch, service: str, changed: bool, moving: bool
) -> None:
    """The next look at it is saved before it is shown."""
    nothing: Any = None
    made = Gateway(nothing, ready=lambda: None, closing=lambda: None)
    made._saver.moving = False

    def full(_service: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(made._saver, "save", full)
    with pytest.raises(OSError, match="No space left"):
        asyncio.run(made._save(service, changed))
    assert made._saver.moving is moving


def test_a_start_that_fails_ends_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be recovered is said to the ASGI server, which would otherwise serve on, and announce nothing."""

    async def started(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "lifespan.startup.complete"})

    def ready() -> None:
        raise ValueError("no database")

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    monkeypatch.setattr("data_pipeline.embedded_aws.server.gateway.ministack.app", started)
    gateway = Gateway(None, ready=ready, closing=lambda: None)  # type: ignore[arg-type]
    asyncio.run(gateway({"type": "lifespan"}, None, send))  # type: ignore[arg-type]
    assert sent == [{"type": "lifespan.startup.failed", "message": "no database"}]
