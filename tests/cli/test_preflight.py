"""What `deploy` looks at before it changes anything: buckets that are there already, and their keys."""

from __future__ import annotations

from typing import Any

import pytest
from cli.test_run_edges import stubbed
from environments import BUCKET_KEY, environment

from data_pipeline.aws.session import Connection, connect
from data_pipeline.cli.deploying.preflight import refuse_unfit_buckets
from data_pipeline.core.errors import UserError

ON = dict.fromkeys(
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True
)


def account(
    changes: dict[str, Any], key: str = "", owner: str = "BucketOwnerEnforced", **head: Any
) -> Connection:
    """The account of dev with one bucket, and, where the configuration names a key, that key of another account."""
    made = connect(environment(changes), None, {})
    made._clients["sts"], sts = stubbed("sts")
    sts.add_response(
        "get_caller_identity", {"Account": "123456789012", "Arn": "arn:aws:iam::123456789012:user/me"}
    )
    made._clients["s3"], s3 = stubbed("s3")
    if "error" in head:
        s3.add_client_error("head_bucket", head["error"], "")
    else:
        s3.add_response("head_bucket", {"BucketRegion": head.get("region", "us-east-1")})
    s3.add_response("get_public_access_block", {"PublicAccessBlockConfiguration": ON})
    s3.add_response(
        "get_bucket_ownership_controls", {"OwnershipControls": {"Rules": [{"ObjectOwnership": owner}]}}
    )
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.add_response("get_bucket_encryption", {"ServerSideEncryptionConfiguration": rules})
    made._clients["kms"], kms = stubbed("kms")
    kms.add_response("describe_key", {"KeyMetadata": {"KeyId": "k", "KeyState": "Enabled"}})
    return made


DATA = {"data": {"bucket": "my-trips"}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"key": BUCKET_KEY},
            f"data bucket my-trips: is encrypted with {BUCKET_KEY}, which data.kms_key does not name: the roles would "
            f"be denied its objects\n  → data.kms_key: {BUCKET_KEY} in config/dev.yaml",
        ),
        ({"region": "eu-west-1"}, "data bucket my-trips: is in eu-west-1, not in us-east-1"),
        ({"error": "403"}, "data bucket my-trips: is not in account 123456789012, or may not be seen"),
        ({"error": "404"}, "data bucket my-trips: does not exist"),
    ],
)
def test_a_data_bucket_that_the_jobs_could_not_use_is_refused(given: dict[str, Any], said: str) -> None:
    """Before anything is changed, with what to do."""
    with pytest.raises(UserError) as refused:
        refuse_unfit_buckets(environment(DATA), account(DATA, **given), None)
    assert str(refused.value).startswith("the jobs could not use these buckets; nothing was changed:\n")
    assert said in str(refused.value)


def test_an_artifact_bucket_under_a_key_is_refused_too() -> None:
    """Its key goes to a place of its own."""
    with pytest.raises(UserError, match=r"artifacts\.kms_key: arn:aws:kms:us-east-1:210987654321:key/"):
        refuse_unfit_buckets(environment(), account({}, key=BUCKET_KEY), "my-artifacts")


def test_with_the_key_named_its_owner_s_part_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """The statement to add, filled in; nothing is refused."""
    changes = {"artifacts": {"kms_key": BUCKET_KEY}}
    refuse_unfit_buckets(environment(changes), account(changes, key=BUCKET_KEY), "my-artifacts")
    told = capsys.readouterr().err
    assert told.startswith(f"warning: policy of key {BUCKET_KEY}: cannot be read from here")
    assert '"kms:CallerAccount": "123456789012", "kms:ViaService": "s3.us-east-1.amazonaws.com"' in told


def test_what_should_only_be_better_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    refuse_unfit_buckets(environment(DATA), account(DATA, owner="ObjectWriter"), None)
    assert "warning: data bucket my-trips: Object Ownership is ObjectWriter" in capsys.readouterr().err


def test_of_a_bucket_as_it_should_be_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    refuse_unfit_buckets(environment(DATA), account(DATA), None)
    assert capsys.readouterr().err == ""
