"""Environments for tests: the project's own configuration with changes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from data_pipeline.core.config import default_steps
from data_pipeline.core.config.environment import Environment

ROOT = Path(__file__).resolve().parents[1]
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is ten times as quick

#: the changes that put every step on one service; prepare needs a runtime of its own on Glue.
ALL_ON_SAGEMAKER = {"steps": {"prepare": {"service": "sagemaker"}}}
ALL_ON_GLUE = {"steps": {"load": {"service": "glue"}}, "maintenance": {"service": "glue"}}
SWAPPED = {"steps": {"prepare": {"service": "sagemaker"}, "load": {"service": "glue"}}}

#: every mix of the two services.
MIXES: dict[str, dict[str, Any]] = {
    "as configured": {},
    "all on sagemaker": ALL_ON_SAGEMAKER,
    "all on glue": ALL_ON_GLUE,
    "swapped": SWAPPED,
}

#: the loading on a cluster when there is much to read, on either service.
CLUSTER = {
    "steps": {
        "load": {
            "cluster": {
                "above_gb": 20,
                "gb_per_instance": 15,
                "most_instances": 10,
                "arguments": {"engine": "spark"},
            }
        }
    }
}
CLUSTER_ON_GLUE = {"steps": {"load": {**CLUSTER["steps"]["load"], "service": "glue"}}}

#: what an account's security may ask for.
IAM = {"iam": {"permissions_boundary": "boundaries/pipelines", "role_path": "/data/"}}
VPC = {
    "vpc": {
        "subnets": ["subnet-0a1b2c3d", "subnet-1a2b3c4d"],
        "security_groups": ["sg-0a1b2c3d"],
        "availability_zone": "us-east-1a",
    }
}
#: the shipped feature group with both stores, and so with a step that ingests.
STORES = {"features": {"rides": {"online": True, "offline": True, "ttl_days": 400}}}
KMS = {"kms": {"customer_key": True}}
#: what security reviews ask for besides; Glue's part needs a key.
SECURITY = {"security": {"access_logs": "my-access-logs", "tracing": True}}
SECURITY_WITH_KEY = {**KMS, "security": {**SECURITY["security"], "glue_configuration": True}}

#: buckets that are there already, under a key of another account.
BUCKET_KEY = "arn:aws:kms:us-east-1:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BROUGHT_KEYS: dict[str, Any] = {
    "data": {"bucket": "my-trips", "kms_key": BUCKET_KEY},
    "artifacts": {"kms_key": BUCKET_KEY},
}

#: somebody who is told of every end.
NOTIFY: dict[str, Any] = {
    "notify": {"when": ["failure", "success", "nothing_new"], "emails": ["data-team@example.com"]}
}


def environment(changes: dict[str, Any] | None = None, name: str = "dev") -> Environment:
    """The environment ``name`` as it is in ``config/``, with ``changes`` merged in."""
    files = [(ROOT / "config" / f"{file}.yaml").read_text(encoding="utf-8") for file in ("pipeline", name)]
    parts = [yaml.load(text, _LOADER) for text in files]
    given = _with_steps(_merged(*parts))
    return Environment.model_validate(_merged(given, {**(changes or {}), "name": name}))


def _with_steps(given: dict[str, Any]) -> dict[str, Any]:
    """The configuration with the steps and the upkeep that come with its data sets."""
    tables = [*given["datasets"], *given["tables"]]
    default = {
        "steps": default_steps.steps(tables, exports=True),
        "maintenance": default_steps.maintenance(tables),
    }
    return _merged(default, given)


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = {
        k: _merged(below[k], v)
        for k, v in above.items()
        if isinstance(v, dict) and isinstance(below.get(k), dict)
    }
    return {**below, **above, **both}
