"""Checks of single values against what AWS accepts: each returns its value or raises ``RefusedError``.

Sources: S3 user guide "bucket naming rules" and "object keys"; Glue developer guide "job parameters" and
"worker types"; the service models of SageMaker, CloudWatch Logs and CloudFormation, where they state a limit.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from data_pipeline.core.problems import RefusedError, did_you_mean, one_of, quoted

from . import cron
from .service_limits import INSTANCE_TYPES, REGIONS, RETENTION_DAYS, TIME_ZONES

#: Glue's worker types for Spark jobs; botocore's list lacks the newer ones.
WORKER_TYPES = ("G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X")
_OTHER_WORKERS = {"G.025X": "streaming jobs", "Z.2X": "Ray jobs", "Standard": "Glue 1.0"}

#: families of instances with local storage whose name has no `d` for it.
_OWN_DISKS = ("g5", "g6", "g7", "gr6", "i3", "i4", "i7", "p5", "p6", "trn1", "trn2")

MAX_CAPACITIES = (0.0625, 1)

#: longest time limits of a job: SageMaker's quota is 5 days, Glue refuses more than 7.
SAGEMAKER_TIMEOUT_MINUTES = 5 * 24 * 60
GLUE_TIMEOUT_MINUTES = 7 * 24 * 60

#: instances that SageMaker takes for one processing job, and a size at which nobody means what he writes.
MOST_INSTANCES = 100
MOST_GIGABYTES = 1_000_000

#: a resource has at most 50 tags; `pipeline` and `environment` are two of them, and Step Functions adds one to the jobs
#: that it starts.
MOST_TAGS = 47

#: arguments that Glue gives a meaning of its own, without ``--`` and in lower case, and how such names begin.
GLUE_ARGUMENTS = frozenset(
    (
        *("additional-python-modules", "auto-scale-within-microbatch", "class", "conf", "datalake-formats"),
        *("customer-driver-env-vars", "customer-executor-env-vars", "debug", "disable-proxy-v2"),
        *("encryption-type", "execution-class", "library-set", "mode", "python-modules-installer-option"),
        *("scriptlocation", "spark-event-logs-path", "tempdir", "use-postgres-driver", "user-jars-first"),
        *("write-shuffle-files-to-s3", "write-shuffle-spills-to-s3"),
    )
)
GLUE_PREFIXES = ("aws-", "continuous-log-", "enable-", "extra-", "job-")

#: bounds of times: what is longer is a mistake.
MINUTES_OF_A_DAY = 24 * 60
MINUTES_OF_A_YEAR = 366 * MINUTES_OF_A_DAY
MOST_DAYS = 10_000

#: characters of a feature group's description that SageMaker takes.
FEATURE_GROUP_DESCRIPTION = 128

#: names that the service, or reading, gives to columns of its own.
_FEATURE_COLUMNS = ("is_deleted", "write_time", "api_invocation_time", "available_at", "available_by")

_BUCKET_STARTS = ("xn--", "sthree-", "amzn-s3-demo-")
_BUCKET_ENDS = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")

#: files of a run that are not the small result of a step, and variables that the state machine has itself.
_RUN_FILES = ("plan", "summary")
_VARIABLES = ("attempt", "earlier", "failure", "states")
#: and the results by whose names the states "CheckInput" and "CheckOthers" would be there twice.
_CHECKED = ("input", "others")


def name(value: str) -> str:
    """Pipeline: it begins every name that a deployment gives."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        raise RefusedError("lower-case letters and digits in words joined by single '-', a letter first")
    return value


def environment_name(value: str) -> str:
    """Environment: no ``-``, or the IAM prefix of ``dev`` would reach what belongs to ``dev-eu``."""
    if not re.fullmatch("[a-z][a-z0-9]*", value):
        raise RefusedError("lower-case letters and digits, a letter first")
    return value


def step_name(value: str) -> str:
    if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", value):
        raise RefusedError("lower-case letters and digits in words joined by single '_', a letter first")
    return value


def table_name(value: str) -> str:
    """What Glue takes and Athena can name without quotes."""
    if not re.fullmatch("[a-z][a-z0-9_]{0,254}", value):
        raise RefusedError("1 to 255 lower-case letters, digits and '_', a letter first")
    return value


def feature_name(value: str) -> str:
    """What SageMaker takes for a feature, and SQL can name without quotes."""
    if not re.fullmatch("[a-z][a-z0-9]*(_[a-z0-9]+)*", value) or len(value) > 64:
        raise RefusedError(
            "1 to 64 lower-case letters and digits in words joined by single '_', a letter first"
        )
    if value in _FEATURE_COLUMNS:
        raise RefusedError("another name", "every feature group has a column of this name already")
    return value


def record_name(value: str) -> str:
    if not 1 <= len(value) <= 64 or not value.isprintable():
        raise RefusedError("1 to 64 printable characters")
    return value


def day(value: str) -> str:
    try:
        found = datetime.strptime(value, "%Y-%m-%d")  # noqa: DTZ007 - a day of a wall clock
    except ValueError:
        found = None
    if found is None or f"{found:%Y-%m-%d}" != value:
        raise RefusedError('a day, as in "2021-07-01"')
    return value


def result_name(value: str) -> str:
    step_name(value)
    if value in _RUN_FILES:
        raise RefusedError("another name", f"{value}.json is a file of the jobs that the machine never reads")
    if value in _VARIABLES:
        raise RefusedError("another name", "the state machine has a variable of this name")
    if value in _CHECKED:
        raise RefusedError("another name", "the state machine has a state of this name")
    return value


def script(value: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*\.py", value):
        advice = "leave out the folder" if value.startswith("jobs/") else ""
        raise RefusedError("the name of a Python file in jobs/, as in 'publish.py'", advice)
    return value


def distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    twice = next((value for value in values if values.count(value) > 1), None)
    if twice is not None:
        raise RefusedError("each of them once", found=f"{quoted(twice)} more than once")
    return values


#: how regions begin whose partitions (aws-iso…, aws-eusc) no state machine of this project has run in.
_OTHER_PARTITIONS = ("us-iso", "eu-iso", "eusc-")
#: the regions that a configuration may name.
KNOWN_REGIONS = tuple(name for name in REGIONS if not name.startswith(_OTHER_PARTITIONS))


def account(value: str) -> str:
    if not re.fullmatch("[0-9]{12}", value):
        raise RefusedError("the 12 digits of an account id")
    return value


def region(value: str) -> str:
    if value in REGIONS and value not in KNOWN_REGIONS:
        raise RefusedError(
            "one of AWS's partitions aws, aws-cn and aws-us-gov: the state machine's names of services are known there",
            "take another region",
        )
    if value not in KNOWN_REGIONS:
        raise RefusedError("a region of AWS, as in 'us-east-1'", did_you_mean(value, KNOWN_REGIONS))
    return value


def instance_type(value: str) -> str:
    if value not in INSTANCE_TYPES:
        near = did_you_mean(value if value.startswith("ml.") else f"ml.{value}", INSTANCE_TYPES)
        raise RefusedError("an instance type of SageMaker Processing, as in 'ml.m5.xlarge'", near)
    return value


def has_own_disks(instance: str) -> bool:
    """Whether an instance type of SageMaker comes with local storage: a `d` behind its generation, and the
    accelerated families that always have it.
    """
    family = instance.removeprefix("ml.").partition(".")[0]
    return bool(re.fullmatch(r"[a-z]+[0-9]+[a-z]*d[a-z]*", family)) or family.startswith(_OWN_DISKS)


def worker_type(value: str) -> str:
    if value not in WORKER_TYPES:
        other = _OTHER_WORKERS.get(value)
        advice = f"{quoted(value)} is for {other}" if other else did_you_mean(value, WORKER_TYPES)
        raise RefusedError(one_of(WORKER_TYPES), advice)
    return value


def max_capacity(value: float) -> float:
    if value not in MAX_CAPACITIES:
        raise RefusedError("0.0625 or 1")
    return value


def gigabytes(value: float) -> float:
    if not 0 < value <= MOST_GIGABYTES:
        raise RefusedError(f"a number of GB above 0, at most {MOST_GIGABYTES:,}")
    return value


def retention_days(value: int) -> int:
    if value not in RETENTION_DAYS:
        longer = next((days for days in RETENTION_DAYS if days > value), RETENTION_DAYS[-1])
        raise RefusedError("a number of days that CloudWatch Logs offers", f"write {longer}")
    return value


def expression(value: str) -> str:
    cron.check(value)
    return value


def timezone(value: str) -> str:
    if value not in TIME_ZONES:
        by_city = {zone.rpartition("/")[2]: zone for zone in TIME_ZONES}
        city = by_city.get(value.strip().replace(" ", "_").title())
        advice = f"did you mean {quoted(city)}?" if city else did_you_mean(value, TIME_ZONES)
        raise RefusedError("a name of the IANA time zone database, as in 'America/New_York'", advice)
    return value


def bucket(value: str) -> str:
    """A general purpose bucket; a name with dots is one that TLS cannot verify and DuckDB cannot open."""
    expected = "3 to 63 lower-case letters, digits and '-', a letter or digit first and last"
    if value.startswith(("s3:", "arn:")) or "/" in value:
        raise RefusedError("a bucket's name alone", "a prefix goes to data.input and data.output")
    if "." in value:
        raise RefusedError("a name without '.', for which TLS can be verified", "take another bucket")
    if not re.fullmatch("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", value):
        raise RefusedError(
            expected, f"did you mean {quoted(value.lower())}?" if value != value.lower() else ""
        )
    _refuse_reserved(value)
    return value


def _refuse_reserved(value: str) -> None:
    reserved = [f"{s}…" for s in _BUCKET_STARTS if value.startswith(s)]
    reserved += [f"…{s}" for s in _BUCKET_ENDS if value.endswith(s)]
    if reserved:
        raise RefusedError("a name that S3 does not reserve", f"names like {quoted(reserved[0])} are its own")


def artifact_bucket(value: str) -> str:
    """The bucket of a deployment: S3's own rules, dots among them."""
    labels = value.split(".")
    if not 3 <= len(value) <= 63:
        raise RefusedError("3 to 63 characters", f"it has {len(value)}")
    if strange := re.search(r"[^a-z0-9.-]", value):
        raise RefusedError("lower-case letters, digits, '-' and '.'", f"it has {quoted(strange[0])}")
    if "" in labels[1:-1]:
        raise RefusedError("single dots", "it has two in a row")
    if not value[0].isalnum() or not value[-1].isalnum():
        raise RefusedError("a letter or digit first and last")
    if any(label.startswith("-") or label.endswith("-") for label in labels):
        raise RefusedError("a letter or digit beside each '.'", "it has '-' there")
    if re.fullmatch(r"\d+(\.\d+){3}", value):
        raise RefusedError("a name", "it has the form of an IP address")
    _refuse_reserved(value)
    return value


def key_arn(value: str) -> str:
    """A key of KMS by its ARN: policies do not know aliases, and a key's id alone does not say whose it is."""
    if value.startswith("alias/") or ":alias/" in value:
        raise RefusedError(
            "a key's ARN, not an alias, which a policy cannot name",
            f"it is shown by: aws kms describe-key --key-id {value} --query KeyMetadata.Arn",
        )
    if not re.fullmatch(r"arn:(aws|aws-cn|aws-us-gov):kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+", value):
        raise RefusedError(
            "a key's ARN, as in 'arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab'"
        )
    return value


def key_prefix(value: str) -> str:
    expected = "folders of letters, digits and _ . = - joined by '/', as in 'shop/input'"
    bare = value.strip("/")
    if not value or not re.fullmatch(r"[A-Za-z0-9_.=/-]+", value) or not bare:
        raise RefusedError(expected)
    if {".", "..", ""} & set(bare.split("/")):
        raise RefusedError(f"{expected}, without '.', '..' or '//'")
    if bare != value:
        raise RefusedError(f"{expected}, without '/' at either end", f"write {quoted(bare)}")
    if len(value) > 200:
        raise RefusedError("at most 200 characters", f"shorten it by {len(value) - 200}")
    return value


def argument_name(value: str) -> str:
    if value.startswith("-"):
        raise RefusedError("the name without '--'", f"write {quoted(value.lstrip('-'))}")
    lower = value.lower().replace("_", "-")
    if lower in GLUE_ARGUMENTS or lower.startswith(GLUE_PREFIXES):
        raise RefusedError("a name that Glue does not use itself", "take another name")
    if not re.fullmatch("[a-z][a-z0-9]*(-[a-z0-9]+)*", value):
        near = value.lower().replace("_", "-")
        mended = bool(re.fullmatch("[a-z][a-z0-9-]*", near)) and near != value
        advice = f"did you mean {quoted(near)}?" if mended else ""
        raise RefusedError("lower-case letters and digits in words joined by single '-'", advice)
    return value


def policy_name(value: str) -> str:
    """A policy of the stack's own account: a template holds no account id."""
    if value.startswith("arn:"):
        name_ = value.partition(":policy/")[2]
        advice = f"write {quoted(name_)}" if name_ else "the policy is looked up in the stack's own account"
        raise RefusedError("the name of a policy, without its ARN", advice)
    if not re.fullmatch(r"([\w+=,.@-]+/)*[\w+=,.@-]{1,128}", value, re.ASCII) or len(value) > 512:
        raise RefusedError("the name of a policy, with its path, as in 'boundaries/pipelines'")
    return value


def role_path(value: str) -> str:
    if not re.fullmatch(r"/([\w+=,.@-]+/)*", value, re.ASCII) or len(value) > 512:
        mended = f"/{value.strip('/')}/"
        advice = f"write {quoted(mended)}" if re.fullmatch(r"/([\w+=,.@-]+/)+", mended, re.ASCII) else ""
        raise RefusedError("a path that begins and ends with '/', as in '/data/'", advice)
    return value


def subnet(value: str) -> str:
    return _ec2_id("subnet", value)


def security_group(value: str) -> str:
    return _ec2_id("sg", value)


def _ec2_id(kind: str, value: str) -> str:
    if not re.fullmatch(f"{kind}-([0-9a-f]{{8}}|[0-9a-f]{{17}})", value):
        raise RefusedError(f"an id, as in '{kind}-0f4e2a9b1c3d5e7fa'")
    return value


def availability_zone(value: str) -> str:
    start = next((region_ for region_ in REGIONS if value.startswith(region_)), None)
    if start is None or not re.fullmatch("[a-z]|-[a-z]+-[0-9][a-z]", value[len(start) :]):
        raise RefusedError("an availability zone, as in 'us-east-1a'")
    return value


def tag_key(value: str) -> str:
    if value in ("pipeline", "environment"):
        raise RefusedError("another key", "every deployment sets this tag itself")
    if value.lower().startswith("aws:"):
        raise RefusedError("a key that does not begin with 'aws:'", "AWS keeps these for itself")
    if not 1 <= len(value) <= 128 or not _tag_text(value):
        raise RefusedError("1 to 128 letters, digits, spaces and _ . : / = + - @")
    return value


def tag_value(value: str) -> str:
    if len(value) > 256 or not _tag_text(value):
        raise RefusedError("at most 256 letters, digits, spaces and _ . : / = + - @")
    return value


def _tag_text(value: str) -> bool:
    return all(c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in value)
