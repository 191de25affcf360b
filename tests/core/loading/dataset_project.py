"""A project on disk whose data sets the tests break, and the cases of a file of them."""

from __future__ import annotations

from pathlib import Path

from tests.core.config_project import project

PIPELINE = """\
pipeline: shop
region: us-east-1
data:
  input: shop
"""

#: files of the project besides, by path.
FILES = {
    "jobs/orders.sql": "SELECT * FROM orders\n",
    "jobs/customers.sql": "SELECT count(*) AS orders FROM orders\n",
    "jobs/load.py": "",
    "jobs/shop/reader.py": "class Reader: ...\n",
    "config/columns/orders.yaml": "id: string\namount: decimal(12,2)\n",
    "config/columns/wrong.yaml": "id: string\namount: money\n",
}


def shop(root: Path, dev: str, **more: str) -> Path:
    """A project whose data sets stand in ``dev.yaml``; ``more``: texts of SQL files in jobs/, by name."""
    made = project(root, pipeline=PIPELINE, dev=dev)
    sql = {f"jobs/{name}.sql": text for name, text in more.items()}
    for name, text in {**FILES, **sql}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode(errors="surrogateescape"))
    return made


def cases(file: str) -> dict[str, tuple[str, str]]:
    """Name → (content of dev.yaml, message). A case of ``file``: === name, dev.yaml, ---, the message."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    found: dict[str, tuple[str, str]] = {}
    for case in text.split("\n=== ")[1:]:
        name, _, rest = case.partition("\n")
        content, _, expected = rest.rpartition("\n---\n")
        assert name not in found, name
        found[name] = (content + "\n", expected.rstrip("\n"))
    return found
