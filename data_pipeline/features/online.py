"""Records of the online store as rows: the columns and types of the published records, of the identifiers asked for."""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from data_pipeline.core.config import feature_document
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.etl.documents.feature_records import sql_type

#: how the stores write times: the table's wall clock as it stands, with the Z that SageMaker demands.
_TIME = "%Y-%m-%dT%H:%M:%SZ"


def rows(
    group: FeatureGroup,
    columns: Mapping[str, str],
    found: Mapping[str, Mapping[str, str]],
    asked: Sequence[str],
) -> pa.Table:
    """A row for each identifier of ``asked``, in its order, from ``found``: identifier → feature → text.

    ``columns``: those of the published table with their types; features whose types are not written have them. A
    feature that a record has no value of is null. UserError names the identifiers without a record.
    """
    wanted = list(dict.fromkeys(asked))
    unknown = [identifier for identifier in wanted if identifier not in found]
    if unknown:
        raise UserError(_unknown(group, unknown))
    keys = [group.record_identifier, group.event_time]
    names = [*keys, *(name for name in group.stored if name not in keys)]
    texts = pa.table(
        [pa.array([found[one].get(name) for one in wanted], pa.string()) for name in names], names=names
    )
    features = feature_document.source(group, {}).features
    kinds = {name: sql_type(feature, columns) for name, feature in features.items()}
    typed = [
        _typed(name, "TIME" if name in (group.event_time, "available_at") else kinds.get(name, ""))
        for name in names
    ]
    with duckdb.connect(":memory:") as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("texts", texts)
        return db.execute(f"SELECT {', '.join(typed)} FROM texts").to_arrow_table()


def _typed(name: str, kind: str) -> str:
    if kind == "TIME":
        return f"strptime({name}, '{_TIME}') AS {name}"
    return f"CAST({name} AS {kind}) AS {name}" if kind else name


def _unknown(group: FeatureGroup, identifiers: Sequence[str]) -> str:
    what = f"the online store has no record of {one_of(identifiers)}"
    strange = [identifier for identifier in identifiers if group.records and identifier not in group.records]
    if not strange:
        return f"{what}: it was not ingested, was deleted, or is past its time to live. Run the pipeline to ingest it"
    near = did_you_mean(strange[0], group.records)
    known = (
        f"{what}: the group has records of {one_of(group.records)}, and {quoted(strange[0])} is none of them"
    )
    return known + (f"; {near}" if near else "")
