"""What only Map states have: mode, items, batches, where items are read from and results are written to.

After the Step Functions developer guide, "Map workflow state" and the pages of its fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, one_of, quoted

from . import shapes
from .findings import Finding
from .shapes import structure
from .tasks import Services
from .values import is_expression, is_substituted
from .walk import JSONATA, Scope

_PREFIX = "arn:aws:states:::"
#: what items are read with → the operation of S3 that it is.
_READERS = {"s3:getObject": "GetObject", "s3:listObjectsV2": "ListObjectsV2"}
_WRITERS = ("s3:putObject",)

_LABEL = re.compile(r"[^\s?*<>{}\[\]:;,\\|^~$#%&`\"\x00-\x1f\x7f-\x9f]{1,40}")

_ONLY_DISTRIBUTED = (
    *("ItemReader", "ItemBatcher", "ResultWriter", "Label", "ToleratedFailureCount"),
    *("ToleratedFailurePercentage", "ToleratedFailureCountPath", "ToleratedFailurePercentagePath"),
)

_SHAPES: dict[str, Any] = {
    "any": {"type": "structure", "document": True},
    "text": {"type": "string"},
    "texts": {"type": "list", "member": {"shape": "text"}},
    "mode": {"type": "string", "enum": ["INLINE", "DISTRIBUTED"]},
    "execution type": {"type": "string", "enum": ["STANDARD", "EXPRESS"]},
    "processor config": structure({"Mode": "mode", "ExecutionType": "execution type"}),
    "input type": {"type": "string", "enum": ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"]},
    "manifest type": {"type": "string", "enum": ["S3_INVENTORY", "ATHENA_DATA"]},
    "header location": {"type": "string", "enum": ["FIRST_ROW", "GIVEN"]},
    "delimiter": {"type": "string", "enum": ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"]},
    "flattening": {"type": "string", "enum": ["NONE", "LOAD_AND_FLATTEN"]},
    "items": {"type": "integer", "min": 1, "max": 100_000_000},
    "reader config": structure(
        {
            **{"InputType": "input type", "ManifestType": "manifest type", "Transformation": "flattening"},
            **{"CSVHeaderLocation": "header location", "CSVHeaders": "texts", "CSVDelimiter": "delimiter"},
            **{"MaxItems": "items", "MaxItemsPath": "text", "ItemsPointer": "text"},
        }
    ),
    "bytes": {"type": "integer", "min": 1, "max": 262_144},
    "batcher": structure(
        {
            **{"MaxItemsPerBatch": "items", "MaxInputBytesPerBatch": "bytes", "BatchInput": "any"},
            **dict.fromkeys(("MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"), "text"),
        }
    ),
    "output type": {"type": "string", "enum": ["JSON", "JSONL"]},
    "transformation": {"type": "string", "enum": ["NONE", "COMPACT", "FLATTEN"]},
    "writer config": structure({"OutputType": "output type", "Transformation": "transformation"}),
    "written": structure({"Bucket": "text", "Prefix": "text"}, "Bucket"),
}


def check(scope: Scope, name: str, state: dict[str, Any], services: Services) -> Iterator[Finding]:
    """Findings about one Map state."""
    path = scope.at(name)
    given = "Arguments" if scope.language_of(state) == JSONATA else "Parameters"
    yield from _mode(path, state)
    yield from _items(path, state)
    if "ItemBatcher" in state:
        yield from _batcher((*path, "ItemBatcher"), state["ItemBatcher"])
    if "ItemReader" in state:
        yield from _reader((*path, "ItemReader"), state["ItemReader"], given, services)
    if "ResultWriter" in state:
        yield from _writer((*path, "ResultWriter"), state["ResultWriter"], given)


def _mode(path: Path, state: dict[str, Any]) -> Iterator[Finding]:
    processor = state.get("ItemProcessor")
    config = processor.get("ProcessorConfig", {}) if isinstance(processor, dict) else {}
    where = (*path, "ItemProcessor", "ProcessorConfig")
    wrong = list(shapes.check(_SHAPES, "processor config", config, where))
    yield from wrong
    if wrong or not isinstance(config, dict) or is_substituted(config.get("Mode")):
        return
    if config.get("Mode") == "DISTRIBUTED":
        if "ExecutionType" not in config:
            yield Finding(
                "map-mode", where, "a distributed Map needs ExecutionType", "write STANDARD or EXPRESS"
            )
        return
    if "ExecutionType" in config:
        message = "ExecutionType belongs to a distributed Map, and this one is inline"
        yield Finding("map-mode", (*where, "ExecutionType"), message, "set Mode to DISTRIBUTED, or delete it")
    for field in state:
        if field in _ONLY_DISTRIBUTED:
            message = f"{field} belongs to a distributed Map, and this one is inline"
            yield Finding("map-mode", (*path, field), message, "set ProcessorConfig.Mode to DISTRIBUTED")


def _items(path: Path, state: dict[str, Any]) -> Iterator[Finding]:
    for one, other in (("ItemProcessor", "Iterator"), ("ItemSelector", "Parameters")):
        if one in state and other in state:
            yield Finding("fields-exclusive", (*path, other), f"there is {one} too", "keep one")
    items = state.get("Items", [])
    if not isinstance(items, (list, dict)) and not is_expression(items) and not is_substituted(items):
        yield Finding("value", (*path, "Items"), "expected a list, an object or an expression of one")
    label = state.get("Label", "x")
    if not is_substituted(label) and (not isinstance(label, str) or not _LABEL.fullmatch(label)):
        message = "a Label has 1 to 40 characters, without spaces, brackets, wildcards and special ones"
        yield Finding("value", (*path, "Label"), message)


def _batcher(path: Path, batcher: Any) -> Iterator[Finding]:
    wrong = list(shapes.check(_SHAPES, "batcher", batcher, path))
    yield from wrong
    if wrong or not isinstance(batcher, dict):
        return
    limits = ("MaxItemsPerBatch", "MaxInputBytesPerBatch")
    for limit in limits:
        if limit in batcher and f"{limit}Path" in batcher:
            yield Finding("fields-exclusive", (*path, f"{limit}Path"), f"there is {limit} too", "keep one")
    if not {key.removesuffix("Path") for key in batcher} & {*limits}:
        yield Finding("field-missing", path, "nothing says how large a batch is", f"write {one_of(limits)}")


def _reader(path: Path, reader: Any, given: str, services: Services) -> Iterator[Finding]:
    own = structure({"Resource": "text", given: "any", "ReaderConfig": "reader config"})
    yield from shapes.check({**_SHAPES, "reader": own}, "reader", reader, path)
    if not isinstance(reader, dict):
        return
    called = _called(reader, tuple(_READERS))
    if called is None:
        yield _resource(path, reader, tuple(_READERS), "items are read")
    elif "s3" in services.models and called in _READERS:
        model = services.models["s3"]
        shape = model["operations"][_READERS[called]]["input"]["shape"]
        yield from shapes.check(model["shapes"], shape, reader.get(given, {}), (*path, given))
    config = reader.get("ReaderConfig", {})
    if isinstance(config, dict) and called == "s3:getObject":
        yield from _read_file((*path, "ReaderConfig"), config)


def _read_file(path: Path, config: dict[str, Any]) -> Iterator[Finding]:
    if "InputType" not in config:
        kinds = one_of(_SHAPES["input type"]["enum"])
        yield Finding("field-missing", path, "nothing says what kind of file is read", f"InputType: {kinds}")
    elif config["InputType"] == "CSV" and "CSVHeaderLocation" not in config and "ManifestType" not in config:
        advice = "CSVHeaderLocation: 'FIRST_ROW' or 'GIVEN'"
        yield Finding("field-missing", path, "nothing says where the CSV file's header is", advice)
    elif config.get("CSVHeaderLocation") == "GIVEN" and "CSVHeaders" not in config:
        yield Finding("field-missing", path, "CSVHeaderLocation is GIVEN, and CSVHeaders is missing")


def _writer(path: Path, writer: Any, given: str) -> Iterator[Finding]:
    own = structure({"Resource": "text", given: "written", "WriterConfig": "writer config"})
    yield from shapes.check({**_SHAPES, "writer": own}, "writer", writer, path)
    if not isinstance(writer, dict):
        return
    if "Resource" in writer and _called(writer, _WRITERS) is None:
        yield _resource(path, writer, _WRITERS, "results are written")
    elif "Resource" in writer and not {given, f"{given}.$"} & {*writer}:
        yield Finding("field-missing", path, f"nothing says where results are written: {given} is missing")
    elif not writer:
        advice = f"write Resource and {given}, WriterConfig or all of them"
        yield Finding("field-missing", path, "the ResultWriter is empty", advice)


def _called(field: dict[str, Any], known: tuple[str, ...]) -> str | None:
    """What the field names, an empty text where a substitution may name anything; None if it is not known."""
    resource = field.get("Resource")
    if isinstance(resource, str) and "${" in resource:
        return ""
    action = (
        resource.rpartition(":::")[2] if isinstance(resource, str) and resource.startswith("arn:aws") else ""
    )
    return action if action in known else None


def _resource(path: Path, field: dict[str, Any], known: tuple[str, ...], what: str) -> Finding:
    expected = [_PREFIX + action for action in known]
    found = field.get("Resource")
    message = f"no {what} with {quoted(str(found))}" if found else f"nothing says what {what} with"
    near = did_you_mean(str(found), expected) or f"write {one_of(expected)}"
    return Finding("resource", (*path, "Resource"), message, near)
