"""What AWS leaves out is not there, and what is not emulated is refused: no empty answer stands for either."""

from __future__ import annotations

import json
from typing import Any

import botocore.session
import pytest
from botocore.exceptions import ClientError

from data_pipeline.embedded_aws.server import operations


def test_table_goes_round(aws: Any, name: str) -> None:
    """A table without owner and description is got without them, so that it can be given back: Glue's model wants an
    Owner of at least one character.
    """
    glue = aws("glue")
    glue.create_database(DatabaseInput={"Name": name})
    glue.create_table(DatabaseName=name, TableInput={"Name": "t"})
    table = glue.get_table(DatabaseName=name, Name="t")["Table"]
    assert not {"Owner", "Description"} & set(table)
    assert glue.get_tables(DatabaseName=name)["TableList"] == [table]
    known = glue.meta.service_model.shape_for("TableInput").members
    given = {key: value for key, value in table.items() if key in known}
    glue.update_table(DatabaseName=name, TableInput={**given, "Owner": "me"})
    assert glue.get_table(DatabaseName=name, Name="t")["Table"]["Owner"] == "me"


def test_defaults_of_parameters(aws: Any, name: str) -> None:
    """A parameter without a default has no DefaultValue: an empty one says that none need be given."""
    cloudformation = aws("cloudformation")
    parameters = {"None": {"Type": "String"}, "Empty": {"Type": "String", "Default": ""}}
    body = json.dumps({"Parameters": parameters, "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    for found in (
        cloudformation.get_template_summary(TemplateBody=body),
        cloudformation.validate_template(TemplateBody=body),
    ):
        defaults = {one["ParameterKey"]: one.get("DefaultValue") for one in found["Parameters"]}
        assert defaults == {"None": None, "Empty": ""}


def empty(value: Any, path: str = "") -> list[str]:
    """The places of empty texts in an answer."""
    if isinstance(value, dict):
        return [place for key, item in value.items() for place in empty(item, f"{path}.{key}")]
    if isinstance(value, list):
        return [place for item in value for place in empty(item, path)]
    return [path] if value == "" else []


def test_texts_of_stacks_and_roles(aws: Any, name: str, role: Any) -> None:
    """What nobody described has no description, and what went well no reason."""
    stacks = aws("cloudformation")
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}, "Outputs": {"O": {"Value": "v"}}}
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    named = role("glue.amazonaws.com").rpartition("/")[2]
    for answer in (
        stacks.describe_stacks(StackName=name)["Stacks"],
        stacks.describe_stack_resources(StackName=name)["StackResources"],
        stacks.get_template_summary(StackName=name),
        stacks.validate_template(TemplateBody=json.dumps(template)),
        aws("iam").get_role(RoleName=named)["Role"],
    ):
        assert empty(answer) == []


#: Subresources that the embedded AWS answers, of buckets and of objects.
ANSWERED = frozenset(
    [
        *(
            "accelerate",
            "acl",
            "annotation",
            "attributes",
            "cors",
            "delete",
            "encryption",
            "legal-hold",
            "lifecycle",
        ),
        *("list-type", "location", "logging", "notification", "object-lock", "ownershipControls", "policy"),
        *(
            "publicAccessBlock",
            "replication",
            "restore",
            "retention",
            "tagging",
            "uploads",
            "versioning",
            "versions",
        ),
        "website",
    ]
)


def test_every_subresource_is_answered_or_refused() -> None:
    """MiniStack takes a subresource that it does not know for a listing, or for the object itself: each that S3's
    service model has is known, or refused by name.
    """
    model = botocore.session.Session().get_service_model("s3")
    found = set()
    for operation in model.operation_names:
        query = model.operation_model(operation).http["requestUri"].partition("?")[2]
        found |= {part.partition("=")[0] for part in query.split("&") if part}
    assert found - ANSWERED - {"x-id"} == operations.S3_UNKNOWN


def test_unknown_subresources_are_refused(aws: Any, name: str) -> None:
    """Reading one is refused, as is writing one: it would be an object."""
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="k", Body=b"bytes")
    for ask in (
        s3.get_bucket_policy_status,
        s3.get_bucket_request_payment,
        s3.list_bucket_metrics_configurations,
    ):
        with pytest.raises(ClientError, match="NotImplemented"):
            ask(Bucket=name)
    with pytest.raises(ClientError, match=r"does not emulate s3: PUT \?renameObject"):
        s3.rename_object(Bucket=name, Key="other", RenameSource="k")
    with pytest.raises(ClientError, match=r"does not emulate s3: PUT with \?encryption"):
        s3.update_object_encryption(
            Bucket=name,
            Key="k",
            ObjectEncryption={"SSEKMS": {"KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k"}},
        )
    assert [one["Key"] for one in s3.list_objects_v2(Bucket=name)["Contents"]] == ["k"]
