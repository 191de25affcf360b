"""A small project on disk whose configuration the tests break, one line at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment

#: line numbers in the tests' messages refer to this text.
PIPELINE = """\
pipeline: rides
region: us-east-1
data:
  input: input
steps:
  prepare:
    script: prepare.py
    service: glue
    glue: {runtime: glue-pythonshell}
    arguments: {input: "{input}"}
    result: decision
  count:
    script: count.py
    service: sagemaker
    after: prepare
    result: verdict
schedule:
  expression: cron(0 6 * * ? *)
"""

SCRIPTS = ("prepare.py", "count.py")


def project(root: Path, *, pipeline: str = PIPELINE, **environments: str | bytes) -> Path:
    """Write a project: ``pipeline.yaml`` and a file for each environment; ``dev`` is empty unless given."""
    (root / "config").mkdir(parents=True)
    (root / "jobs").mkdir()
    for script in SCRIPTS:
        (root / "jobs" / script).touch()
    for name, text in {"pipeline": pipeline, "dev": "", **environments}.items():
        content = text.encode() if isinstance(text, str) else text
        (root / "config" / f"{name}.yaml").write_bytes(content)
    return root


def message(root: Path, name: str = "dev") -> str:
    """The whole message that loading an environment ends with."""
    with pytest.raises(UserError) as caught:
        load_environment(root, name)
    return str(caught.value)
