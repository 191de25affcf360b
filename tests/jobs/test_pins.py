"""The private names of PyIceberg that the jobs touch: an upgrade that moves one of them fails here, by its name."""

import ast
import importlib
import importlib.metadata
import inspect
from pathlib import Path

from data_pipeline.etl.publishing import tables

JOBS = Path(tables.__file__).parents[1]

#: private name → its parameters, with which it is called or which what takes its place must take.
PINNED = {
    "pyiceberg.io.pyarrow._dataframe_to_data_files": "table_metadata df io write_uuid counter",
    "pyiceberg.io.pyarrow._to_requested_schema": (
        "requested_schema file_schema batch downcast_ns_timestamp_to_us include_field_ids projected_missing_fields "
        "allow_timestamp_tz_mismatch format_model"
    ),
    "pyiceberg.table.update.snapshot._ManifestMergeManager": (
        "target_size_bytes min_count_to_merge merge_enabled snapshot_producer"
    ),
    "pyiceberg.table.update.snapshot._OverwriteFiles": (
        "operation transaction io commit_uuid snapshot_properties branch"
    ),
}
#: what the jobs' own subclasses override → its parameters.
OVERRIDDEN = {
    "pyiceberg.table.update.snapshot._OverwriteFiles._deleted_entries": "self",
    "pyiceberg.table.update.snapshot._OverwriteFiles._process_manifests": "self manifests",
}
#: private attributes that they read.
READ = {"pyiceberg.table.update.snapshot._OverwriteFiles": {"_snapshot_id"}}


def imported(path: Path) -> dict[str, str]:
    """Local name → dotted name of what a file imports of PyIceberg under a private name."""
    found = {}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pyiceberg"):
            found |= {
                each.asname or each.name: f"{node.module}.{each.name}"
                for each in node.names
                if each.name.startswith("_")
            }
    return found


def thing(dotted: str) -> object:
    module, _, name = dotted.rpartition(".")
    return getattr(importlib.import_module(module), name)


def parameters(function: object) -> str:
    return " ".join(inspect.signature(function).parameters)


def test_version_is_the_one_that_was_read():
    """PyIceberg is the release whose source the jobs were written against."""
    assert importlib.metadata.version("pyiceberg") == "0.12.0"


def test_every_private_name_is_there_and_takes_what_it_took():
    """The list is complete, and each has the parameters that the jobs were written for."""
    used = {dotted for path in JOBS.rglob("*.py") for dotted in imported(path).values()}
    assert {dotted: parameters(thing(dotted)) for dotted in used} == PINNED


def test_what_is_overridden_and_read_of_a_private_class_is_there():
    """The jobs' subclasses of PyIceberg's private classes override and read only what is listed."""
    overridden, read = {}, {}
    for path in JOBS.rglob("*.py"):
        private = imported(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            bases = [b.id for b in getattr(node, "bases", []) if isinstance(b, ast.Name) and b.id in private]
            for base in map(private.get, bases if isinstance(node, ast.ClassDef) else []):
                methods = {f.name for f in node.body if isinstance(f, ast.FunctionDef)}
                inherited = {name for name in methods if hasattr(thing(base), name)}
                assert inherited == methods, "a method that overrides nothing: PyIceberg no longer calls it"
                overridden |= {f"{base}.{name}": parameters(getattr(thing(base), name)) for name in inherited}
                read[base] = {
                    inner.attr
                    for inner in ast.walk(node)
                    if isinstance(inner, ast.Attribute)
                    and isinstance(inner.value, ast.Name)
                    and inner.value.id == "self"
                }
    assert overridden == OVERRIDDEN
    assert read == READ
    source = inspect.getsource(inspect.getmodule(thing(next(iter(READ)))))
    assert all(f"self.{name}" in source for names in READ.values() for name in names)
