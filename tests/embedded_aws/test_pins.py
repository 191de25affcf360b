"""The private names of MiniStack that we touch: an upgrade that moves one of them fails here, by its name."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOM = Path(__file__).resolve().parents[2] / "data_pipeline" / "embedded_aws"
MODULES = sorted(ROOM.rglob("*.py"))

#: What we put something of our own in the place of → its parameters, which ours must take.
REPLACED = {
    "ministack.app.pin_request_origin": "source_ip secure_transport",
    "ministack.app.pin_signed_body": "body",
    "ministack.app.pin_signed_request": "method raw_path query_params raw_headers handshake",
    "ministack.core.iam_actions.extract_resource_arn": (
        "service method path headers body query_params region account_id"
    ),
    "ministack.core.iam_evaluator._is_root_key": "access_key_id",
    "ministack.core.iam_evaluator._principal_matches": "principal caller_arn",
    "ministack.core.iam_evaluator.authenticate": "access_key_id account_id",
    "ministack.core.iam_evaluator.enforce": "access_key_id iam_action service region resource_arn service_context",
    "ministack.core.iam_evaluator.is_root_access_key": "access_key_id",
    "ministack.services.cloudformation.changesets._evaluate_conditions": "template params",
    "ministack.services.cloudformation.changesets._resolve_parameters": "template provided_params previous_params",
    "ministack.services.cloudformation.changesets.validate_template_support": "template conditions params",
    "ministack.services.cloudformation.engine._evaluate_conditions": "template params",
    "ministack.services.cloudformation.handlers._evaluate_conditions": "template params",
    "ministack.services.cloudformation.handlers._resolve_parameters": "template provided_params previous_params",
    "ministack.services.cloudformation.handlers.validate_template_support": "template conditions params",
    "ministack.services.cloudformation.stacks._evaluate_conditions": "template params",
    "ministack.services.cloudformation.stacks._runs_on_worker_thread": "resource_type",
    "ministack.services.glue._batch_stop_job_run": "data",
    "ministack.services.glue._create_job": "data",
    "ministack.services.glue._create_table": "data",
    "ministack.services.glue._get_database": "data",
    "ministack.services.glue._get_databases": "data",
    "ministack.services.glue._get_job_run": "data",
    "ministack.services.glue._get_job_runs": "data",
    "ministack.services.glue._get_table": "data",
    "ministack.services.glue._get_tables": "data",
    "ministack.services.glue._start_job_run": "data",
    "ministack.services.glue._update_job": "data",
    "ministack.services.glue._update_table": "data",
    "ministack.services.s3._abort_multipart_upload": "bucket_name key query_params",
    "ministack.services.s3._atomic_write": "fpath data text",
    "ministack.services.s3._complete_multipart_upload": "bucket_name key body query_params headers",
    "ministack.services.s3._compute_s3_checksum": "algorithm body",
    "ministack.services.s3._copy_object": "bucket_name dest_key headers",
    "ministack.services.s3._create_multipart_upload": "bucket_name key headers",
    "ministack.services.s3._delete_object": "bucket_name key headers query_params",
    "ministack.services.s3._delete_persisted_object": "bucket_name key",
    "ministack.services.s3._get_object_data": "bucket_name key version_id",
    "ministack.services.s3._persist_delete_marker": "bucket_name key marker",
    "ministack.services.s3._persist_object": "bucket key obj",
    "ministack.services.s3._put_object": "bucket_name key body headers",
    "ministack.services.s3._read_body": "bucket_name key obj",
    "ministack.services.s3._upload_part": "bucket_name key body query_params headers",
    "ministack.services.s3._upload_part_copy": "bucket_name dest_key query_params headers",
    "ministack.services.s3._validate_content_md5": "headers body",
    "ministack.services.s3._verify_presigned_sigv4": "method path headers query_params",
    "ministack.services.s3._version_body": "bucket bucket_name key v",
    "ministack.services.s3._version_entry_from_record": "obj version_id data",
    "ministack.services.s3.md5_hash": "data",
    "ministack.services.scheduler._create_schedule": "name body",
    "ministack.services.scheduler._list_schedule_groups": "query",
    "ministack.services.scheduler._list_schedules": "query",
    "ministack.services.scheduler._tick_schedules": "",
    "ministack.services.scheduler._update_schedule": "name body",
    "ministack.services.sns._create_topic": "params",
    "ministack.services.sns._publish": "params",
    "ministack.services.sns._set_topic_attributes": "params",
    "ministack.services.sns._subscribe": "params",
    "ministack.services.stepfunctions._create_state_machine": "data",
    "ministack.services.stepfunctions._create_state_machine_alias": "data",
    "ministack.services.stepfunctions._delete_state_machine": "data",
    "ministack.services.stepfunctions._delete_state_machine_alias": "data",
    "ministack.services.stepfunctions._delete_state_machine_version": "data",
    "ministack.services.stepfunctions._describe_execution": "data",
    "ministack.services.stepfunctions._describe_state_machine": "data",
    "ministack.services.stepfunctions._describe_state_machine_alias": "data",
    "ministack.services.stepfunctions._describe_state_machine_for_execution": "data",
    "ministack.services.stepfunctions._list_executions": "data",
    "ministack.services.stepfunctions._list_state_machine_aliases": "data",
    "ministack.services.stepfunctions._list_state_machine_versions": "data",
    "ministack.services.stepfunctions._publish_state_machine_version": "data",
    "ministack.services.stepfunctions._run_execution": "exec_arn",
    "ministack.services.stepfunctions._start_execution": "data",
    "ministack.services.stepfunctions._stop_execution": "data",
    "ministack.services.stepfunctions._update_state_machine": "data",
    "ministack.services.stepfunctions._update_state_machine_alias": "data",
    "ministack.services.stepfunctions._validate_state_machine_definition": "data",
}


def aliases(tree: ast.AST) -> dict[str, str]:
    """Local name → the thing of MiniStack that it stands for."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ministack"):
            found.update({name.asname or name.name: f"{node.module}.{name.name}" for name in node.names})
    return found


def touched(path: Path) -> tuple[set[str], set[str]]:
    """The dotted names of MiniStack that a module reads, and those that it assigns to."""
    tree = ast.parse(path.read_text())
    named = aliases(tree)
    reads, writes = set(named.values()), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in named:
            dotted = f"{named[node.value.id]}.{node.attr}"
            (writes if isinstance(node.ctx, ast.Store) else reads).add(dotted)
    return reads, writes


def parameters(names: set[str]) -> dict[str, str | None]:
    """Dotted name → its parameters ("" for what is no function), None if it does not exist; asked in
    another process, because importing MiniStack changes the process.
    """
    script = """
import importlib, inspect, json, sys
found = {}
for name in json.load(sys.stdin):
    module, _, rest = name.rpartition(".")
    try:
        thing = importlib.import_module(name)
    except ImportError:
        try:
            thing = getattr(importlib.import_module(module), rest)
        except (ImportError, AttributeError):
            found[name] = None
            continue
    found[name] = " ".join(inspect.signature(thing).parameters) if inspect.isfunction(thing) else ""
json.dump(found, sys.stdout)
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(sorted(names)),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, str | None] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def everything() -> tuple[set[str], set[str]]:
    """All that is read and all that is assigned, in every module of the room."""
    pairs = [touched(path) for path in MODULES]
    return set().union(*(reads for reads, _ in pairs)), set().union(*(writes for _, writes in pairs))


def test_version_is_the_one_that_was_read() -> None:
    """MiniStack is the release whose source these modules were written against."""
    assert importlib.metadata.version("ministack") == "1.5.33"


def test_every_name_exists(everything: tuple[set[str], set[str]]) -> None:
    """Each name of MiniStack that we read or replace is there."""
    reads, writes = everything
    assert "ministack.services.stepfunctions._executions" in reads
    found = parameters(reads | writes)
    assert [name for name, value in found.items() if value is None] == []


def test_every_replaced_function_takes_what_it_took(everything: tuple[set[str], set[str]]) -> None:
    """The functions that we replace have the parameters that ours were written for; the list is complete."""
    _, writes = everything
    found = parameters(writes)
    functions = {name: value for name, value in found.items() if name in REPLACED or value}
    assert functions == REPLACED


def test_only_these_constants_are_assigned(everything: tuple[set[str], set[str]]) -> None:
    """Beside functions, only these values of MiniStack are set."""
    _, writes = everything
    assert sorted(writes - set(REPLACED)) == [
        "ministack.app.BANNER",
        "ministack.services.scheduler._SCHEDULE_TICK_INTERVAL",
    ]
