"""What the configuration says of roles' limits and of the network, and each way to say it wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest
from environments import BUCKET_KEY

from data_pipeline.core.facts.limits import has_own_disks
from data_pipeline.core.loading.load import load_environment
from tests.core.config_project import PIPELINE, message, project

NETWORK = "vpc: {subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d], availability_zone: us-east-1a}\n"
SOURCE = "steps: {prepare: {arguments: {source: 'https://example.org/x'}}}\n"


@pytest.mark.parametrize(
    ("dev", "said"),
    [
        (
            "iam: {permissions_boundary: 'arn:aws:iam::123456789012:policy/team/limit'}\n",
            "iam.permissions_boundary: found 'arn:aws:iam::123456789012:policy/team/limit', expected the name of a "
            "policy, without its ARN; write 'team/limit'",
        ),
        (
            "iam: {permissions_boundary: 'my limit'}\n",
            "iam.permissions_boundary: found 'my limit', expected the name of a policy, with its path, as in "
            "'boundaries/pipelines'",
        ),
        (
            "iam: {role_path: data}\n",
            "iam.role_path: found 'data', expected a path that begins and ends with '/', as in '/data/'; "
            "write '/data/'",
        ),
        (
            "iam: {boundary: x}\n",
            "iam.boundary: found an unknown key, expected 'permissions_boundary' or 'role_path'",
        ),
        (
            NETWORK.replace("subnet-0a1b2c3d", "subnet-1"),
            "vpc.subnets[0]: found 'subnet-1', expected an id, as in 'subnet-0f4e2a9b1c3d5e7fa'",
        ),
        (
            NETWORK.replace("sg-0a1b2c3d", "subnet-0a1b2c3d"),
            "vpc.security_groups[0]: found 'subnet-0a1b2c3d', expected an id, as in 'sg-0f4e2a9b1c3d5e7fa'",
        ),
        (
            NETWORK.replace("us-east-1a", "us-east-1"),
            "vpc.availability_zone: found 'us-east-1', expected an availability zone, as in 'us-east-1a'",
        ),
        (
            NETWORK.replace("us-east-1a", "us-east-2a"),
            "vpc.availability_zone: found 'us-east-2a', expected a zone of us-east-1; or take another region",
        ),
        (
            NETWORK.replace(", availability_zone: us-east-1a", ""),
            "vpc: found no key 'availability_zone', and 'prepare' on Glue, expected the zone of subnet-0a1b2c3d; "
            "add 'availability_zone: …'",
        ),
        (
            NETWORK + SOURCE,
            "steps.prepare.arguments.source: found 'https://example.org/x', expected an address inside the VPC, "
            "which has no way out; write 'egress: nat' under vpc if its subnets reach the internet",
        ),
        (
            "endpoint: embedded\n" + NETWORK,
            "vpc: found an option of AWS, expected none: the embedded AWS has no network; write 'vpc: null' in the "
            "environment's file",
        ),
        (
            "endpoint: embedded\niam: {role_path: /data/}\n",
            "iam: found an option of AWS, expected none: the embedded AWS has no policies and paths of an account; "
            "write 'iam: null' in the environment's file",
        ),
        (
            "endpoint: embedded\nkms: {customer_key: true}\n",
            "kms: found an option of AWS, expected none: the embedded AWS does not encrypt; write 'kms: null' in the "
            "environment's file",
        ),
        (
            "endpoint: embedded\nsecurity: {tracing: true}\n",
            "security: found an option of AWS, expected none: the embedded AWS keeps no access logs and no traces, and "
            "does not encrypt; write 'security: null' in the environment's file",
        ),
        (
            "data: {bucket: my-trips}\nsecurity: {access_logs: my-logs}\n",
            "security.access_logs: found a bucket for the access logs of 'my-trips', expected no bucket: the data are "
            "in one of yours; switch them on where that bucket is made, and remove 'access_logs'",
        ),
        (
            "security: {access_logs: My_Logs}\n",
            "security.access_logs: found 'My_Logs', expected 3 to 63 lower-case letters, digits and '-', a letter or "
            "digit first and last; did you mean 'my_logs'?",
        ),
        (
            "security: {glue_configuration: true}\n",
            "security.glue_configuration: found true, expected false without a customer's key; write 'customer_key: "
            "true' under kms, or remove 'glue_configuration'",
        ),
        (
            "kms: {customer_key: true}\nsteps: {count: {sagemaker: {instance_type: ml.g5.xlarge}}}\n",
            "steps.count.sagemaker.instance_type: found 'ml.g5.xlarge', expected one without disks of its own, which "
            "the customer's key does not encrypt; as ml.m5.xlarge",
        ),
        (
            "data: {kms_key: alias/trips, bucket: my-trips}\n",
            "data.kms_key: found 'alias/trips', expected a key's ARN, not an alias, which a policy cannot name; it is "
            "shown by: aws kms describe-key --key-id alias/trips --query KeyMetadata.Arn",
        ),
        (
            "artifacts: {kms_key: 'arn:aws:kms:us-east-1:210987654321:alias/x'}\n",
            "artifacts.kms_key: found 'arn:aws:kms:us-east-1:210987654321:alias/x', expected a key's ARN, not an "
            "alias, which a policy cannot name; it is shown by: aws kms describe-key --key-id "
            "arn:aws:kms:us-east-1:210987654321:alias/x --query KeyMetadata.Arn",
        ),
        (
            "artifacts: {kms_key: 1234abcd-12ab-34cd-56ef-1234567890ab}\n",
            "artifacts.kms_key: found '1234abcd-12ab-34cd-56ef-1234567890ab', expected a key's ARN, as in "
            "'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'",
        ),
        (
            f"data: {{kms_key: '{BUCKET_KEY}'}}\n",
            "data.kms_key: found a key without a bucket, expected 'bucket' beside it: the key of a bucket that is "
            "there already; the bucket that the stack makes has a key with 'kms: {customer_key: true}'",
        ),
        (
            f"artifacts: {{kms_key: '{BUCKET_KEY.replace('us-east-1', 'eu-west-1')}'}}\n",
            "artifacts.kms_key: found a key in eu-west-1, expected one in us-east-1, where the bucket is",
        ),
        (
            f"endpoint: embedded\nartifacts: {{kms_key: '{BUCKET_KEY}'}}\n",
            "artifacts.kms_key: found an option of AWS, expected none: the embedded AWS does not encrypt; write "
            "'kms_key: null' under artifacts in the environment's file",
        ),
        (
            "endpoint: embedded\nlake_formation: true\n",
            "lake_formation: found an option of AWS, expected none: the embedded AWS has no Lake Formation; write "
            "'lake_formation: false' in the environment's file",
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, dev: str, said: str) -> None:
    """At its line, with what to write in its place."""
    told = message(project(tmp_path / "p", dev=dev))
    assert told.startswith("config/dev.yaml:")
    assert told.partition(": ")[2] == said


def test_an_http_source_goes_out_by_nat(tmp_path: Path) -> None:
    """And without a VPC it always does."""
    open_network = NETWORK.replace("}", ", egress: nat}")
    env = load_environment(project(tmp_path / "p", dev=open_network + SOURCE), "dev")
    assert env.vpc is not None
    assert env.vpc.egress == "nat"
    assert load_environment(project(tmp_path / "q", dev=SOURCE), "dev").vpc is None


def test_the_laptop_takes_back_what_the_pipeline_says(tmp_path: Path) -> None:
    """A VPC in pipeline.yaml is no hindrance to an embedded environment that says null."""
    root = project(tmp_path / "p", pipeline=PIPELINE + NETWORK, local="endpoint: embedded\nvpc: null\n")
    assert load_environment(root, "local").vpc is None
    assert load_environment(root, "dev").vpc is not None


@pytest.mark.parametrize("zone", ["us-east-1a", "us-east-1-bos-1a"])
def test_a_local_zone_is_a_zone(tmp_path: Path, zone: str) -> None:
    """Beside the zones of a letter."""
    dev = NETWORK.replace("us-east-1a", zone)
    env = load_environment(project(tmp_path / "p", dev=dev), "dev")
    assert env.vpc is not None
    assert env.vpc.availability_zone == zone


@pytest.mark.parametrize(
    ("instance", "own"),
    [
        ("ml.m5.xlarge", False),
        ("ml.m5d.xlarge", True),
        ("ml.c6gd.xlarge", True),
        ("ml.r5dn.xlarge", True),
        ("ml.g4dn.xlarge", True),
        ("ml.p4d.24xlarge", True),
        ("ml.g5.xlarge", True),
        ("ml.p3.2xlarge", False),
        ("ml.r5.xlarge", False),
        ("ml.m6i.large", False),
    ],
)
def test_instances_with_own_disks(instance: str, own: bool) -> None:
    """By the family's name, as EC2 writes it."""
    assert has_own_disks(instance) is own
