"""The configuration's models: what ``pipeline.yaml`` and an environment's file may say, once they are merged.

Each field carries its description and examples, from which the editor's schema and the reference page are
made, and the check of its value. What concerns several fields at once is in ``rules``; places and messages
are ``load``'s.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from data_pipeline.core.facts import limits
from data_pipeline.core.facts.service_limits import RETENTION_DAYS
from data_pipeline.core.naming import MAINTENANCE, Names

from . import arguments
from .access import KEY_EXAMPLE, Artifacts, Iam, KeyArn, Kms, Security, Vpc
from .athena import Athena
from .datasets import Dataset, DatasetName
from .feature_document import takes_features
from .feature_groups import FeatureGroup, GroupName, TrainingSet
from .notify import Notify
from .retention import Retention
from .sizes import ArgumentName, ArgumentValue, Cluster, Expected, Glue, Model, SageMaker
from .sources import Mirror, Source, SourceName
from .tables import Table

Service = Literal["sagemaker", "glue"]
Location = Literal["input", "runs", "quarantine", "export", "warehouse", "state"]


PipelineName = Annotated[str, AfterValidator(limits.name)]
StepName = Annotated[str, AfterValidator(limits.step_name)]
Script = Annotated[str, AfterValidator(limits.script), Expected("the name of a Python file in jobs/")]
ResultName = Annotated[str, AfterValidator(limits.result_name)]
TableName = Annotated[str, AfterValidator(limits.table_name)]
Region = Annotated[
    str,
    AfterValidator(limits.region),
    Expected("a region of AWS"),
    Field(json_schema_extra={"enum": [*limits.KNOWN_REGIONS]}),
]
Account = Annotated[
    str,
    AfterValidator(limits.account),
    Expected("the 12 digits of an account id"),
    Field(json_schema_extra={"pattern": "^[0-9]{12}$"}),
]
Bucket = Annotated[str, AfterValidator(limits.bucket), Expected("a bucket's name")]
KeyPrefix = Annotated[str, AfterValidator(limits.key_prefix), Expected("a key prefix")]
ScheduleExpression = Annotated[str, AfterValidator(limits.expression), Expected("cron(…) or rate(…)")]
TimeZone = Annotated[str, AfterValidator(limits.timezone), Expected("a name of the IANA time zone database")]
RetentionDays = Annotated[
    int, AfterValidator(limits.retention_days), Field(json_schema_extra={"enum": [*RETENTION_DAYS]})
]
TagKey = Annotated[str, AfterValidator(limits.tag_key)]
TagValue = Annotated[str, AfterValidator(limits.tag_value)]


def _ingests(step: Any) -> bool:
    """Whether a step, as it is written, is given the feature groups."""
    arguments_ = step.get("arguments") if isinstance(step, dict) else None
    return isinstance(arguments_, dict) and takes_features(arguments_)


class Data(Model):
    """Where the data live."""

    bucket: Bucket | None = Field(
        None,
        description="An existing bucket for the data. Without it, the storage stack makes one.",
        examples=["my-company-data"],
    )
    kms_key: KeyArn | None = Field(
        None,
        description="ARN of the key that encrypts the existing bucket, where it is not S3's or AWS's own; the roles "
        "may use it, through S3.",
        examples=[KEY_EXAMPLE],
    )
    input: KeyPrefix = Field(
        "input", description="Key prefix of the originals, which are never changed.", examples=["shop/input"]
    )
    output: KeyPrefix = Field(
        "output",
        description="Key prefix of everything the pipeline writes; neither inside the input nor around it.",
        examples=["shop/output"],
    )


class Job(Model):
    """A script in `jobs/` on one of two services."""

    script: Script = Field(description="The script's file name in `jobs/`.", examples=["publish.py"])
    service: Service = Field(description="Where the script runs. This one word moves it.")
    timeout_minutes: int = Field(
        60,
        ge=1,
        le=limits.GLUE_TIMEOUT_MINUTES,
        description="When the service stops the job: at most 7200 on SageMaker, 10080 on Glue.",
        examples=[240],
    )
    arguments: dict[ArgumentName, ArgumentValue] = Field(
        {},
        description="What the script is given, as `--name value`. Values may hold placeholders: "
        + ", ".join(f"{{{name}}}" for name in arguments.PLACEHOLDERS)
        + ".",
        examples=[{"input": "{input}", "plan": "{output}runs/{run}/plan.json"}],
    )
    reads: Annotated[tuple[Location, ...], AfterValidator(limits.distinct)] = Field(
        (),
        description="Where the script reads; its role may read there and nowhere else.",
        examples=[["input"]],
    )
    writes: Annotated[tuple[Location, ...], AfterValidator(limits.distinct)] = Field(
        (),
        description="Where the script writes; its role may write there and nowhere else.",
        examples=[["runs"]],
    )
    tables: Annotated[tuple[TableName, ...], AfterValidator(limits.distinct)] = Field(
        (), description="Tables of the Glue database that the script commits to.", examples=[["orders"]]
    )
    sagemaker: SageMaker = Field(
        SageMaker.model_construct(), description="Its size when the service is sagemaker."
    )
    glue: Glue = Field(Glue.model_construct(), description="Its size when the service is glue.")

    @property
    def runtime(self) -> str:
        return self.sagemaker.runtime if self.service == "sagemaker" else self.glue.runtime

    @property
    def runtimes(self) -> tuple[str, ...]:
        """Every runtime that the script may run on."""
        return (self.runtime,)


class Step(Job, defer_build=False):  # one is read by itself, too; the environment's validator takes it over
    """One job of the pipeline, in its place among the others."""

    after: str | None = Field(
        None,
        description="The step that this one follows. Exactly one step follows none.",
        examples=["prepare"],
    )
    result: ResultName | None = Field(
        None,
        description="The small JSON file that the step leaves as runs/<run>/<result>.json, for the machine.",
        examples=["decision"],
    )
    cluster: Cluster | None = Field(
        None, description="A Spark cluster in the place of the one machine when there is much to read."
    )

    @property
    def runtimes(self) -> tuple[str, ...]:
        """The step's runtime, and its cluster's where that is another one."""
        on = (self, self.on_cluster) if self.on_cluster else (self,)
        return tuple(dict.fromkeys(step.runtime for step in on))

    @property
    def on_cluster(self) -> Step | None:
        """The step as it is when its cluster runs it."""
        if self.cluster is None:
            return None
        machines, workers = self.cluster.sagemaker, self.cluster.glue
        changes = {
            "sagemaker": SageMaker(runtime="sagemaker-spark", **machines.model_dump()),
            "glue": self.glue.model_copy(update=workers.model_dump()),
            "arguments": {**self.arguments, **self.cluster.arguments},
        }
        return self.model_copy(update=changes)


class Schedule(Model):
    """When EventBridge Scheduler starts the pipeline."""

    enabled: bool = Field(True, description="Whether the schedule starts anything.")
    expression: ScheduleExpression = Field(
        "cron(0 6 * * ? *)",
        description="cron(minutes hours day-of-month month day-of-week year), with ? for one of the days, "
        "or rate(n minutes), rate(n hours), rate(n days). A time that the zone's clock leaves out in spring starts "
        "nothing, one that it repeats in autumn starts one run.",
        examples=["cron(0 6 * * ? *)", "rate(12 hours)"],
    )
    timezone: TimeZone = Field(
        "UTC", description="Time zone in which cron counts.", examples=["America/New_York", "Europe/Berlin"]
    )


class WeeklySchedule(Schedule):
    """When EventBridge Scheduler starts the maintenance."""

    expression: ScheduleExpression = Field(
        "cron(0 12 ? * SUN *)",
        description="As in `schedule`, once a week unless it says otherwise.",
        examples=["cron(0 12 ? * SUN *)"],
    )


class Maintenance(Job):
    """The job that expires old snapshots of the tables, in a state machine and on a schedule of its own."""

    deletes: Annotated[tuple[Location, ...], AfterValidator(limits.distinct)] = Field(
        (),
        description="Where the script deletes; its role may delete there and nowhere else.",
        examples=[["warehouse"]],
    )
    schedule: WeeklySchedule = Field(
        WeeklySchedule.model_construct(), description="When it starts by itself."
    )


class Environment(Model):
    """One environment of the pipeline: `pipeline.yaml` merged with the environment's own file."""

    pipeline: PipelineName = Field(
        description="The pipeline's name, with which every name in the account begins.", examples=["shop"]
    )
    name: str
    region: Region = Field(
        description="The region. Deploy and run refuse credentials that are set to another one.",
        examples=["us-east-1"],
    )
    account: Account | None = Field(
        None,
        description="The account id, in quotes. Where it is given, deploy and run refuse any other account.",
        examples=["123456789012"],
    )
    endpoint: Literal["aws", "embedded"] = Field(
        "aws", description="`aws`, or `embedded` for the AWS on this machine, which needs no account."
    )
    data: Data = Field(Data.model_construct(), description="Where the data live.")
    artifacts: Artifacts = Field(Artifacts.model_construct(), description="The bucket of code and packages.")
    steps: dict[StepName, Step] = Field(
        min_length=1,
        description="The pipeline's jobs, by name. An environment changes what it names, no more. With `datasets`, the "
        "steps `prepare`, `load` and (for feature groups with a store) `ingest` are there by themselves: here they are "
        "resized, moved to the other service, or put behind a step of the project's own.",
    )
    datasets: dict[DatasetName, Dataset] = Field(
        {}, description="What the input's files mean, by name: each data set becomes a table."
    )
    tables: dict[DatasetName, Table] = Field(
        {}, description="Tables that are made of data sets, and of each other, with SQL."
    )
    sources: dict[SourceName, Source] = Field(
        {}, description="Where files are mirrored from, by name, into the input."
    )
    mirror: Mirror = Field(Mirror.model_construct(), description="How the sources are asked.")
    features: dict[GroupName, FeatureGroup] = Field(
        {}, description="Feature groups: what the published tables offer to models, by name."
    )
    training_sets: dict[GroupName, TrainingSet] = Field(
        {}, description="Training sets that `training-set create` freezes, by name."
    )
    athena: Athena = Field(Athena.model_construct(), description="How the tables are asked with SQL.")
    schedule: Schedule = Field(Schedule.model_construct(), description="When the pipeline starts by itself.")
    maintenance: Maintenance | None = Field(
        None, description="The upkeep of the tables. Without it, they keep every snapshot and file."
    )
    log_retention_days: RetentionDays = Field(
        30, description="How long CloudWatch keeps the logs of state machine and jobs.", examples=[90]
    )
    retention: Retention = Field(
        Retention.model_construct(), description="After how many days what is no longer needed is deleted."
    )
    iam: Iam | None = Field(None, description="What every role is made with.")
    vpc: Vpc | None = Field(None, description="The network in which the jobs run.")
    kms: Kms | None = Field(None, description="Which key encrypts what the stacks hold.")
    lake_formation: bool = Field(
        False,
        description="Whether the roles are granted the database and its tables in Lake Formation, too: for an account "
        "whose new databases are not open to IAMAllowedPrincipals.",
    )
    security: Security | None = Field(None, description="What security reviews ask for besides.")
    notify: Notify | None = Field(
        None, description="Who is told how runs end. Without it, nobody is, and there are no alarms."
    )
    tags: dict[TagKey, TagValue] = Field(
        {},
        description="Tags of both stacks, all in them and every processing job, beside `pipeline` and `environment`.",
        max_length=limits.MOST_TAGS,
        examples=[{"team": "shop"}],
    )

    @model_validator(mode="before")
    @classmethod
    def _without_idle_steps(cls, given: Any) -> Any:
        """Without a step that ingests records where no feature group has a store to ingest them into."""
        if not isinstance(given, dict) or not isinstance(given.get("steps"), dict):
            return given
        groups = given.get("features")
        named = groups.values() if isinstance(groups, dict) else ()
        if any(isinstance(group, dict) and (group.get("online") or group.get("offline")) for group in named):
            return given
        steps = {name: step for name, step in given["steps"].items() if not _ingests(step)}
        return {**given, "steps": steps}

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags of all that the environment has, those that come with every pipeline included."""
        return {**self.tags, "pipeline": self.pipeline, "environment": self.name}

    @property
    def names(self) -> Names:
        return Names(self.pipeline, self.name)

    @property
    def jobs(self) -> dict[str, Job]:
        """Every script that a deployment runs, by name: the steps, and the maintenance."""
        return {**self.steps, **({MAINTENANCE: self.maintenance} if self.maintenance else {})}

    @property
    def managed_features(self) -> dict[str, FeatureGroup]:
        """The feature groups that are SageMaker's too, by name."""
        return {name: group for name, group in self.features.items() if group.managed}

    @property
    def customer_key(self) -> bool:
        """Whether the storage stack has a key."""
        return self.kms is not None and self.kms.customer_key

    @property
    def key_of_data(self) -> bool:
        """Whether that key encrypts the data: a bucket that the user brings is encrypted as he decided."""
        return self.customer_key and self.data.bucket is None

    @property
    def traced(self) -> bool:
        """Whether X-Ray traces executions."""
        return self.security is not None and self.security.tracing

    @property
    def glue_configuration(self) -> bool:
        """Whether the jobs on Glue have a security configuration."""
        on_glue = any(job.service == "glue" for job in self.jobs.values())
        return self.security is not None and self.security.glue_configuration and on_glue

    @property
    def own_topic(self) -> bool:
        """Whether the pipeline stack has a topic."""
        return self.notify is not None and self.notify.topic is None

    @property
    def mirrors(self) -> bool:
        """Whether each run mirrors the sources."""
        return bool(self.sources) and self.mirror.on_run

    @property
    def mirrored(self) -> dict[SourceName, Source]:
        """The sources that each run mirrors."""
        return self.sources if self.mirrors else {}

    @property
    def on_glue(self) -> bool:
        """Whether a step's jobs run on Glue."""
        return any(step.service == "glue" for step in self.steps.values())

    @property
    def embedded(self) -> bool:
        return self.endpoint == "embedded"
