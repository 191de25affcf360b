"""Both ends of each document that jobs and package exchange: its bytes, and what is read of them."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from data_pipeline.core.config import sources as models
from data_pipeline.etl import documents
from data_pipeline.etl.documents import decision, features, form, load_plan, sources, summary, verdict
from data_pipeline.etl.errors import JobError

ROOM = Path(documents.__file__).parent
SOURCES = (
    '{"limits":{"connections":4,"gigabytes":20,"minutes":20,"recheck":50,"requests_per_second":10},"sources":['
    '{"files":["https://x.org/zones.csv"],"name":"side","to":"side/"},'
    '{"datasets":{"yellow":"2009-01"},"name":"trips","to":"","url":"https://x.org/{dataset:yellow}_{year}-{month:02}"}],'
    '"version":1}'
)
FEATURES = (
    '{"groups":[{"feature_group":"trips-dev-rides","features":["id","at","n","available_at","available_by"],'
    '"name":"rides","offline":true,"online":true,"source":{"available":"","ends":"","event_time":"at","features":'
    '[["id","id",""],["at","at",""],["n","number","integral"]],"identifier":"id","lag_minutes":60,"period":"",'
    '"periods":{"trips":"month"},"records":{},"table":"counts","time_column":"","timezone":"UTC",'
    '"window_minutes":0},"ttl_days":null}],"version":2}'
)
GROUP = features.Group(
    "rides",
    "trips-dev-rides",
    features.RecordSource(
        table="counts",
        identifier="id",
        event_time="at",
        features={
            "id": features.Feature("id"),
            "at": features.Feature("at"),
            "n": features.Feature("number", "integral"),
        },
        records={},
        time_column="",
        window_minutes=0,
        available="",
        ends="",
        lag_minutes=60,
        period="",
        periods={"trips": "month"},
        timezone="UTC",
    ),
    ["id", "at", "n", "available_at", "available_by"],
    True,
    True,
    None,
)
FILE = load_plan.PlannedFile("s3://b/in/x.csv", "x.csv", "e1", 7, "2024-01", {"region": "north"})
UNIT = load_plan.Unit("k", "orders", (FILE,), "changed", ("gone.csv",))
PLAN = load_plan.LoadPlan((UNIT,), ("orders",), (), {"weather": "why"}, ("orders.note",), 2)


def test_the_list_of_sources_that_the_configuration_writes() -> None:
    """Its key in the artifact bucket is the hash of its bytes: they are pinned."""
    configured = {
        "trips": models.Source(
            url="https://x.org/{dataset:yellow}_{year}-{month:02}", since={"yellow": "2009-01"}
        ),
        "side": models.Source(files=("https://x.org/zones.csv",), to="side"),
    }
    assert models.document(configured, models.Mirror()) == SOURCES
    assert sources.read(SOURCES, "place") == sources.SourceList(
        (
            sources.MirrorSource("side", "files", files=("https://x.org/zones.csv",), to="side/"),
            sources.MirrorSource(
                "trips", "url", "https://x.org/{dataset:yellow}_{year}-{month:02}", {"yellow": "2009-01"}
            ),
        )
    )


@pytest.mark.parametrize("kind", ["s3", "index"])
def test_a_source_of_each_kind_is_read_as_it_was_written(kind: str) -> None:
    listed = sources.SourceList((sources.MirrorSource("a", kind, "s3://b/c"),), sources.Limits(minutes=0.5))
    assert sources.read(sources.write(listed.sources, listed.limits), "place") == listed
    assert (listed.limits.seconds, listed.limits.bytes) == (30.0, 20_000_000_000)


def test_the_list_of_feature_groups() -> None:
    assert features.write([GROUP]) == FEATURES
    assert features.read(FEATURES, "place") == [GROUP]


def test_a_plan() -> None:
    content = form.text(load_plan.document("r.1", PLAN))
    assert content.startswith(
        '{"adopted":[],"dropped_columns":["orders.note"],"erased":[],"held":{"weather":"why"},'
    )
    assert load_plan.read(content, "place") == PLAN


@pytest.mark.parametrize(
    ("module", "kind"),
    [
        (sources, "a list of sources"),
        (features, "a list of feature groups"),
    ],
)
def test_what_is_no_such_document_is_refused(module, kind: str) -> None:
    version = b'"version": %d' % module.VERSION
    for content in (
        b"{",
        b"[]",
        b"{}",
        b"{%s}" % version,
        b'{%s, "objects": 2, "sources": 1, "groups": 1}' % version,
    ):
        with pytest.raises(JobError, match=rf"^place: this is not {kind} \("):
            module.read(content, "place")
    with pytest.raises(
        JobError, match=rf"^place: version 9 of {kind}; this job reads version {module.VERSION}$"
    ):
        module.read(b'{"version": 9}', "place")


def test_results_are_read_leniently() -> None:
    """The results of steps that are no decision and no verdict have nothing to say."""
    for result in (
        {},
        {
            "new": "x",
            "mirror": 1,
            "failed_rules": 2,
            "accepted": None,
            "drift": [],
            "statistics": [],
            "findings": [],
        },
    ):
        assert (decision.counts(result), decision.mirror(result)) == ({}, None)
        assert verdict.failed_rules(result) == verdict.accepted(result) == verdict.messages(result) == []
        assert verdict.drift(result) is verdict.findings(result) is None
        assert verdict.statistics(result) == {}


def test_the_documents_of_a_run_have_the_names_that_configurations_may_know() -> None:
    """Projects name them in their steps' results and arguments."""
    names = [each.NAME for each in (load_plan, decision, summary, verdict)]
    assert names == ["plan.json", "decision.json", "summary.json", "verdict.json"]


def test_the_room_needs_the_standard_library_alone() -> None:
    for file in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [str(node.module)]
            for name in names:
                assert name.split(".")[0] in sys.stdlib_module_names or name == "data_pipeline.etl.errors"
