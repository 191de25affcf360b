"""Fixtures for every test: an embedded AWS of its own, on a free port, in a temporary state directory."""

from __future__ import annotations

import compileall
import functools
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What only `make soak` runs is marked as soak; otherwise nothing would run it."""
    lost = [
        item.nodeid
        for item in items
        if item.get_closest_marker("soak") is None
        and any("soak" in mark.kwargs.get("reason", "") for mark in item.iter_markers("skipif"))
    ]
    if lost:
        raise pytest.UsageError(
            f"these tests are skipped but in the soak, and not marked as soak: {', '.join(lost)}"
        )


@pytest.fixture(scope="session", autouse=True)
def _no_aws_settings_of_the_caller() -> Iterator[None]:
    """No test reads the caller's AWS profile, credentials or region, nor sends anything to a proxy."""
    with pytest.MonkeyPatch.context() as patch:
        import os

        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            patch.setenv(name, "/nonexistent")
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        yield


@pytest.fixture(scope="session", autouse=True)
def _modules_are_compiled_once() -> Iterator[None]:
    """Not anew in each of the hundreds of commands that tests start, in copies of the project most of them."""
    for folder in ("data_pipeline", "jobs"):
        compileall.compile_dir(ROOT / folder, quiet=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def _models_of_services_are_read_once() -> Iterator[None]:
    """Not anew by each of the hundreds of sessions of botocore that tests make: that takes most of a client's time."""
    own = JSONFileLoader.load_file
    read = functools.cache(functools.partial(own, JSONFileLoader()))

    @functools.wraps(own)
    def load_file(_: JSONFileLoader, path: str) -> Any:
        return read(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", load_file)
        yield


@pytest.fixture(scope="session", autouse=True)
def _interrupts_are_heard() -> Iterator[None]:
    """The commands that tests start hear ^C, also where the tests run in the background of a script: a shell
    without job control starts those with SIGINT ignored, and every process below inherits that.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """An embedded AWS for the whole session, stopped at its end. It takes small parts of uploads, and keeps what the
    services know in memory alone: the state of all tests would be written anew with each of their requests.
    """
    state: Path = tmp_path_factory.mktemp("embedded") / "aws"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATA_PIPELINE_LOCAL_LEAST_PART", str(1 << 16))
        patch.setenv("DATA_PIPELINE_LOCAL_UNSAVED", "1")
        endpoint = lifecycle.ensure_up(state, 0)
    yield endpoint
    lifecycle.down(state)
