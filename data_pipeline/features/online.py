"""Records of the online store as rows: the columns and types of the published records, of the identifiers asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted

#: how the stores write times: the table's wall clock as it stands, with the Z that SageMaker demands.
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_TYPES = {"string": pa.string(), "integral": pa.int64(), "fractional": pa.float64()}


def rows(group: FeatureGroup, found: Mapping[str, Mapping[str, str]], asked: Sequence[str]) -> pa.Table:
    """A row for each identifier of ``asked``, in its order, from ``found``: identifier → feature → text.

    A feature that a record has no value of is null. UserError names the identifiers without a record.
    """
    wanted = list(dict.fromkeys(asked))
    unknown = [identifier for identifier in wanted if identifier not in found]
    if unknown:
        raise UserError(_unknown(group, unknown))
    keys = [group.record_identifier, group.event_time]
    names = [*keys, *(name for name in group.stored if name not in keys)]
    columns = [_column(group, name, [found[one].get(name) for one in wanted]) for name in names]
    return pa.table(columns, names=names)


def _column(group: FeatureGroup, name: str, texts: list[str | None]) -> pa.Array:
    values = pa.array(texts, pa.string())
    if name in (group.event_time, "available_at"):
        return pc.strptime(values, format=_TIME, unit="us")
    return values.cast(_TYPES[group.stored[name]])


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
