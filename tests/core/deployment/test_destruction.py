"""The page of what goes and what stays of an environment."""

from __future__ import annotations

from dataclasses import replace

from data_pipeline.core.deployment.adoption import GROUP, Leftover
from data_pipeline.core.deployment.destruction import Doomed, page
from data_pipeline.core.deployment.page import rendering

PIPELINE = {"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup"}, "Role": {"Type": "AWS::IAM::Role"}}}
STORAGE = {"Resources": {"DataBucket": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain"}}}
OUTLIVING = (
    Leftover("DataBucket", "AWS::S3::Bucket", "b-1"),
    Leftover("DataBucketPolicy", "AWS::S3::BucketPolicy", "b-1"),
    Leftover("Stations", GROUP, "w-dev-stations"),
)
DOWN = Doomed("dev", {"w-dev-pipeline": PIPELINE}, OUTLIVING, False, "s3://a/w/dev/", "w-dev-storage")


def test_without_data_all_that_holds_them_stays() -> None:
    assert [*rendering.lines(page(DOWN))] == [
        "Goes",
        "  - stack w-dev-pipeline, 2 resources",
        "      - AWS::IAM::Role",
        "      - AWS::Logs::LogGroup, with what it holds",
        "",
        "Stays",
        "    stack w-dev-storage, with its termination protection",
        "    AWS::S3::Bucket b-1, with input, files of tables, exports, state, reports",
        "      and training sets, in all versions",
        "    AWS::SageMaker::FeatureGroup w-dev-stations, with its records",
        "    s3://a/w/dev/: code, packages, templates and the record of deployments",
        "",
        "takes down dev: all but its data",
    ]


def test_with_data_all_goes_but_what_is_the_users_own() -> None:
    both = {"w-dev-pipeline": PIPELINE, "w-dev-storage": STORAGE}
    doomed = replace(DOWN, stacks=both, with_data=True, own_bucket="mine")
    text = "\n".join(rendering.lines(page(doomed)))
    goes, _, stays = text.partition("\nStays\n")
    assert goes.startswith("Warnings\n  ! DATA LOSS: nothing of this can be brought back\n")
    for piece in (
        "stack w-dev-storage, which holds nothing else",
        "AWS::S3::Bucket b-1",
        "w-dev-stations",
        "s3://a/",
    ):
        assert piece in goes
    assert "BucketPolicy" not in text
    assert "bucket mine, which is yours, with all that it holds" in stays
    assert "the artifact bucket, in which other environments may be" in stays


def test_what_is_down_already_is_nothing_to_take_down() -> None:
    """What outlives its stack is something only where data go, too."""
    left = replace(DOWN, stacks={})
    assert (DOWN.anything, left.anything, replace(left, with_data=True).anything) == (True, False, True)
    assert not replace(left, with_data=True, outliving=(), artifacts=None).anything
