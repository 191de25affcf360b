"""The table of AWS's prebuilt images by region, kept as data beside this module.

``images.json``: ``{"source": "sagemaker-core 2.27.0", "images": {runtime: {"repository", "tag", "framework",
"version", "registries": {region: account id of AWS's registry}}}}``. It is generated from what the SageMaker
SDK publishes by ``python -m data_pipeline images refresh``; nobody edits it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from data_pipeline.core.errors import UserError

from .runtimes import RUNTIMES, Runtime

TABLE = Path(__file__).with_name("images.json")


@cache
def table() -> dict[str, Any]:
    """The table as it is stored; read once."""
    loaded: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return loaded


def repository(runtime: str) -> str:
    """Name of the ECR repository of a runtime's image."""
    name: str = table()["images"][runtime]["repository"]
    return name


def tag(runtime: str) -> str:
    """Tag of a runtime's image in its repository."""
    name: str = table()["images"][runtime]["tag"]
    return name


def registries(runtime: str) -> dict[str, str]:
    """Region → account id of the registry of AWS's that holds a runtime's image."""
    by_region: dict[str, str] = table()["images"][runtime]["registries"]
    return by_region


def require_region(runtime: str, region: str) -> None:
    """Raise ``UserError`` when AWS publishes no image of ``runtime`` in ``region``."""
    regions = registries(runtime)
    if region not in regions:
        raise UserError(
            f"region: {region!r} has no image of the runtime {runtime!r}\n"
            f"  expected one of: {', '.join(regions)}\n"
            f"  if AWS has added it since, refresh the table: python -m data_pipeline images refresh"
        )


def read_sdk(sdk_version: str, configs: dict[str, Any]) -> dict[str, Any]:
    """The table from the SDK's own data: ``configs`` is framework → content of its ``image_uri_config``."""
    wanted = {name: runtime for name, runtime in RUNTIMES.items() if runtime.image}
    return {
        "source": f"sagemaker-core {sdk_version}",
        "images": {name: _entry(runtime, configs) for name, runtime in wanted.items()},
    }


def frameworks() -> tuple[str, ...]:
    """The SDK's frameworks that the runtimes use: the configurations that ``read_sdk`` wants."""
    return tuple(sorted({runtime.image.framework for runtime in RUNTIMES.values() if runtime.image}))


def _entry(runtime: Runtime, configs: dict[str, Any]) -> dict[str, Any]:
    if runtime.image is None:
        raise ValueError(f"runtime {runtime.name} has no image")
    image = runtime.image
    framework, version = image.framework, image.version
    versions = configs[framework][image.jobs]["versions"]
    if version not in versions:
        raise UserError(
            f"the SageMaker SDK lists no image {framework} {version} for the runtime {runtime.name!r}\n"
            f"  it lists: {', '.join(versions)}\n"
            f"  choose one with the same Python in data_pipeline/core/facts/runtimes.py"
        )
    found = versions[version]
    pythons = [python for python in found["py_versions"] if image.python in (None, python)]
    if len(pythons) != 1:
        raise UserError(
            f"the SageMaker SDK lists the image {framework} {version} with {', '.join(found['py_versions'])}, "
            f"and the runtime {runtime.name!r} wants {image.python or 'the only one'}\n"
            f"  say which in data_pipeline/core/facts/runtimes.py"
        )
    return {
        "framework": framework,
        "version": version,
        "repository": found["repository"],
        "tag": "-".join([version, "cpu", *pythons, *([image.release] if image.release else [])]),
        "registries": dict(sorted(found["registries"].items())),
    }
