"""The models that are read from botocore's files are those that botocore's own loader gives."""

from __future__ import annotations

import pytest
from botocore.loaders import JSONFileLoader, Loader

from data_pipeline.aws import service_models


def test_the_same_services_are_known() -> None:
    assert service_models.load([]).names == frozenset(
        name.replace("-", "") for name in Loader().list_available_services("service-2")
    )


@pytest.mark.parametrize("name", ["athena", "ecs", "glue", "s3", "sagemaker", "sns", "sqs", "stepfunctions"])
def test_a_model_is_the_one_of_the_loader(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its newest version, completed where botocore completes it (S3)."""
    # Clients change the models that the tests' loader keeps for all of them.
    monkeypatch.setattr(JSONFileLoader, "load_file", JSONFileLoader.load_file.__wrapped__)
    assert service_models._model(name) == Loader().load_service_model(name, "service-2")
