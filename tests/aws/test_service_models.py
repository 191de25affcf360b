"""The models that are read from botocore's files are those that botocore's own loader gives."""

from __future__ import annotations

import pytest
from botocore.loaders import Loader

from data_pipeline.aws import service_models


def test_the_same_services_are_known() -> None:
    assert service_models.load([]).names == frozenset(
        name.replace("-", "") for name in Loader().list_available_services("service-2")
    )


@pytest.mark.parametrize("name", ["athena", "ecs", "glue", "s3", "sagemaker", "sns", "sqs", "stepfunctions"])
def test_a_model_is_the_one_of_the_loader(name: str) -> None:
    """Its newest version, completed where botocore completes it (S3)."""
    assert service_models._model(name) == Loader().load_service_model(name, "service-2")
