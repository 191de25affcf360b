"""Random requests to every service: members by its model, one of them changed, or a body that is none."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape
from embedded_aws.signed import Raw

from data_pipeline.embedded_aws.server.operations import S3_REFUSED, SERVED

#: Service → botocore's name of its model.
MODELS = {"states": "stepfunctions"}
RUNTIME = "sagemaker-featurestore-runtime"
_OF_SAGEMAKER = """AddTags CreateFeatureGroup CreateProcessingJob DeleteFeatureGroup DescribeFeatureGroup
    DescribeProcessingJob ListFeatureGroups ListProcessingJobs ListTags StopProcessingJob UpdateFeatureGroup"""
TEXTS = (
    *(
        "a",
        "fuzzed-1",
        "fuzzed_2",
        "7",
        "-1",
        "true",
        "s3://fuzzed/a",
        "rate(1 day)",
        "cron(0 1 * * ? *)",
        "{}",
    ),
    *("", " ", "a b", "é日", "\0", "x" * 3000, "../..", "%00", "' OR 1", "<a>&", "[]", "arn:", "*"),
    "arn:aws:iam::000000000000:role/fuzzed",
    "arn:aws:states:us-east-1:000000000000:stateMachine:fuzzed",
    "arn:aws:sns:us-east-1:000000000000:fuzzed",
    "http://127.0.0.1:1/000000000000/fuzzed",
)
#: Anything in the place of a value.
ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        0,
        -1,
        1.5,
        10**30,
        "",
        "\0",
        "x" * 5000,
        [],
        {},
        [[]],
        [None],
        {"a": None},
        ["a"],
        {"a": {}},
        [{}],
    ),
    *("\ud800", "9" * 400, 2**31, -(2**63), [[[[[[]]]]]], {"": ""}),
)
#: Bodies that are no object of JSON; each is refused as such.
NO_OBJECTS = (
    *(
        b"[]",
        b"3",
        b"null",
        b'"a"',
        b"true",
        b"{",
        b"}",
        b"{'a': 1}",
        b"\xff\xfe",
        b"\0",
        b"{}{}",
        b"<a/>",
        b"a=b",
    ),
    *(
        b'{"a": "\xff"}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"\xa0",
        b"\xef\xbb\xbf{",
    ),
    *(b"[" * 100_000, b'{"a":' * 50_000, b'{"a":' * 2_000 + b"1" + b"}" * 2_000, b'{"a": 1,}', b'{"a": 1e}'),
)
_DEEPEST = 3
_S3_QUERIES = (
    *("acl", "policy", "tagging", "versioning", "lifecycle", "encryption", "publicAccessBlock", "uploads"),
    *("ownershipControls", "location", "versions", "delete", "partNumber=a", "partNumber=1&uploadId=x"),
    *(
        "uploadId=x",
        "versionId=x",
        "list-type=2",
        "list-type=9",
        "max-keys=a",
        "max-keys=-1",
        "max-keys=9999999999",
    ),
    *(
        "continuation-token=%00",
        "prefix=%ff",
        "marker=%00",
        "encoding-type=url",
        "encoding-type=x",
        "delimiter=%00",
    ),
    *(
        "max-parts=a&uploadId=x",
        "max-uploads=a&uploads",
        "key-marker=%ff&versions",
        "attributes",
        "x-id=GetObject",
    ),
    *(
        "response-content-type=%0d%0aa:b",
        "response-expires=%00",
        "part-number-marker=a&uploadId=x",
        *sorted(S3_REFUSED),
    ),
)
_S3_HEADERS = (
    *(
        ("Range", "bytes=a-b"),
        ("Range", "bytes=9-1"),
        ("Range", "bytes=-0"),
        ("Range", "bytes=" + "9" * 40 + "-"),
    ),
    *(
        ("If-Modified-Since", "yesterday"),
        ("If-Match", "\\"),
        ("If-None-Match", ""),
        ("x-amz-copy-source", "a"),
    ),
    *(("x-amz-copy-source", "/fuzzed-bucket/%ff"), ("x-amz-copy-source", ""), ("Content-MD5", "a")),
    *(("x-amz-tagging", "a=b&a"), ("x-amz-acl", "nobody"), ("x-amz-storage-class", "NONE"), ("Expect", "a")),
    *(
        ("x-amz-checksum-crc32", "a"),
        ("x-amz-sdk-checksum-algorithm", "NONE"),
        ("x-amz-metadata-directive", "a"),
    ),
    *(("x-amz-copy-source-range", "a"), ("x-amz-object-attributes", "a"), ("x-amz-max-parts", "a")),
    *(("x-amz-expected-bucket-owner", "a"), ("x-amz-object-lock-mode", "a"), ("x-amz-grant-read", "a")),
)
_XML = (
    *(
        b"",
        b"<",
        b"<a/>",
        b"\xff",
        b"\0",
        b"{}",
        b"<Delete/>",
        b"<Delete><Object/></Delete>",
        b"<a>" * 20_000,
    ),
    *(b"<Delete><Object><Key>\xff</Key></Object></Delete>", b"<Tagging><TagSet><Tag/></TagSet></Tagging>"),
    b'<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><Delete><Object><Key>&d;</Key></Object></Delete>',
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
    b"<VersioningConfiguration><Status>Perhaps</Status></VersioningConfiguration>",
    b"<LifecycleConfiguration><Rule><Expiration><Days>a</Days></Expiration></Rule></LifecycleConfiguration>",
    b"<CompleteMultipartUpload><Part><PartNumber>a</PartNumber></Part></CompleteMultipartUpload>",
    b"<CreateBucketConfiguration><LocationConstraint>a</LocationConstraint></CreateBucketConfiguration>",
    b"<ServerSideEncryptionConfiguration><Rule/></ServerSideEncryptionConfiguration>",
    b"<AccessControlPolicy><Owner/></AccessControlPolicy>",
)


@cache
def model(service: str) -> ServiceModel:
    """The service's model."""
    return ServiceModel(Loader().load_service_model(MODELS.get(service, service), "service-2"))


def make(aws: Callable[..., Any], name: str) -> tuple[str, ...]:
    """Something of most kinds on an embedded AWS, a bucket of the name first; what names them."""
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_object(Bucket=name, Key="a", Body=b"a")
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    definition = json.dumps(
        {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    )
    machine = aws("stepfunctions").create_state_machine(name=name, definition=definition, roleArn=role)
    run = aws("stepfunctions").start_execution(stateMachineArn=machine["stateMachineArn"])
    aws("glue").create_database(DatabaseInput={"Name": name})
    columns = {"Columns": [{"Name": "a", "Type": "int"}]}
    table = {"Name": name, "StorageDescriptor": columns, "PartitionKeys": [{"Name": "b", "Type": "string"}]}
    aws("glue").create_table(DatabaseName=name, TableInput=table)
    aws("logs").create_log_group(logGroupName=name)
    aws("athena").create_work_group(Name=name)
    topic = aws("sns").create_topic(Name=name)["TopicArn"]
    queue = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    return name, role, machine["stateMachineArn"], run["executionArn"], topic, queue


def any_request(chance: random.Random, made: Sequence[str]) -> tuple[str, Raw, bool]:
    """The service, a request of it that is not signed yet, and whether its body is no object though it must be one.
    ``made`` is what `make` gives.
    """
    service = chance.choice([*sorted(SERVED), "sagemaker", RUNTIME, "s3", "s3"])
    if service == "s3":
        return service, _of_s3(chance, made[0]), False
    known, texts = model(service), (*TEXTS, *made * 5)
    names = (
        _OF_SAGEMAKER.split()
        if service == "sagemaker"
        else sorted(SERVED.get(service, known.operation_names))
    )
    operation = known.operation_model(
        chance.choice([name for name in names if name in known.operation_names])
    )
    signing = "sagemaker" if service == RUNTIME else service
    if known.metadata["protocol"] == "query":
        return signing, _form(chance, operation, texts), False
    rest = known.metadata["protocol"] == "rest-json"
    has_body = not rest or operation.http["method"] in ("POST", "PUT")
    is_none = has_body and chance.random() < 0.2
    members = _members(chance, operation, texts)
    body = chance.choice(NO_OBJECTS) if is_none else json.dumps(members).encode()
    if rest:
        return signing, _rest(chance, operation, texts, members, body if has_body else b""), is_none
    kind = chance.choice(("1.0", "1.1"))
    target = f"{known.metadata['targetPrefix']}.{operation.name}"
    headers = (("Content-Type", f"application/x-amz-json-{kind}"), ("X-Amz-Target", target))
    return signing, Raw("POST", "/", headers, body), is_none


def _members(chance: random.Random, operation: OperationModel, texts: Sequence[str]) -> dict[str, Any]:
    """Members of the operation, often with one thing changed."""
    if operation.input_shape is None:
        return {}
    members: dict[str, Any] = _value(chance, operation.input_shape, texts, 0)
    if chance.random() < 0.7:
        found = list(_positions(members))
        owner, key = chance.choice(found) if found else (members, "Nope")
        if isinstance(owner, dict) and chance.random() < 0.3:
            owner.pop(key, None)
        else:
            owner[key] = chance.choice(ODD)
    return members


def _value(chance: random.Random, shape: Shape, texts: Sequence[str], depth: int) -> Any:
    kind = shape.type_name
    if kind == "structure":
        optional = [name for name in shape.members if name not in shape.required_members]
        count = min(len(optional), chance.randint(0, 3)) if depth < _DEEPEST else 0
        chosen = [*shape.required_members, *chance.sample(optional, count)]
        return (
            {name: _value(chance, shape.members[name], texts, depth + 1) for name in chosen}
            if depth < 9
            else {}
        )
    if kind == "list":
        return [
            _value(chance, shape.member, texts, depth + 1)
            for _ in range(chance.randint(0, 2) if depth < 9 else 0)
        ]
    if kind == "map":
        return {chance.choice(texts): _value(chance, shape.value, texts, depth + 1)} if depth < 9 else {}
    if kind == "boolean":
        return chance.random() < 0.5
    if kind in ("integer", "long", "float", "double", "timestamp"):
        return chance.choice((0, 1, 5, 100, -1, 2**40))
    enum = getattr(shape, "enum", None)
    return chance.choice(enum) if enum and chance.random() < 0.8 else chance.choice(texts)


def _positions(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(pairs):
        yield value, key
        yield from _positions(item)


def _form(chance: random.Random, operation: OperationModel, texts: Sequence[str]) -> Raw:
    """A request of the query protocol, whose members may be odd, or whose form is none at all."""
    pairs = [("Action", operation.name), ("Version", operation.service_model.api_version)]
    pairs += _flat("", _members(chance, operation, texts))
    if chance.random() < 0.3:
        pairs.insert(chance.randrange(len(pairs)), chance.choice((("", ""), ("a.member.x", "1"), pairs[-1])))
    form = urlencode(pairs, errors="replace").encode()
    if chance.random() < 0.2:
        broken = (
            b"",
            b"[]",
            b"{}",
            b"\xff",
            b"\0",
            b"&&=",
            b"a" * 9000,
            form + b"&%ff=%",
            form[: len(form) // 2],
        )
        form = chance.choice(broken)
    headers = (("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),)
    return Raw("POST", "/", headers, form)


def _flat(prefix: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [
            pair
            for name, item in value.items()
            for pair in _flat(f"{prefix}.{name}" if prefix else name, item)
        ]
    if isinstance(value, list):
        return [pair for at, item in enumerate(value) for pair in _flat(f"{prefix}.member.{at + 1}", item)]
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return [(prefix, text.encode("utf-8", "replace").decode())]


def _rest(
    chance: random.Random,
    operation: OperationModel,
    texts: Sequence[str],
    members: dict[str, Any],
    body: bytes,
) -> Raw:
    path = operation.http["requestUri"]
    for name in [part.partition("}")[0] for part in path.split("{")[1:]]:
        text = chance.choice([text for text in texts if text and "/" not in text and text != "\0"])
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    query = [
        (member.serialization["name"], str(members.get(name)))
        for name, member in (operation.input_shape.members if operation.input_shape else {}).items()
        if member.serialization.get("location") == "querystring" and chance.random() < 0.5
    ]
    target = path + ("?" + urlencode(query, errors="replace") if query else "")
    return Raw(operation.http["method"], target, (("Content-Type", "application/json"),), body)


def _of_s3(chance: random.Random, bucket: str) -> Raw:
    keys = (
        "",
        "",
        "/a",
        "/a%00",
        "/%ff",
        "/" + "k" * 2000,
        "/%2e%2e/%2e%2e/a",
        "//",
        "/a b".replace(" ", "%20"),
    )
    path = "/" + chance.choice((bucket, bucket, bucket, "fuzzed-none", "")) + chance.choice(keys)
    query = chance.choice(("", "?" + chance.choice(_S3_QUERIES), "?" + chance.choice(_S3_QUERIES)))
    method = chance.choice(("GET", "PUT", "POST", "DELETE", "HEAD"))
    if method == "DELETE" and path.count("/") < 2 and not query:
        method = "GET"  # the bucket is needed
    headers = (chance.choice(_S3_HEADERS),) if chance.random() < 0.5 else ()
    body = chance.choice(_XML) if method in ("PUT", "POST") else b""
    return Raw(method, path + query, headers, body)
