"""What models and rules say about themselves: the editor's schema and the reference pages.

``python -m data_pipeline.core.reference`` writes them; with ``--check`` it writes nothing, names what is
stale and ends with 1.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from data_pipeline.etl.documents import rules

from . import assumptions
from .checks import reference as checks
from .config import arguments
from .config.access import Artifacts, Iam, Kms, Security, Vpc
from .config.athena import Athena, NamedQuery
from .config.datasets import Column, Dataset, Series, Transform
from .config.environment import Data, Environment, Maintenance, Schedule, Step, WeeklySchedule
from .config.feature_groups import Feature, FeatureGroup, Joined, Labels, Split, TrainingSet, Window
from .config.notify import Notify
from .config.retention import Retention
from .config.sizes import Cluster, ClusterOnGlue, ClusterOnSageMaker, Glue, SageMaker
from .config.sources import Mirror, Source
from .config.tables import Table
from .facts import costs, deployer_policy
from .loading.shape import ModelField, fields, model_field

COMMAND = "python -m data_pipeline.core.reference"

#: sections of the page: heading and model.
_SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Top level", Environment),
    ("`data`", Data),
    ("`artifacts`", Artifacts),
    ("`steps.<name>`", Step),
    ("`steps.<name>.sagemaker`", SageMaker),
    ("`steps.<name>.glue`", Glue),
    ("`steps.<name>.cluster`", Cluster),
    ("`steps.<name>.cluster.sagemaker`", ClusterOnSageMaker),
    ("`steps.<name>.cluster.glue`", ClusterOnGlue),
    ("`datasets.<name>`", Dataset),
    ("`datasets.<name>.columns.<name>`", Column),
    ("`datasets.<name>.transform`", Transform),
    ("`datasets.<name>.series`, `tables.<name>.series`", Series),
    ("`tables.<name>`", Table),
    ("`sources.<name>`", Source),
    ("`mirror`", Mirror),
    ("`features.<name>`", FeatureGroup),
    ("`features.<name>.window`", Window),
    ("`features.<name>.features.<name>`", Feature),
    ("`training_sets.<name>`", TrainingSet),
    ("`training_sets.<name>.labels`", Labels),
    ("`training_sets.<name>.features.<name>`", Joined),
    ("`training_sets.<name>.split`", Split),
    ("`retention`", Retention),
    ("`athena`", Athena),
    ("`athena.queries.<name>`", NamedQuery),
    ("`schedule`", Schedule),
    ("`maintenance`", Maintenance),
    ("`maintenance.schedule`", WeeklySchedule),
    ("`iam`", Iam),
    ("`vpc`", Vpc),
    ("`kms`", Kms),
    ("`security`", Security),
    ("`notify`", Notify),
)

#: what stands below a heading before its keys.
_EXAMPLES = {
    "`datasets.<name>`": """\
datasets:
  orders:
    files: orders/{year}/{month}/{day}/part-*.json.gz
    columns:
      order_id: string
      ordered_at: timestamptz ts      # the type, and its name in the file where that differs
      amount: decimal(12,2)
      status: string?                 # may be null
      customer: {type: string, pii: hash}
      address: {struct: {city: string, zip: "string?"}}
    checks:
      negative-amount: amount >= 0    # a row for which this is false goes to quarantine
    partition: day(ordered_at)
    rules:
      quarantined-share: fail 0.05
      unique(order_id): warn
  weather:
    files: "{station:north|south}_{year}-{month}.csv"   # in quotes: it begins with a brace
    replaces: period                  # all files of a month and a station are one issue
    delimiter: ";"
    decimal: ","
    columns: {day: date, celsius: double}
""",
    "`tables.<name>`": """\
tables:
  sales:
    sql: sales.sql                    # SELECT ordered_at::DATE AS day, sum(amount) AS total FROM orders GROUP BY 1
    partition: month(day)
    follows: {orders: day(ordered_at)}
    comments: {total: of the day and before tax}
""",
}

_INTRODUCTION = f"""\
# Configuration

<!-- Written by `{COMMAND}` from the models in data_pipeline/core/; do not edit. -->

`config/pipeline.yaml` says what the pipeline is, the same everywhere. `config/<environment>.yaml` says what
differs: maps are merged deep, lists and single values are replaced, and the environment wins. The file's
name is the environment's name, in lower-case letters and digits. An environment's file may be empty.

All mistakes in both files are reported at once, each with its file and line, before anything is rendered, deployed or
run:

```
{{example}}
```

Types are those of YAML 1.2: an account id is text and needs quotes, `on` is text, and `true` is a boolean.
Keys and values that look like a secret are refused, and not printed.

An editor that knows YAML schemas completes keys and values: the first line of each file names
`config/schema.json`.
"""

_CHECKS = """\
## What is checked beyond single values

- `data.input` and `data.output` do not lie in one another, nor in another environment's data in the same
  bucket.
- One step follows none; every `after` names another step; none follow each other in a circle.
- Every `script` is a file in `jobs/`, every `result` a name of its own.
- A step's longest SageMaker job name fits 63 characters with pipeline and environment in it, on whatever
  service the step runs today.
- An argument fits 256 characters when its placeholders are as long as they can become.
- A step with a `cluster` comes right behind the step that it follows, which leaves a `result`; on Glue it runs
  on `glue-spark`.
- `workers` and `worker_type` belong to the runtime `glue-spark`, `max_capacity` to `glue-pythonshell`.
- A feature group reads a table that a step publishes; record identifier, event time and what `records` names
  are features of it. A `ttl_days` belongs to `online: true`, and is not shorter than `lag`.
- A step with `{features}` in its arguments brings records into stores; without `online` or `offline` anywhere it
  is left out, so no step follows it, and a store needs one.
- A training set names groups, features and records that exist, and its test comes last.
- Data sets: no path is claimed by two of them; the patterns of one have the same names in braces, none of which is a
  column, too; `replaces: period` and `complete` have a period, `complete` one folder for each; keys of CSV files stand
  with CSV files; two columns are not read from one; a default is a value of its type.
- What a data set or a table publishes has the columns that `partition`, `rules`, `series` and `comments` name, with
  types that fit: `hour` is of a timestamp, `bucket` and `truncate` have a number. Two tables have not one `export`.
- An SQL file, the module of a reader or a transform and a file of columns exist; the module has the name, a function of
  it takes what it is given and has no keys of CSV files beside it, and what it imports is in the lock of the runtime
  that loads. `transform` stands in place of `sql`. A step of the project's own publishes no table that `load` does.
- A table has no data set's name, `follows` names inputs and belongs to a `partition`, `reach` belongs to `follows` by
  day.
- The region has an image for every job on SageMaker.
- A source is one of `url`, `s3`, `index`, `files`; a `url` may have `since`, with first days where it has `{day}`.
- Where runs mirror, a step has `{sources}` in its arguments, reads `input` and `state`, and has five minutes more
  than `mirror.minutes`.
- The maintenance is held to what holds for a step; no step has its name, and its tables are tables of steps.
- An environment with `endpoint: embedded` names no `account`: the embedded AWS has one of its own. It has no
  `iam`, `vpc`, `kms` or `security` (`vpc: null` in its file removes what `pipeline.yaml` says): the embedded AWS
  has no network, does not encrypt, and has no policies but the deployed ones.
- `security.glue_configuration` belongs to a `customer_key`, `security.access_logs` to a bucket that the storage
  stack makes.
- `data.kms_key` stands beside a `data.bucket`; a key is named by its ARN, in the environment's region. The embedded AWS
  has neither keys nor `lake_formation`.
- With `customer_key`, no step runs on a SageMaker instance type with disks of its own, which no key encrypts.
- `vpc` names the `availability_zone` of its first subnet, in the region, when a step runs on Glue; a step that is
  given an `http://` or `https://` address, and a run that mirrors one, need `egress: nat` there.

`create` warns, and goes on, of a schedule with a time that its zone's clock leaves out when it changes to summer
time: nothing starts on that day.

Regions, instance types, retention periods and time zones are lists in `data_pipeline/core/facts/service_limits.py`, the
times that zones leave out are in `skipped_times.json` beside it; `python -m data_pipeline.aws.service_limits`
refreshes both from the installed botocore and this machine's time zones.
"""

#: an environment's file with mistakes, and what is said about it.
EXAMPLE_FILE = "schedule:\n  expresion: cron(0 6 * * *)\nsteps:\n  publish: {service: gleu}\n"
EXAMPLE_MESSAGE = """\
error: the configuration has 2 problems
  config/dev.yaml:2: schedule.expresion: found an unknown key; did you mean 'expression'?
  config/dev.yaml:4: steps.publish.service: found 'gleu', expected 'sagemaker' or 'glue'; did you mean \
'glue'?"""


def pages() -> dict[str, str]:
    """Path from the project's root → text of every generated file."""
    return {
        "config/schema.json": schema(),
        "docs/reference/checks.md": checks.page(COMMAND),
        "docs/reference/configuration.md": page(),
        "docs/reference/costs.md": costs.page(COMMAND),
        "docs/reference/deployer-policy.json": deployer_policy.text(),
        "docs/reference/on-aws.md": assumptions.page(COMMAND),
    }


def schema() -> str:
    """JSON Schema for each of the files, which are parts of a whole: no key is required in either."""
    whole = Environment.model_json_schema()
    del whole["properties"]["name"]
    top = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of the pipeline",
    }
    return json.dumps(top | _partial(whole), indent=2, ensure_ascii=False) + "\n"


def _partial(part: Any, of_names: bool = False) -> Any:
    """Without what only the merged configuration must have, and without titles that repeat the keys."""
    if isinstance(part, list):
        return [_partial(item) for item in part]
    if not isinstance(part, dict):
        return part
    dropped = () if of_names else ("required", "title", "minProperties")
    return {
        key: value
        if key in ("default", "examples", "enum")
        else _partial(value, key in ("properties", "$defs"))
        for key, value in part.items()
        if key not in dropped
    }


def page() -> str:
    """The reference page in Markdown."""
    parts = [_INTRODUCTION.format(example=EXAMPLE_MESSAGE)]
    for heading, model in _SECTIONS:
        about = cleandoc(model.__doc__ or "")  # Python 3.13 takes the indentation away by itself
        if example := _EXAMPLES.get(heading):
            about += f"\n\n```yaml\n{example}```"
        parts.append(f"## {heading}\n\n{about}\n\n" + "\n".join(_table(model)) + "\n")
    parts.append(_rules())
    parts.append(_placeholders())
    parts.append(_CHECKS)
    return "\n".join(parts)


def _table(model: type[BaseModel]) -> Iterator[str]:
    yield "| key | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in fields(model).items():
        if model is not Environment or name != "name":
            cells = (
                f"`{name}`",
                _value(field),
                _default(field),
                (field.description or "").replace("|", "\\|"),
            )
            yield f"| {' | '.join(cells)} |"


def _value(field: FieldInfo) -> str:
    here = model_field(field.annotation, tuple(field.metadata))
    if here.choices:
        return " or ".join(f"`{choice}`" for choice in here.choices)
    if here.model or here.origin is dict:
        return "a map"
    if here.origin is tuple:
        items = here.below(0) or ModelField(str)
        return "a list of " + (", ".join(f"`{choice}`" for choice in items.choices) or "texts")
    example = field.examples[0] if field.examples else None
    as_in = f'"{example}"' if isinstance(example, str) and example.isdigit() else example
    return here.expected + (f", as in `{as_in}`" if example else "")


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "must be given"
    if isinstance(value, BaseModel):
        return "as below"
    if value is None or value in ((), {}):
        return "none"
    return f"`{json.dumps(value)}`" if isinstance(value, bool) else f"`{value}`"


def _rules() -> str:
    """The quality rules of data sets and tables."""
    forms = {
        "one": "(COLUMN)",
        "some": "(COLUMN, …)",
        "optional": "(COLUMN)",
        "values": "(COLUMN, [VALUE, …])",
    }
    of = {rules.FILES: "data sets", rules.PERIOD: "data sets with a period", rules.SERIES: "a `series`"}
    rows = []
    for name, kind in rules.KINDS.items():
        form = f"{name}{forms.get(kind.columns, '')}"
        shown = (
            f"`{kind.default} {rules.measured(kind.limit, kind.unit)}`" if kind.default != "off" else "off"
        )
        rows.append(f"| `{form}` | {kind.about} | {of.get(kind.needs, 'both')} | {shown} |")
    head = "## Rules of data sets and tables\n\nIn `rules`, each is `fail LIMIT`, `warn LIMIT` or `off`. A name that "
    head += "is none of these is a rule of one's own: `fail LIMIT SELECT …`, which returns one number.\n\n"
    return (
        head
        + "| rule | LIMIT is | of | without a line |\n| --- | --- | --- | --- |\n"
        + "\n".join(rows)
        + "\n"
    )


def _placeholders() -> str:
    rows = [f"| `{{{name}}}` | {meaning} |" for name, meaning in arguments.PLACEHOLDERS.items()]
    head = "## Placeholders of arguments\n\n| written | becomes |\n| --- | --- |\n"
    return head + "\n".join(rows) + "\n"


def main(root: Path, check: bool) -> int:
    """Write the files under ``root``, or only look; the exit status."""
    stale = [name for name, text in pages().items() if not _holds(root / name, text)]
    for name in stale:
        if not check:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(pages()[name], encoding="utf-8")
        sys.stderr.write(f"{name} {f'is stale: run {COMMAND}' if check else 'written'}\n")
    return 1 if check and stale else 0


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


if __name__ == "__main__":
    sys.exit(main(Path(__file__).resolve().parents[2], "--check" in sys.argv[1:]))
