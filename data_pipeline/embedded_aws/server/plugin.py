"""What turns MiniStack into our embedded AWS: the modules that are installed over it, and the gateway in
front.

A module may offer ``install()`` (called once, before the first request), ``recover()`` (called after the
state is loaded: ends what a killed server left running) and ``shutdown()`` (called before the server ends).
Order matters: identity first, the list of what is served last.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ministack import app as ministack
from ministack.core import persistence as files

from .endpoint import Endpoint
from .gateway import Gateway

_PACKAGE = __package__.rpartition(".")[0]
_log = logging.getLogger("embedded")

#: The services' modules, in the order of installation.
MODULES = (
    "identity.enforcement",
    "stepfunctions.states",
    "stepfunctions.versions",
    "stepfunctions.aliases",
    "stepfunctions.executions",
    "stepfunctions.redrive",
    "events.scheduler",
    "cloudformation.engine",
    "cloudformation.drift",
    "cloudformation.drift_aware",
    "cloudformation.property_values",
    "jobs.sagemaker",
    "jobs.glue",
    "stepfunctions.sync",
    "events.notifications",
    "events.queues",
    "events.log_events",
    "athena.service",
    "catalog.service",
    "objectstore.register",
    "server.absent",
    "server.operations",
)


def modules() -> list[ModuleType]:
    """The modules of MODULES, imported."""
    return [importlib.import_module(f"{_PACKAGE}.{name}") for name in MODULES]


def build(endpoint: Endpoint, announce: Callable[[], None]) -> Any:
    """The ASGI application: MiniStack with every module installed, behind the gateway."""
    ministack.BANNER = "MiniStack on port {port}"
    logging.getLogger("persistence").setLevel(logging.WARNING)
    if not files.PERSIST_STATE:
        _log.warning("nothing but objects is written: what is made here ends with this server")
    loaded = modules()
    _call(loaded, "install")

    def ready() -> None:
        _call(loaded, "recover")
        announce()

    return Gateway(endpoint, ready=ready, closing=lambda: _call(loaded, "shutdown"))


def _call(loaded: list[ModuleType], name: str) -> None:
    for module in loaded:
        hook = getattr(module, name, None)
        if hook is not None:
            _log.info("%s: %s", module.__name__, name)
            hook()
