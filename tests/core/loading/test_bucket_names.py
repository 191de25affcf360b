"""Names of artifact buckets: each fault by its own name."""

from __future__ import annotations

import pytest

from data_pipeline.core.facts.limits import artifact_bucket
from data_pipeline.core.problems import RefusedError


@pytest.mark.parametrize(
    ("name", "expected", "advice"),
    [
        ("my..b", "single dots", "it has two in a row"),
        ("ab", "3 to 63 characters", "it has 2"),
        ("a" * 64, "3 to 63 characters", "it has 64"),
        ("My-Bucket", "lower-case letters, digits, '-' and '.'", "it has 'M'"),
        ("my_bucket", "lower-case letters, digits, '-' and '.'", "it has '_'"),
        ("s3://my-bucket", "lower-case letters, digits, '-' and '.'", "it has ':'"),
        ("-bucket", "a letter or digit first and last", ""),
        ("bucket.", "a letter or digit first and last", ""),
        ("my.-bucket", "a letter or digit beside each '.'", "it has '-' there"),
        ("192.168.5.4", "a name", "it has the form of an IP address"),
        ("xn--bucket", "a name that S3 does not reserve", "names like 'xn--…' are its own"),
        ("bucket-s3alias", "a name that S3 does not reserve", "names like '…-s3alias' are its own"),
    ],
)
def test_the_fault_is_named(name: str, expected: str, advice: str) -> None:
    with pytest.raises(RefusedError) as refused:
        artifact_bucket(name)
    assert (refused.value.expected, refused.value.advice) == (expected, advice)


@pytest.mark.parametrize("name", ["abc", "my-artifacts", "my.artifacts.of-2024", "1.2.3", "a" * 63])
def test_what_s3_takes_is_taken(name: str) -> None:
    assert artifact_bucket(name) == name
