"""Rules of the configuration that concern more than one value: each takes a draft and yields findings.

A draft holds the parts of an environment that are right by themselves, so that no wrong value hides another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from data_pipeline.core.config import arguments, default_steps
from data_pipeline.core.config.access import Artifacts, Kms, Security, Vpc
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.environment import Data, Environment, Job, Maintenance, Step
from data_pipeline.core.config.feature_groups import FeatureGroup, TrainingSet
from data_pipeline.core.config.notify import Notify
from data_pipeline.core.config.sources import Mirror, Source
from data_pipeline.core.config.tables import Table
from data_pipeline.core.facts import images
from data_pipeline.core.facts.limits import SAGEMAKER_TIMEOUT_MINUTES, has_own_disks
from data_pipeline.core.facts.runtimes import RUNTIMES
from data_pipeline.core.machine import state_names
from data_pipeline.core.machine.steps import in_order
from data_pipeline.core.naming import JOB_NAME_LIMIT, JOB_SUFFIX, MAINTENANCE, Names, job_path
from data_pipeline.core.problems import Violation, did_you_mean, one_of, quoted

from . import feature_rules, source_rules
from .table_columns import Columns

#: longest name of an execution, which is the run's name; and of a bucket that the stack makes.
LONGEST_RUN = 80
LONGEST_BUCKET = 63

#: longest texts of what an execution's input says.
LONGEST_OF_INPUT = {
    "reprocess": len("false"),
    "datasets": arguments.LONGEST,
    "months": len("2019-01..2019-06"),
    "parts": arguments.LONGEST,
    "periods": len("2019-01-31T05..2019-06-30T23"),
    "prune": len("false"),
    "rebuild": arguments.LONGEST,
    "from_now_on": arguments.LONGEST,
    "drop_columns": arguments.LONGEST,
    "accept": arguments.LONGEST,
    "defer_tables": len("false"),
    "started_by": arguments.LONGEST,
}


@dataclass(frozen=True)
class Draft:
    """The valid parts of an environment; ``step_names`` also names the steps that are not valid."""

    names: Names | None
    region: str | None = None
    account: str | None = None
    endpoint: str | None = None
    data: Data | None = None
    vpc: Vpc | None = None
    kms: Kms | None = None
    artifacts: Artifacts | None = None
    lake_formation: bool = False
    security: Security | None = None
    notify: Notify | None = None
    #: the top-level keys that have a value
    named: tuple[str, ...] = ()
    steps: Mapping[str, Step] = field(default_factory=dict)
    step_names: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    #: of the tables that the jobs describe
    columns: Columns = field(default_factory=dict)
    maintenance: Maintenance | None = None
    datasets: Mapping[str, Dataset] = field(default_factory=dict)
    dataset_names: tuple[str, ...] = ()
    tables: Mapping[str, Table] = field(default_factory=dict)
    #: paths below jobs/, where there are data sets
    files: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    mirror: Mirror = field(default_factory=Mirror)
    features: Mapping[str, FeatureGroup | None] = field(default_factory=dict)
    training_sets: Mapping[str, TrainingSet] = field(default_factory=dict)

    @property
    def jobs(self) -> dict[str, Job]:
        return {**self.steps, **({MAINTENANCE: self.maintenance} if self.maintenance else {})}


def check(draft: Draft) -> Iterator[Violation]:
    """Every rule in turn."""
    yield from prefixes(draft)
    yield from account_of_embedded(draft)
    yield from not_embedded(draft)
    yield from bucket_keys(draft)
    yield from lake_formation(draft)
    yield from security(draft)
    yield from topic(draft)
    yield from network(draft)
    yield from http_sources(draft)
    yield from disks(draft)
    yield from image_regions(draft)
    yield from job_names(draft)
    yield from scripts(draft)
    yield from order(draft)
    yield from circles(draft)
    yield from results(draft)
    yield from tables_of_steps(draft)
    yield from states(draft)
    yield from sizes(draft)
    yield from clusters(draft)
    yield from argument_lengths(draft)
    yield from upkeep(draft)
    if draft.dataset_names or draft.tables:
        from . import (
            dataset_rules,
            key_rules,
        )  # what it needs is not imported for a project without data sets

        yield from dataset_rules.check(draft.datasets, draft.tables, draft.dataset_names, draft.files)
        yield from key_rules.corrected(draft.datasets, {}, draft.features, draft.training_sets)
    all_steps = len(draft.steps) == len(draft.step_names)
    yield from source_rules.check(draft.sources, draft.mirror, draft.steps, all_steps)
    tables = frozenset(table for step in draft.steps.values() for table in step.tables)
    tables |= {*draft.dataset_names, *draft.tables}
    yield from feature_rules.check(draft.features, draft.training_sets, tables, draft.columns, draft.names)
    yield from feature_rules.ingestion(draft.features, draft.steps, all_steps)


def prefixes(draft: Draft) -> Iterator[Violation]:
    """Output inside input would be read as input; input inside output would be written by jobs."""
    if draft.data and overlap(draft.data.input, draft.data.output):
        advice = f"data.input is {quoted(draft.data.input)}"
        found = quoted(draft.data.output)
        yield Violation(("data", "output"), found, "a prefix neither inside the input nor around it", advice)


def overlap(one: str, other: str) -> bool:
    """Whether one key prefix is, or lies in, the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def account_of_embedded(draft: Draft) -> Iterator[Violation]:
    if draft.endpoint == "embedded" and draft.account:
        expected = "no account: the embedded AWS has one of its own"
        yield Violation(
            ("account",), quoted(draft.account), expected, "remove the line, or write 'account: null'"
        )


#: what the embedded AWS does not do, and why.
_NOT_EMBEDDED = {
    "iam": "the embedded AWS has no policies and paths of an account",
    "vpc": "the embedded AWS has no network",
    "kms": "the embedded AWS does not encrypt",
    "security": "the embedded AWS keeps no access logs and no traces, and does not encrypt",
}


def not_embedded(draft: Draft) -> Iterator[Violation]:
    for key, why in _NOT_EMBEDDED.items():
        if draft.endpoint == "embedded" and key in draft.named:
            advice = f"write '{key}: null' in the environment's file"
            yield Violation((key,), "an option of AWS", f"none: {why}", advice)


def bucket_keys(draft: Draft) -> Iterator[Violation]:
    """The keys of buckets that are there already: S3 uses a key of the bucket's own region."""
    data, artifacts = draft.data, draft.artifacts
    if data and data.kms_key and data.bucket is None:
        expected = "'bucket' beside it: the key of a bucket that is there already"
        advice = "the bucket that the stack makes has a key with 'kms: {customer_key: true}'"
        yield Violation(("data", "kms_key"), "a key without a bucket", expected, advice)
    named = {"data": data.kms_key if data else None, "artifacts": artifacts.kms_key if artifacts else None}
    for part, key in named.items():
        if key is None:
            continue
        region = key.split(":")[3]
        if draft.endpoint == "embedded":
            expected = "none: the embedded AWS does not encrypt"
            advice = f"write 'kms_key: null' under {part} in the environment's file"
            yield Violation((part, "kms_key"), "an option of AWS", expected, advice)
        elif draft.region and region != draft.region:
            expected = f"one in {draft.region}, where the bucket is"
            yield Violation((part, "kms_key"), f"a key in {region}", expected)


def lake_formation(draft: Draft) -> Iterator[Violation]:
    if draft.endpoint == "embedded" and draft.lake_formation:
        expected = "none: the embedded AWS has no Lake Formation"
        advice = "write 'lake_formation: false' in the environment's file"
        yield Violation(("lake_formation",), "an option of AWS", expected, advice)


def security(draft: Draft) -> Iterator[Violation]:
    """An option for what is not there: a bucket of the storage stack, a key of it."""
    if draft.security is None:
        return
    if draft.security.access_logs and draft.data and draft.data.bucket:
        found = f"a bucket for the access logs of {quoted(draft.data.bucket)}"
        advice = "switch them on where that bucket is made, and remove 'access_logs'"
        yield Violation(("security", "access_logs"), found, "no bucket: the data are in one of yours", advice)
    if draft.security.glue_configuration and not (draft.kms and draft.kms.customer_key):
        advice = "write 'customer_key: true' under kms, or remove 'glue_configuration'"
        yield Violation(("security", "glue_configuration"), "true", "false without a customer's key", advice)


def topic(draft: Draft) -> Iterator[Violation]:
    """Another's topic has its own subscribers, and is where the pipeline is: neither the role nor an alarm of the
    pipeline would reach it elsewhere.
    """
    if draft.notify is None or draft.notify.topic is None:
        return
    at = ("notify", "topic")
    region, account = draft.notify.topic.split(":")[3:5]
    if draft.notify.emails:
        advice = "subscribe them to that topic, or remove 'topic' for one of the pipeline's own"
        yield Violation(("notify", "emails"), "addresses beside a topic", "one of the two", advice)
    if draft.region and region != draft.region:
        yield Violation(at, f"a topic in {region}", f"one in {draft.region}", "SNS is regional")
    if draft.account and account != draft.account:
        yield Violation(at, f"a topic of the account {account}", f"one of {draft.account}")


def network(draft: Draft) -> Iterator[Violation]:
    """Glue asks for the zone of a subnet beside the subnet."""
    if draft.vpc is None:
        return
    zone = draft.vpc.availability_zone
    on_glue = next((name for name, job in draft.jobs.items() if job.service == "glue"), None)
    if zone is None and on_glue:
        found = f"no key 'availability_zone', and {quoted(on_glue)} on Glue"
        expected = f"the zone of {draft.vpc.subnets[0]}"
        yield Violation(("vpc",), found, expected, "add 'availability_zone: …'")
    if zone is not None and draft.region and not zone.startswith(draft.region):
        expected = f"a zone of {draft.region}"
        yield Violation(("vpc", "availability_zone"), quoted(zone), expected, "or take another region")


def http_sources(draft: Draft) -> Iterator[Violation]:
    """A job in a closed network would wait for an address that it cannot reach."""
    if draft.vpc is None or draft.vpc.egress == "nat":
        return
    expected = "an address inside the VPC, which has no way out"
    advice = "write 'egress: nat' under vpc if its subnets reach the internet"
    for name, job in draft.jobs.items():
        for key, value in job.arguments.items():
            if value.lower().startswith(("http://", "https://")):
                yield Violation((*job_path(name), "arguments", key), quoted(value), expected, advice)
    for name, source in draft.sources.items() if draft.mirror.on_run else ():
        for kind in ("url", "index", "files"):
            asked = getattr(source, kind)
            if asked:
                found = quoted(asked[0] if kind == "files" else asked)
                yield Violation(
                    ("sources", name, kind), found, expected, f"{advice}, or 'on_run: false' under mirror"
                )


def disks(draft: Draft) -> Iterator[Violation]:
    """SageMaker takes a key for the volumes that it attaches, and refuses it where a machine has its own disks."""
    if draft.kms is None or not draft.kms.customer_key:
        return
    for name, job in draft.jobs.items():
        sizes_: dict[tuple[str, ...], str] = {("sagemaker",): job.sagemaker.instance_type}
        if isinstance(job, Step) and job.cluster:
            sizes_[("cluster", "sagemaker")] = job.cluster.sagemaker.instance_type
        for path, instance in sizes_.items():
            if job.service == "sagemaker" and has_own_disks(instance):
                expected = "one without disks of its own, which the customer's key does not encrypt"
                place = (*job_path(name), *path, "instance_type")
                yield Violation(place, quoted(instance), expected, "as ml.m5.xlarge")


def image_regions(draft: Draft) -> Iterator[Violation]:
    """The region has AWS's image of every runtime in use; reported once, for the first job that lacks it."""
    for name, job in draft.jobs.items():
        for runtime in job.runtimes:
            if RUNTIMES[runtime].image and draft.region not in (None, *images.registries(runtime)):
                expected = f"a region with AWS's image for {quoted(runtime)}, which {quoted(name)} runs on"
                advice = (
                    "take another region, or run python -m data_pipeline images refresh if AWS has it by now"
                )
                yield Violation(("region",), quoted(str(draft.region)), expected, advice)
                return


def job_names(draft: Draft) -> Iterator[Violation]:
    """Checked for every job, on SageMaker or not: the service is one word that anybody may change."""
    names = (*draft.step_names, *([MAINTENANCE] if draft.maintenance else []))
    for step in names if draft.names else ():
        fixed = draft.names.job(step) if draft.names else ""
        length = len(fixed) + JOB_SUFFIX
        if length > JOB_NAME_LIMIT:
            found = (
                f"job names of {length} characters ({quoted(fixed)} and {JOB_SUFFIX} that tell runs apart)"
            )
            advice = f"shorten the step, the environment or the pipeline by {length - JOB_NAME_LIMIT}"
            yield Violation(job_path(step), found, f"at most {JOB_NAME_LIMIT}", advice)


def scripts(draft: Draft) -> Iterator[Violation]:
    for name, job in draft.jobs.items():
        if job.script not in draft.scripts:
            near = did_you_mean(job.script, draft.scripts)
            advice = near or f"write jobs/{job.script}"
            yield Violation((*job_path(name), "script"), quoted(job.script), "a file in jobs/", advice)


def order(draft: Draft) -> Iterator[Violation]:
    """Every ``after`` names another step, and one step alone has none."""
    for name, step in draft.steps.items():
        others = [other for other in draft.step_names if other != name]
        if step.after is not None and step.after not in others:
            expected = f"another step: {one_of(others)}" if others else "nothing, for the only step"
            near = did_you_mean(step.after, others)
            yield Violation(("steps", name, "after"), quoted(step.after), expected, near)
    first, *more = [name for name, step in draft.steps.items() if step.after is None] or [""]
    for name in more:
        advice = f"say which step it follows, as in 'after: {first}'"
        found = f"a second step without 'after' ({quoted(first)} is the first)"
        yield Violation(("steps", name, "after"), found, "one first step", advice)


def circles(draft: Draft) -> Iterator[Violation]:
    """Steps that follow each other round; a circle is reported once, at its first step."""
    seen: set[str] = set()
    for start in draft.steps:
        trail: list[str] = []
        name: str | None = start
        while name is not None and name in draft.steps and name not in seen:
            seen.add(name)
            trail.append(name)
            name = draft.steps[name].after
        circle = trail[trail.index(name) :] if name in trail else []
        if name is not None and len(circle) > 1:
            found = "a circle: " + " after ".join([*circle, circle[0]])
            yield Violation(
                ("steps", circle[0], "after"), found, "steps one after the other", "remove one 'after'"
            )


def results(draft: Draft) -> Iterator[Violation]:
    owner: dict[str, str] = {}
    for name, step in draft.steps.items():
        if step.result in owner:
            found = f"{quoted(step.result)}, the result of {quoted(owner[step.result])} too"
            yield Violation(
                ("steps", name, "result"), found, "a name of its own", "two steps would write one file"
            )
        elif step.result:
            owner[step.result] = name


def tables_of_steps(draft: Draft) -> Iterator[Violation]:
    """A script of the project's own makes no table that is a data set's, or made of them by SQL."""
    loads = [step for step in draft.steps.values() if step.script == default_steps.SCRIPT]
    made = {table for step in loads for table in step.tables}
    own = {name: step for name, step in draft.steps.items() if step not in loads}
    for name, step in own.items():
        for place, table in enumerate(step.tables):
            if table in made:
                found = f"{quoted(table)}, which {quoted(default_steps.SCRIPT)} publishes"
                yield Violation(("steps", name, "tables", place), found, "a table of its own")


def states(draft: Draft) -> Iterator[Violation]:
    """Steps whose states the machine could not tell apart; of two steps, the later one is reported."""
    taken = state_names.of_no_step(draft.steps, draft.notify)
    for name in draft.step_names:
        mine = state_names.of_step(name, draft.steps.get(name))
        clash = next((state for state in mine if state in taken), None)
        if clash:
            found = f"a step whose state would be called {quoted(clash)}, as {taken[clash]} has one"
            yield Violation(("steps", name), found, "another name", "rename the step")
        taken |= dict.fromkeys(mine, f"the step {quoted(name)}")


def sizes(draft: Draft) -> Iterator[Violation]:
    """Sizes that belong to the other runtime, and a time limit that only Glue has."""
    for name, job in draft.jobs.items():
        if job.service == "sagemaker" and job.timeout_minutes > SAGEMAKER_TIMEOUT_MINUTES:
            expected = f"at most {SAGEMAKER_TIMEOUT_MINUTES} on SageMaker"
            found = f"the number {job.timeout_minutes}"
            yield Violation((*job_path(name), "timeout_minutes"), found, expected, "or 'service: glue'")
        shell = job.glue.runtime == "glue-pythonshell"
        foreign = ("worker_type", "workers") if shell else ("max_capacity",)
        for key in foreign:
            if key in job.glue.model_fields_set:
                found = f"a size that {quoted(job.glue.runtime)} does not have"
                expected = "max_capacity" if shell else "worker_type and workers"
                advice = "remove it here, and write it where the other runtime is used"
                yield Violation((*job_path(name), "glue", key), found, expected, advice)


def clusters(draft: Draft) -> Iterator[Violation]:
    """A cluster needs a step before that says how much there is to read, and a runtime that has one."""
    for name, step in draft.steps.items():
        if step.cluster is None:
            continue
        path = ("steps", name, "cluster")
        before = draft.steps.get(step.after or "")
        if step.after is None or (before is not None and before.result is None):
            found = "a cluster of a step without a result before it"
            advice = "give the step before a 'result' that holds 'bytes', or remove the cluster"
            yield Violation(path, found, "a step before it that says how much there is to read", advice)
        elif (between := _right_before(draft, name)) not in (None, step.after):
            found = f"a cluster of a step that follows {quoted(step.after)} and runs behind {quoted(str(between))}"
            yield Violation(path, found, "nothing between the two", f"write 'after: {between}'")
        if step.service == "glue" and step.glue.runtime == "glue-pythonshell":
            found = f"a cluster on {quoted(step.glue.runtime)}"
            yield Violation(path, found, "the runtime 'glue-spark'", "a Python shell is one machine")


def _right_before(draft: Draft, name: str) -> str | None:
    """The step that runs right before, if the order of all steps can be told."""
    if any(step.after not in (None, *draft.steps) for step in draft.steps.values()) or [*circles(draft)]:
        return None
    ordered = [other for other, _ in in_order(draft.steps)]
    return ordered[ordered.index(name) - 1]


#: placeholder of a document in the artifact bucket → the folder that it lies in.
_DOCUMENTS = {"features": "features", "sources": "sources", "definitions": "datasets"}


def _document(names: Names, folder: str) -> int:
    """Characters of the URI of a document, whose name is a hash."""
    return len(f"s3:///{names.artifacts}/{folder}/.json") + LONGEST_BUCKET + 64


def argument_lengths(draft: Draft) -> Iterator[Violation]:
    """A value that would be too long for a container once its placeholders are filled."""
    if draft.data is None or draft.names is None:
        return
    bucket = len(draft.data.bucket) if draft.data.bucket else LONGEST_BUCKET
    longest = {
        "input": len("s3:///") + bucket + len(draft.data.input) + 1,
        "output": len("s3:///") + bucket + len(draft.data.output) + 1,
        "run": LONGEST_RUN,
        "planned": LONGEST_RUN,
        "database": len(draft.names.database),
        "code_version": 64,
        **{name: _document(draft.names, folder) for name, folder in _DOCUMENTS.items()},
        **LONGEST_OF_INPUT,
    }
    for name, job in draft.jobs.items():
        given: dict[tuple[str, ...], str] = {
            ("arguments", key): value for key, value in job.arguments.items()
        }
        if isinstance(job, Step) and job.cluster:
            given |= {("cluster", "arguments", k): value for k, value in job.cluster.arguments.items()}
        for path, value in given.items():
            length = arguments.filled_length(value, longest)
            if length > arguments.LONGEST:
                found = f"a value of up to {length} characters once it is filled"
                advice = "shorten it, or pass it in a file and its URI here"
                yield Violation((*job_path(name), *path), found, f"at most {arguments.LONGEST}", advice)


def upkeep(draft: Draft) -> Iterator[Violation]:
    """The maintenance's name is its own, and its tables are published by a step."""
    if draft.maintenance is None:
        return
    if MAINTENANCE in draft.step_names:
        yield Violation(("steps", MAINTENANCE), "the maintenance's name", "another name", "rename the step")
    published = [table for step in draft.steps.values() for table in step.tables]
    for table in draft.maintenance.tables:
        if table not in published:
            expected = f"a table that a step publishes: {one_of(published)}" if published else "no table"
            near = did_you_mean(table, published)
            yield Violation((MAINTENANCE, "tables"), quoted(table), expected, near)


def isolation(environments: Mapping[str, Environment]) -> Iterator[tuple[str, Violation]]:
    """Environments that would write into each other's data: same world, same bucket, overlapping prefixes."""
    seen: list[Environment] = []
    for name, env in environments.items():
        for other in seen:
            if env.data.bucket is None or (env.data.bucket, env.endpoint) != (
                other.data.bucket,
                other.endpoint,
            ):
                continue
            pairs = {
                "output": (other.data.output, other.data.input),
                "input": (other.data.output,),
            }
            for key, theirs in pairs.items():
                mine: str = getattr(env.data, key)
                if any(overlap(mine, prefix) for prefix in theirs):
                    found = f"{quoted(mine)} in {quoted(env.data.bucket)}, where {quoted(other.name)} is too"
                    advice = "give each environment a bucket, or prefixes, of its own"
                    yield (
                        name,
                        Violation(("data", key), found, "data apart from every other environment's", advice),
                    )
                    break
        seen.append(env)
