"""The table of AWS's images."""

from __future__ import annotations

import re

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.facts import images

SDK = {
    "sklearn": {
        "training": {
            "versions": {
                "1.4-2-py312": {
                    "py_versions": ["py3"],
                    "repository": "sagemaker-scikit-learn",
                    "registries": {"us-east-1": "222222222222", "eu-west-1": "111111111111"},
                }
            }
        }
    },
    "spark": {
        "processing": {
            "versions": {
                "3.5": {
                    "py_versions": ["py39", "py312"],
                    "repository": "sagemaker-spark-processing",
                    "registries": {"us-east-1": "333333333333"},
                }
            }
        }
    },
}


def test_the_sdk_s_configuration_becomes_a_table() -> None:
    """Repository, tag as the SDK spells it, and registries sorted by region."""
    assert images.read_sdk("9.9.9", SDK) == {
        "source": "sagemaker-core 9.9.9",
        "images": {
            "sagemaker-python": {
                "framework": "sklearn",
                "version": "1.4-2-py312",
                "repository": "sagemaker-scikit-learn",
                "tag": "1.4-2-py312-cpu-py3",
                "registries": {"eu-west-1": "111111111111", "us-east-1": "222222222222"},
            },
            "sagemaker-spark": {
                "framework": "spark",
                "version": "3.5",
                "repository": "sagemaker-spark-processing",
                "tag": "3.5-cpu-py312-v1",
                "registries": {"us-east-1": "333333333333"},
            },
        },
    }


def test_an_image_that_the_sdk_dropped_is_named() -> None:
    """The message says which runtime, what the SDK has instead, and where to choose."""
    versions = {"2.0-1": SDK["sklearn"]["training"]["versions"]["1.4-2-py312"]}
    with pytest.raises(UserError) as caught:
        images.read_sdk("9.9.9", {**SDK, "sklearn": {"training": {"versions": versions}}})
    assert str(caught.value) == (
        "the SageMaker SDK lists no image sklearn 1.4-2-py312 for the runtime 'sagemaker-python'\n"
        "  it lists: 2.0-1\n"
        "  choose one with the same Python in data_pipeline/core/facts/runtimes.py"
    )


@pytest.mark.parametrize("pythons", [["py39"], ["py312", "py312"]])
def test_a_python_that_the_sdk_dropped_is_named(pythons: list[str]) -> None:
    """A version with several Pythons has ours once."""
    spark = {"3.5": {**SDK["spark"]["processing"]["versions"]["3.5"], "py_versions": pythons}}
    with pytest.raises(UserError, match=r"image spark 3.5 with py.* 'sagemaker-spark' wants py312"):
        images.read_sdk("9.9.9", {**SDK, "spark": {"processing": {"versions": spark}}})


@pytest.mark.parametrize("runtime", ["sagemaker-python", "sagemaker-spark"])
def test_the_stored_table_is_whole(runtime: str) -> None:
    """Every registry is an account id, in every region where people use SageMaker most."""
    registries = images.registries(runtime)
    assert all(re.fullmatch(r"\d{12}", account) for account in registries.values())
    assert {"us-east-1", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1"} <= registries.keys()


def test_the_images_are_those_of_the_sdk() -> None:
    """As AWS names them in every region."""
    assert images.repository("sagemaker-python") == "sagemaker-scikit-learn"
    assert images.tag("sagemaker-python") == "1.4-2-py312-cpu-py3"
    assert images.repository("sagemaker-spark") == "sagemaker-spark-processing"
    assert images.tag("sagemaker-spark") == "3.5-cpu-py312-v1"


def test_a_region_without_the_image_is_refused() -> None:
    """The message lists the regions that have it and how to refresh the table."""
    with pytest.raises(UserError) as caught:
        images.require_region("sagemaker-python", "mx-central-1")
    message = str(caught.value)
    assert message.startswith("region: 'mx-central-1' has no image of the runtime 'sagemaker-python'\n")
    assert "us-east-1" in message
    assert message.endswith("python -m data_pipeline images refresh")
