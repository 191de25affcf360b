"""A customer's key: nothing is encrypted here, so every request with one is refused, and names it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

KEY = "arn:aws:kms:us-east-1:000000000000:key/1234"
SSE: dict[str, Any] = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KEY}
OWN_KEY: dict[str, Any] = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}
RULE = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}}
RESULT = {
    "OutputLocation": "s3://b/r/",
    "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": KEY},
}
MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


def requests(aws: Any, bucket: str, role: str) -> dict[str, Callable[[], Any]]:
    """What is asked for → the request."""
    s3, sqs, sns = aws("s3"), aws("sqs"), aws("sns")
    place = {"Bucket": bucket, "Key": "k"}
    return {
        "kms CreateKey": lambda: aws("kms").create_key(),
        "kms ListKeys": lambda: aws("kms").list_keys(),
        "s3 PutBucketEncryption": lambda: s3.put_bucket_encryption(
            Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [RULE]}
        ),
        "s3 PutObject": lambda: s3.put_object(**place, Body=b"x", **SSE),
        "s3 PutObject, the client's key": lambda: s3.put_object(**place, Body=b"x", **OWN_KEY),
        "s3 GetObject, the client's key": lambda: s3.get_object(Bucket=bucket, Key="there", **OWN_KEY),
        "s3 CopyObject": lambda: s3.copy_object(**place, CopySource=f"{bucket}/there", **SSE),
        "s3 CreateMultipartUpload": lambda: s3.create_multipart_upload(**place, **SSE),
        "s3 DSSE": lambda: s3.put_object(**place, Body=b"x", ServerSideEncryption="aws:kms:dsse"),
        "sqs CreateQueue": lambda: sqs.create_queue(QueueName=bucket, Attributes={"KmsMasterKeyId": KEY}),
        "sns CreateTopic": lambda: sns.create_topic(Name=bucket, Attributes={"KmsMasterKeyId": KEY}),
        "sns SetTopicAttributes": lambda: sns.set_topic_attributes(
            TopicArn=f"arn:aws:sns:us-east-1:000000000000:{bucket}-t",
            AttributeName="KmsMasterKeyId",
            AttributeValue=KEY,
        ),
        "logs CreateLogGroup": lambda: aws("logs").create_log_group(logGroupName=bucket, kmsKeyId=KEY),
        "logs AssociateKmsKey": lambda: aws("logs").associate_kms_key(logGroupName=bucket, kmsKeyId=KEY),
        "states CreateStateMachine": lambda: aws("stepfunctions").create_state_machine(
            name=bucket,
            roleArn=role,
            definition=json.dumps(MACHINE),
            encryptionConfiguration={"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": KEY},
        ),
        "athena CreateWorkGroup": lambda: aws("athena").create_work_group(
            Name=bucket, Configuration={"ResultConfiguration": RESULT}
        ),
        "athena StartQueryExecution": lambda: aws("athena").start_query_execution(
            QueryString="SELECT 1", ResultConfiguration=RESULT
        ),
        "glue CreateJob": lambda: aws("glue").create_job(
            Name=bucket,
            Role=role,
            Command={"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://b/s.py"},
            SecurityConfiguration="c",
        ),
        "glue CreateSecurityConfiguration": lambda: aws("glue").create_security_configuration(
            Name=bucket, EncryptionConfiguration={}
        ),
    }


def test_every_request_with_a_key_is_refused(aws: Any, role: Any, name: str) -> None:
    """Also a key of the client's own, which S3 would encrypt with."""
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_object(Bucket=name, Key="there", Body=b"x")
    aws("sns").create_topic(Name=f"{name}-t")
    taken = []
    for what, request in requests(aws, name, role("states.amazonaws.com")).items():
        try:
            request()
            taken.append(what)
        except ClientError as error:
            if "does not e" not in str(error):  # … emulate, … encrypt
                taken.append(f"{what}: {error}")
    assert taken == []
    with pytest.raises(ClientError, match="404"):
        aws("s3").head_object(Bucket=name, Key="k")
