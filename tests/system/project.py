"""A copy of the project in a directory of its own, with its own embedded AWS, driven as a user drives it."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from deployer import as_deployer

from data_pipeline.embedded_aws.server import lifecycle

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns(".git", ".venv*", ".local", ".*_cache", "tests")


@dataclass
class Done:
    """How a command ended: exit status, stdout and stderr."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        parsed: dict[str, Any] = json.loads(self.out)
        return parsed


class Project:
    """The project copied to ``root``; nothing outside of it is touched."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(ROOT, root, ignore=LEFT_OUT)

    @property
    def variables(self) -> dict[str, str]:
        """What a command inherits: no AWS settings of the machine, a free port, the tests' own packages."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DATA_PIPELINE_"))}
        path = f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"
        return {**kept, "VIRTUAL_ENV": sys.prefix, "PATH": path, "DATA_PIPELINE_LOCAL_PORT": "0"}

    def start(self, *command: str, cwd: Path | None = None, **variables: str) -> subprocess.Popen[str]:
        """Start a command in the project; "python" is the tests' own interpreter."""
        argv = [sys.executable if word == "python" else word for word in command]
        return subprocess.Popen(
            argv,
            cwd=cwd or self.root,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(
        self, *command: str, cwd: Path | None = None, timeout: float = 300, **variables: str
    ) -> Done:
        """Run a command to its end."""
        process = self.start(*command, cwd=cwd, **variables)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"{command} took over {timeout} s:\n{out}\n{err}") from None
        return Done(process.returncode, out, err)

    def ok(self, *command: str, **options: Any) -> Done:
        """Run a command that must succeed."""
        done = self(*command, **options)
        assert done.status == 0, f"{command} ended with {done.status}:\n{done.out}\n{done.err}"
        return done

    def deploy(self, environment: str = "local") -> Done:
        """Render and deploy an environment, as the deployer."""
        self.ok("python", "data_pipeline_create.py", environment)
        return self.ok("./deploy.sh", environment, "artifacts", "--yes", **self.as_deployer())

    def as_deployer(self) -> dict[str, str]:
        """Variables of a user who may do what docs/reference/deployer-policy.json allows, and no more; where the
        configuration notifies, with what docs/reference/deployer-policy.md adds for that.
        """
        state = self.root / ".local" / "aws"
        pipeline = yaml.safe_load((self.root / "config" / "pipeline.yaml").read_text())["pipeline"]
        local = self.root / "config" / "local.yaml"
        notifies = local.exists() and "notify" in (yaml.safe_load(local.read_text()) or {})
        added = frozenset({"Topic", "Subscriptions"} if notifies else ())
        return as_deployer(lifecycle.ensure_up(state, 0), state.parent, pipeline, added=added)

    def run(self, *options: str, environment: str = "local") -> dict[str, Any]:
        """Run the pipeline to its end; the one JSON object that it prints."""
        return self.ok("python", "data_pipeline_run.py", environment, "--json", *options).json

    def down(self) -> None:
        self.ok("python", "-m", "data_pipeline", "local", "down")

    def configure(self, environment: str, **changes: Any) -> None:
        """Merge changes into an environment's file, making it where there is none."""
        path = self.root / "config" / f"{environment}.yaml"
        before = (yaml.safe_load(path.read_text()) or {}) if path.exists() else {}
        path.write_text(yaml.safe_dump(_merged(before, changes)))

    @property
    def endpoint(self) -> dict[str, Any]:
        """What the running embedded AWS says of itself."""
        endpoint: dict[str, Any] = json.loads((self.root / ".local" / "aws" / "endpoint.json").read_text())
        return endpoint

    def client(self, service: str) -> Any:
        """A boto3 client of the project's embedded AWS."""
        at = self.endpoint
        return boto3.client(
            service,
            endpoint_url=at["url"],
            region_name=at["region"],
            aws_access_key_id=at["access_key"],
            aws_secret_access_key=at["secret_key"],
        )

    @property
    def bucket(self) -> str:
        """The bucket of the data, which the storage stack makes."""
        names = [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]]
        (name,) = [name for name in names if "storage" in name]
        return str(name)

    def stored(self, prefix: str) -> list[str]:
        """The keys below ``prefix`` in the bucket of the data."""
        pages = self.client("s3").get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def read(self, uri: str) -> bytes:
        """The object at an ``s3://`` URI."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        body: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    def table(self, uri: str) -> pa.Table:
        """The Parquet object at an ``s3://`` URI."""
        return pq.read_table(io.BytesIO(self.read(uri)))


class NewProject(Project):
    """A project as `init` writes it."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        root.parent.mkdir(parents=True, exist_ok=True)
        self.ok("python", "-m", "data_pipeline", "init", str(root), *options, cwd=root.parent)

    def deploy(self) -> Done:
        self.ok("python", "data_pipeline_create.py", "local")
        return self("./deploy.sh", "local", "a-bucket", "--create-bucket", "--yes")

    def run(self, *options: str) -> Done:
        return self("python", "data_pipeline_run.py", "local", *options)

    def sql(self, statement: str) -> list[list[str]]:
        """The rows of an answer, as texts."""
        done = self.ok("python", "-m", "data_pipeline", "sql", "local", statement)
        return [*csv.reader(io.StringIO(done.out))][1:]


def _merged(before: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    deep = {
        k: _merged(before[k], v)
        for k, v in changes.items()
        if isinstance(v, dict) and isinstance(before.get(k), dict)
    }
    return {**before, **changes, **deep}
