"""An IAM user of an embedded AWS with exactly docs/reference/deployer-policy.json, for all deployments of the tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from clients import client

from data_pipeline.embedded_aws.server.endpoint import Endpoint

POLICY = Path(__file__).resolve().parents[1] / "docs" / "reference" / "deployer-policy.json"
NAME = "deployer"
#: Root's access key of an embedded AWS, and pipeline → the key that was made there.
_KEYS: dict[tuple[str, str], dict[str, str]] = {}


def policy(
    pipeline: str = "nyc-tlc",
    bucket: str = "*",
    account: str = "000000000000",
    region: str = "us-east-1",
    added: frozenset[str] = frozenset(),
) -> dict[str, Any]:
    """The policy with its placeholders filled in; by default for artifact buckets of any name. ``added``: Sids of
    the statements that docs/reference/deployer-policy.md adds for options.
    """
    document = json.loads(POLICY.read_text(encoding="utf-8"))
    document["Statement"] += [statement for sid, statement in additions().items() if sid in added]
    text = json.dumps(document)
    values = {
        "ACCOUNT_ID": account,
        "REGION": region,
        "DATABASE_PREFIX": pipeline.replace("-", "_"),
        "ARTIFACT_BUCKET": bucket,
        "PIPELINE": pipeline,
    }
    for placeholder, value in values.items():
        text = text.replace(placeholder, value)
    filled: dict[str, Any] = json.loads(text)
    return filled


def additions() -> dict[str, dict[str, Any]]:
    """Sid → statement of those that docs/reference/deployer-policy.md adds for options."""
    page = POLICY.with_suffix(".md").read_text(encoding="utf-8")
    blocks = [json.loads(block.partition("```")[0]) for block in page.split("```json\n")[1:]]
    return {s["Sid"]: s for block in blocks for s in (block if isinstance(block, list) else [block])}


def deployer(
    endpoint: Endpoint, pipeline: str = "nyc-tlc", bucket: str = "*", added: frozenset[str] = frozenset()
) -> dict[str, str]:
    """The access key of the deployer, both made on first use: {"access_key", "secret_key"}. A user has two at most."""
    if (endpoint.access_key, pipeline) in _KEYS:
        return _KEYS[endpoint.access_key, pipeline]
    iam = client(endpoint, "iam")
    name = f"{NAME}-{pipeline}"
    if name not in {user["UserName"] for user in iam.list_users()["Users"]}:
        iam.create_user(UserName=name)
        whole = policy(pipeline, bucket, endpoint.account, endpoint.region, added)
        first = len(policy()["Statement"])  # a managed policy has no room for the statements of options
        parts = {name: whole["Statement"][:first], f"{name}-options": whole["Statement"][first:]}
        for title, statements in parts.items():
            if statements:
                document = json.dumps({**whole, "Statement": statements})
                made = iam.create_policy(PolicyName=title, PolicyDocument=document)["Policy"]
                iam.attach_user_policy(UserName=name, PolicyArn=made["Arn"])
    key = iam.create_access_key(UserName=name)["AccessKey"]
    made_key = {"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}
    return _KEYS.setdefault((endpoint.access_key, pipeline), made_key)


def as_deployer(
    endpoint: Endpoint,
    folder: Path,
    pipeline: str = "nyc-tlc",
    bucket: str = "*",
    added: frozenset[str] = frozenset(),
) -> dict[str, str]:
    """The variables that make a command act as the deployer on this embedded AWS."""
    path = folder / "deployer.json"
    path.write_text(json.dumps(deployer(endpoint, pipeline, bucket, added)))
    return {"DATA_PIPELINE_LOCAL_CREDENTIALS": str(path)}
