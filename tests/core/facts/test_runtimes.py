"""The table of runtimes."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from data_pipeline.core.config.environment import Glue, SageMaker
from data_pipeline.core.facts.runtimes import RUNTIMES, Runtime


@pytest.mark.parametrize(("model", "service"), [(SageMaker, "sagemaker"), (Glue, "glue")])
def test_the_configuration_offers_the_table_s_runtimes(model: type, service: str) -> None:
    """What the YAML may name is what the table has for that service, no more and no less."""
    offered = get_args(model.model_fields["runtime"].annotation) or (model.model_fields["runtime"].default,)
    assert {*offered} == {name for name, runtime in RUNTIMES.items() if runtime.service == service}


def test_parameters_are_called_after_the_runtime() -> None:
    """Deploy fills these names."""
    assert [runtime.wheels_parameter for runtime in RUNTIMES.values()] == [
        "WheelsSagemakerPython",
        "WheelsSagemakerSpark",
        "WheelsGlueSpark",
        "WheelsGluePythonshell",
    ]


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)
def test_wheels_never_ask_for_a_newer_c_library(runtime: Runtime) -> None:
    """Every tag is for the runtime's glibc or an older one; a runtime for pure Python has none."""
    tags = [re.fullmatch(r"manylinux_(\d+)_(\d+)_x86_64|manylinux2014_x86_64", t) for t in runtime.wheel_tags]
    assert all(tags)
    versions = [(int(t[1]), int(t[2])) for t in tags if t and t[1]]
    assert versions == sorted(versions, reverse=True)
    assert (versions[0] == runtime.glibc) if runtime.compiled else not tags


def test_pythons_are_those_of_the_services() -> None:
    """The Pythons for which wheels are locked, as AWS documents them."""
    assert {name: runtime.python for name, runtime in RUNTIMES.items()} == {
        "sagemaker-python": "3.12",
        "sagemaker-spark": "3.12",
        "glue-spark": "3.11",
        "glue-pythonshell": "3.9",
    }
