"""A small pipeline stack: a state machine of the test's own behind the outputs that `run` relies on."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from clients import client
from embedded_aws.featurestore.conftest import definitions, record, writer_of
from published import TABLES, TRIP_COUNTS

from data_pipeline.embedded_aws.server.endpoint import Endpoint

STACK = "nyc-tlc-local-pipeline"
BUCKET = "run-tests"
DATABASE = "nyc_tlc_local"
SUMMARY_KEY = "output/summary.json"
SUMMARY: dict[str, Any] = {
    "version": 1,
    "rows": {"read": 1234, "counted": 1232, "quarantined": 2},
    "files": [
        {
            "source": "green_tripdata_2019-01.csv",
            "rows_read": 1234,
            "rows_counted": 1232,
            "rows_quarantined": 2,
            "error": None,
        },
        {
            "source": "green_tripdata_2019-02.csv",
            "rows_read": 0,
            "rows_counted": 0,
            "rows_quarantined": 0,
            "error": "is an HTML page [403]",
        },
    ],
    "windows": 96,
    "tables": {"ride_counts": {"snapshot": "77", "rows": 96}},
    "export": f"s3://{BUCKET}/output/export/X.parquet",
    "quarantine": f"s3://{BUCKET}/output/quarantine/run=r/",
}
#: feature of the group `rides` → its type, as SageMaker spells it.
FEATURES = {
    **dict.fromkeys(("dataset", "window_end"), "String"),
    **dict.fromkeys(("rides", "minutes", "dow", "month", "doy"), "Integral"),
    **dict.fromkeys(("available_at", "available_by"), "String"),
}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
#: what a machine of a test may do: write and read results in the bucket, look for other executions.
MAY = {
    "PolicyName": "permissions",
    "PolicyDocument": {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["s3:GetObject", "s3:PutObject"],
                "Resource": f"arn:aws:s3:::{BUCKET}/*",
            },
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{BUCKET}"},
            {"Effect": "Allow", "Action": "states:ListExecutions", "Resource": "*"},
        ],
    },
}


def publishing() -> dict[str, Any]:
    """States that end as a run does: with a verdict that names the summary."""
    verdict = {"version": 1, "summary": f"s3://{BUCKET}/{SUMMARY_KEY}"}
    return {
        "Publish": {"Type": "Pass", "Output": verdict, "Next": "Published"},
        "Published": {"Type": "Succeed"},
    }


def failing(error: str, cause: str) -> dict[str, Any]:
    """A first state that leads to the Fail state ``Failed``."""
    return {
        "Load": {"Type": "Pass", "Next": "Failed"},
        "Failed": {"Type": "Fail", "Error": error, "Cause": cause},
    }


def waiting() -> dict[str, Any]:
    """A state that lasts longer than any test."""
    return {"Wait": {"Type": "Wait", "Seconds": 600, "Next": "Published"}, "Published": {"Type": "Succeed"}}


@dataclass
class Deployed:
    """The stack on an embedded AWS."""

    endpoint: Endpoint
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = client(self.endpoint, service)
        return self._clients[service]

    def deploy(
        self,
        states: dict[str, Any],
        parameters: dict[str, Any] | None = None,
        more: dict[str, Any] | None = None,
    ) -> None:
        """Make the stack with these states, the first of which is the start; ``more``: resources besides."""
        definition = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), "States": states}
        machine = {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "StateMachineName": f"m-{uuid.uuid4().hex}",
                "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
                "DefinitionString": json.dumps(
                    definition
                ),  # a template takes no null, which a state may have
            },
        }
        outputs = {
            "StateMachineArn": {"Ref": "Machine"},
            "InputUri": f"s3://{BUCKET}/input/",
            "OutputUri": f"s3://{BUCKET}/output/",
        }
        template = {
            "Parameters": parameters or {},
            "Resources": {
                **(more or {}),
                "Role": {
                    "Type": "AWS::IAM::Role",
                    "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": [MAY]},
                },
                "Machine": machine,
            },
            "Outputs": {name: {"Value": value} for name, value in outputs.items()},
        }
        stacks = self.client("cloudformation")
        stacks.create_stack(
            StackName=STACK, TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        stacks.get_waiter("stack_create_complete").wait(
            StackName=STACK, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
        )

    def delete(self) -> None:
        """Remove the stack, the database and everything in the bucket."""
        stacks = self.client("cloudformation")
        stacks.delete_stack(StackName=STACK)
        stacks.get_waiter("stack_delete_complete").wait(
            StackName=STACK, WaiterConfig={"Delay": 0.1, "MaxAttempts": 300}
        )
        with contextlib.suppress(ClientError):  # no test before has made it
            self.client("glue").delete_database(Name=DATABASE)
        s3 = self.client("s3")
        if BUCKET not in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=BUCKET)
        for item in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            s3.delete_object(Bucket=BUCKET, Key=item["Key"])

    @contextmanager
    def feature_group(self, *stores: str) -> Iterator[str]:
        """The name of SageMaker's group of `rides`, with these stores, for a while."""
        name = "nyc-tlc-local-rides"
        place = {"S3StorageConfig": {"S3Uri": f"s3://{BUCKET}/output/offline"}, "TableFormat": "Iceberg"}
        made = {
            "online": {"OnlineStoreConfig": {"EnableOnlineStore": True}},
            "offline": {"OfflineStoreConfig": place},
        }
        sagemaker = self.client("sagemaker")
        sagemaker.create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName="dataset",
            EventTimeFeatureName="window_end",
            FeatureDefinitions=definitions(FEATURES),
            RoleArn=writer_of(self.client("iam"), BUCKET, "output/offline"),
            **{member: value for store in stores for member, value in made[store].items()},
        )
        try:
            yield name
        finally:
            sagemaker.delete_feature_group(FeatureGroupName=name)

    def write(self, group: str, **values: str | int) -> None:
        """A record, to all stores of a feature group."""
        runtime = self.client("sagemaker-featurestore-runtime")
        runtime.put_record(FeatureGroupName=group, Record=record(**values))

    def put(self, key: str, body: str = "x", **more: Any) -> None:
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body.encode(), **more)

    def keys(self) -> dict[str, str]:
        """Key → ETag of the bucket's objects."""
        listed = self.client("s3").list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return {item["Key"]: item["ETag"] for item in listed}

    def executions(self) -> list[dict[str, Any]]:
        arn = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
        machine = next(o["OutputValue"] for o in arn if o["OutputKey"] == "StateMachineArn")
        found: list[dict[str, Any]] = self.client("stepfunctions").list_executions(stateMachineArn=machine)[
            "executions"
        ]
        return found


def publish(run: str, factor: int) -> None:
    """Replace the rows of ride_counts, as the run of this name does; AWS's settings are in the environment."""
    from features.conftest import rides

    _publish(run, rides(factor, hours=500), "2019-01..2019-12")


def publish_years(run: str, factor: int) -> None:
    """The same with an hour of every fourth day of six years."""
    from features.conftest import rides

    rows = rides(factor, datetime(2015, 1, 1), 24 * 365 * 6)  # noqa: DTZ001 - a wall clock
    _publish(run, rows.take(list(range(0, len(rows), 97))), "2015-01..2020-12")


def _publish(run: str, rows: pa.Table, months: str) -> None:
    from data_pipeline.etl.publishing import tables

    at = tables.connect(f"glue:{DATABASE}", f"s3://{BUCKET}/output/warehouse", TABLES)
    table = at.load("ride_counts")
    noted = {"pipeline.run": run, "pipeline.covered-months": f"fhv {months}; green {months}"}
    tables.replace(table, [task.file for task in table.scan().plan_files()], [rows], noted)


def publish_trips(trips: dict[str, int]) -> None:
    """Add rows of trip_counts, one window of each data set."""
    from data_pipeline.etl.publishing import tables

    at = tables.connect(f"glue:{DATABASE}", f"s3://{BUCKET}/output/warehouse", TABLES)
    starts = [datetime(2019, 6, 3, 8)] * len(trips)  # noqa: DTZ001 - a wall clock
    columns = {"month": ["2019-06"] * len(trips), "window_start": starts, "trips": [*trips.values()]}
    rows = pa.table({**columns, "dataset": [*trips]}).cast(TRIP_COUNTS)
    tables.replace(at.load("trip_counts"), [], [rows], {"pipeline.run": "first"})


def machine_name(deployed: Deployed) -> str:
    """The name of the state machine of the test's stack."""
    (stack,) = deployed.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    return str(outputs["StateMachineArn"]).rpartition(":")[2]


def filled(policy: Path, deployed: Deployed, machine: str = "") -> str:
    """A policy of docs/reference with its placeholders filled in. ``machine``: the name of the test's state machine,
    where it has one of its own.
    """
    own = {f"{kind}:PIPELINE-*": f"{kind}:{machine}" for kind in ("stateMachine", "execution")}
    values = {
        **(own if machine else {}),
        "role/PIPELINE-*": f"role/{STACK}-*",
        "ACCOUNT_ID": deployed.endpoint.account,
        "REGION": deployed.endpoint.region,
        "DATABASE_PREFIX": "nyc_tlc",
        "PIPELINE": "nyc-tlc",
        "DATA_BUCKET": BUCKET,
        "ARTIFACT_BUCKET": BUCKET,
    }
    text = policy.read_text(encoding="utf-8")
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    return text


def act_as(
    deployed: Deployed, name: str, policy: str, folder: Path, patch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Let commands act as a new user, who has exactly this policy; the user's keys."""
    iam, user = client(deployed.endpoint, "iam"), f"{name}-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=user)
    made = iam.create_policy(PolicyName=user, PolicyDocument=policy)["Policy"]
    iam.attach_user_policy(UserName=user, PolicyArn=made["Arn"])
    key = iam.create_access_key(UserName=user)["AccessKey"]
    keys = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    (folder / f"{name}.json").write_text(json.dumps(keys))
    patch.setenv("DATA_PIPELINE_LOCAL_CREDENTIALS", str(folder / f"{name}.json"))
    return keys
