"""The models of AWS's services, as the installed botocore has them."""

from __future__ import annotations

from collections.abc import Iterable

from botocore.loaders import Loader

from data_pipeline.core.checks.tasks import Services


def load(wanted: Iterable[str]) -> Services:
    """The models of the wanted services, named as by botocore or without its hyphens; unknown ones are left out.

    Takes some 0.1 s for the largest. Nothing is asked of AWS.
    """
    loader = Loader()
    by_plain = {name.replace("-", ""): name for name in loader.list_available_services("service-2")}
    known = {name: by_plain[name.replace("-", "")] for name in wanted if name.replace("-", "") in by_plain}
    models = {name: loader.load_service_model(real, "service-2") for name, real in known.items()}
    return Services(models, frozenset(by_plain))
