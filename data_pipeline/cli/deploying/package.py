"""From the project's files to the objects that the artifact bucket shall hold, and parameters for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from data_pipeline.cli.job_code import shipped
from data_pipeline.cli.job_locks import read_lock
from data_pipeline.core import bucket_keys
from data_pipeline.core.config import dataset_document
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.sources import document
from data_pipeline.core.deployment.artifacts import (
    LOCK,
    code_artifact,
    wheels_artifact,
    wheels_prefix,
)
from data_pipeline.core.facts.runtimes import RUNTIMES, Runtime
from data_pipeline.core.machine.notifications import parameters as addressees
from data_pipeline.core.machine.steps import features_document, features_key, runtimes, sources_key
from data_pipeline.etl.documents import datasets
from data_pipeline.project.definitions import load_definitions

from .wheels import fetch, installation, installation_lock

#: lists the artifact bucket: key prefix → key and size of each object under it.
Listing = Callable[[str], Mapping[str, int]]


@dataclass(frozen=True)
class Package:
    """``missing``: the objects to upload, in this order; ``parameters``: of the stacks; ``code``: the jobs' files."""

    missing: dict[str, bytes]
    parameters: dict[str, str]
    code: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes to upload."""
        return sum(len(content) for content in self.missing.values())


def package(environment: Environment, bucket: str, root: Path, listing: Listing) -> Package:
    """What the environment's jobs need of the bucket; only what it lacks is fetched and built."""
    files = shipped(root)
    code = code_artifact(environment.names.artifacts, files)
    missing = _lacking(code.keys(), listing(code.key_prefix))
    missing |= _sources(environment, listing)
    missing |= _features(environment, listing)
    definitions = _definitions(environment, root)
    if definitions:
        key = dataset_document.key(environment.names.artifacts, dataset_document.digest(definitions))
        missing |= _lacking({key: definitions.encode()}, listing(key))
    for name in runtimes(environment):
        missing |= _wheels(environment, RUNTIMES[name], root, listing)
    return Package(missing, _parameters(environment, bucket, root, code.sha, definitions), files)


def wanted_parameters(environment: Environment, bucket: str, root: Path) -> dict[str, str]:
    """The parameters of the project as it stands here; nothing is fetched, and no bucket looked at."""
    code = code_artifact(environment.names.artifacts, shipped(root))
    return _parameters(environment, bucket, root, code.sha, _definitions(environment, root))


def _parameters(
    environment: Environment, bucket: str, root: Path, code: str, definitions: str
) -> dict[str, str]:
    parameters = {"ArtifactBucket": bucket, "CodeVersion": code, **addressees(environment)}
    if definitions:
        parameters[dataset_document.PARAMETER] = dataset_document.digest(definitions)
    parameters |= bucket_keys.parameters(environment)
    for runtime in (RUNTIMES[name] for name in runtimes(environment)):
        prefix = wheels_prefix(environment.names.artifacts, runtime, _lock(environment, runtime, root))
        parameters[runtime.wheels_parameter] = prefix.rstrip("/").rpartition("/")[2]
    return parameters


def _definitions(environment: Environment, root: Path) -> str:
    """The list of data sets and tables; empty without data sets."""
    return datasets.write(load_definitions(root, environment)) if environment.datasets else ""


def _sources(env: Environment, listing: Listing) -> dict[str, bytes]:
    """The list of sources that runs mirror, if the bucket does not have it."""
    if not env.mirrors:
        return {}
    content = document(env.sources, env.mirror).encode()
    return _lacking({sources_key(env): content}, listing(sources_key(env)))


def _features(env: Environment, listing: Listing) -> dict[str, bytes]:
    """The list of feature groups that runs ingest into, if the bucket does not have it."""
    if not env.managed_features:
        return {}
    content = features_document(env).encode()
    return _lacking({features_key(env): content}, listing(features_key(env)))


def _wheels(env: Environment, runtime: Runtime, root: Path, listing: Listing) -> dict[str, bytes]:
    """The wheels of one runtime, if the bucket does not have them."""
    lock = _lock(env, runtime, root)
    prefix = wheels_prefix(env.names.artifacts, runtime, lock)
    if prefix + LOCK in listing(prefix):  # it is uploaded last
        return {}
    wheels = installation(lock) if env.embedded else fetch(runtime, lock, root / ".local" / "wheels")
    return wheels_artifact(env.names.artifacts, runtime, lock, wheels).keys()


def _lock(env: Environment, runtime: Runtime, root: Path) -> bytes:
    """What pins the packages of a runtime."""
    return _installation_lock(runtime) if env.embedded else read_lock(root, runtime)


def _installation_lock(runtime: Runtime) -> bytes:
    """The lock on the embedded AWS, where jobs run with the packages of .venv: none. A Python shell is told where
    these are, for it has packages of its own that come before them.
    """
    return installation_lock() if runtime.glue_command == "pythonshell" else b""


def _lacking(wanted: Mapping[str, bytes], present: Mapping[str, int]) -> dict[str, bytes]:
    """The objects that are not there in full: a key names its content, so that its size decides."""
    return {key: content for key, content in wanted.items() if present.get(key) != len(content)}
