"""What a deployment refuses for the sake of a feature group's records, in the words that a user reads."""

from __future__ import annotations

from typing import Any

import pytest
from environments import BUCKET_KEY, STORES, environment

import templates
from data_pipeline.cli.deploying.feature_guard import refuse_replaced_groups
from data_pipeline.core.deployment.changes import Change, StackChanges
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.cloudformation.features import FEATURE_GROUP
from data_pipeline.stacks import render

KIND = "AWS::SageMaker::FeatureGroup"


def groups(**data: str) -> dict[str, Any]:
    """The feature groups of the storage stack, whose data bucket is one that exists."""
    env = environment({**STORES, "data": {"bucket": "my-trips", **data}})
    storage, _ = map(templates.parse, render(env).values())
    return templates.of_type(storage, KIND)


def test_a_key_for_a_deployed_offline_store_is_refused() -> None:
    """data.kms_key changes the store's place and key, which is create-only: the group would be another one."""
    before, after = groups(), groups(kms_key=BUCKET_KEY)
    (logical,) = before
    changed = tuple(key for key in after[logical] if after[logical][key] != before[logical].get(key))
    assert changed == ("OfflineStoreConfig",)
    assert {*changed} <= {*FEATURE_GROUP.create_only}
    change = Change("Modify", logical, KIND, "True", changed)
    plan = StackChanges("nyc-tlc-dev-storage", Treatment.UPDATE, (change,))
    with pytest.raises(UserError) as found:
        refuse_replaced_groups(plan)
    said = str(found.value)
    assert f"would replace the feature group {logical} (OfflineStoreConfig), and lose its records" in said
    assert "key (kms, data.kms_key) of a feature group cannot change" in said
