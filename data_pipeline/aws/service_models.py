"""The models of AWS's services, as the installed botocore has them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from botocore.loaders import Loader

from data_pipeline.core.checks.tasks import Services


def load(wanted: Iterable[str]) -> Services:
    """The models of the wanted services, named as by botocore or without its hyphens; unknown ones are left out.

    Takes some 0.1 s for the largest. Nothing is asked of AWS.
    """
    by_plain = {name.replace("-", ""): name for name in _names()}
    known = {name: by_plain[name.replace("-", "")] for name in wanted if name.replace("-", "") in by_plain}
    return Services({name: _model(real) for name, real in known.items()}, frozenset(by_plain))


@cache
def _names() -> list[str]:
    return list(Loader().list_available_services("service-2"))


@cache
def _model(name: str) -> Any:
    """Kept: several machines call the same services."""
    return Loader().load_service_model(name, "service-2")
