"""sagemaker-core: processing jobs and feature groups as objects."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import boto3
from cases import DATABASE, case, refused
from sagemaker.core.resources import FeatureGroup, ProcessingJob, TrainingJob
from sagemaker.core.shapes import FeatureDefinition, FeatureValue, OnlineStoreConfig

PACKAGES = ("sagemaker-core",)


def role() -> str:
    iam, name = boto3.client("iam"), f"{DATABASE}-features"
    trust = (
        '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": '
        '{"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}]}'
    )
    return str(iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


@case
def what_there_is() -> None:
    assert isinstance(list(ProcessingJob.get_all()), list)
    assert isinstance(list(FeatureGroup.get_all()), list)


@case
def a_feature_group_and_its_records() -> None:
    group = FeatureGroup.create(
        feature_group_name=f"{DATABASE}-orders",
        record_identifier_feature_name="id",
        event_time_feature_name="at",
        feature_definitions=[
            FeatureDefinition(feature_name="id", feature_type="String"),
            FeatureDefinition(feature_name="at", feature_type="String"),
        ],
        online_store_config=OnlineStoreConfig(enable_online_store=True),
        role_arn=role(),
    )
    group.wait_for_status("Created")
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    values = {"id": "1", "at": now}
    group.put_record([FeatureValue(feature_name=name, value_as_string=text) for name, text in values.items()])
    time.sleep(0.2)
    found = group.get_record(record_identifier_value_as_string="1")
    assert {each.feature_name: each.value_as_string for each in found.record} == values
    group.delete_record(record_identifier_value_as_string="1", event_time=now)
    group.delete()


@refused("sagemaker:ListTrainingJobs")
def training_jobs() -> None:
    list(TrainingJob.get_all())
