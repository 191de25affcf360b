"""What was looked up in an account, and what a finding is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

Level = Literal["ok", "warning", "problem", "unchecked"]
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class CheckResult:
    """One check: what was found, what to do about it unless it is ok, and which rule says so."""

    check: str
    level: Level
    found: str
    remedy: str = ""
    rule: str = ""


@dataclass(frozen=True)
class Unanswered:
    """A look-up without an answer: not emulated, or not allowed (then ``reason`` names the action)."""

    reason: str
    emulated: bool = True


@dataclass(frozen=True)
class Quota:
    """One service quota as it applies to the account in the region."""

    name: str
    code: str
    value: float


@dataclass(frozen=True)
class Bucket:
    """A bucket as its caller sees it: ``hidden`` when it is another account's or may not be seen.

    ``key``: the customer's key that encrypts it, by its ARN where that is known; empty for none. None of the last
    three: not known, because it may not be looked up.
    """

    name: str
    exists: bool = True
    hidden: bool = False
    region: str = ""
    public_access_blocked: bool | None = None
    ownership: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Key:
    """A key of KMS: its state, and its policy where it may be read (never that of another account's key)."""

    state: str
    policy: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Lake:
    """Lake Formation's settings: whether what is new is open to IAM's permissions, and who administers."""

    open: bool
    administrators: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refusal:
    """An action that IAM's simulator does not allow: ``said`` is action, resource and decision."""

    said: str
    by: Literal["policy", "organization", "boundary"] = "policy"


_NO_ANSWER = Unanswered("was not asked")
Refusals = Sequence[Refusal] | Unanswered


@dataclass(frozen=True)
class Answers:
    """Everything that was looked up for an environment; what was not is ``Unanswered``, or empty where a map."""

    account: str
    caller: str
    partition: str = "aws"
    #: the caller as IAM's simulator takes it: a user or role; None for any other
    principal: str | Unanswered | None = _NO_ANSWER
    opt_in: str | Unanswered | None = _NO_ANSWER
    #: service → name in lower case → quota
    quotas: Mapping[str, Mapping[str, Quota] | Unanswered] = field(default_factory=dict)
    #: template's file → why CloudFormation refuses it
    templates: Mapping[str, str | Unanswered | None] = field(default_factory=dict)
    #: files of templates that are not rendered
    missing: Collection[str] = ()
    #: state machine → (severity, message) of what Step Functions says of its definition
    definitions: Mapping[str, Sequence[tuple[str, str]] | Unanswered] = field(default_factory=dict)
    #: stack → status, None where there is none
    stacks: Mapping[str, str | None] = field(default_factory=dict)
    #: (type, physical id) of the resources of both stacks
    resources: Collection[tuple[str, str]] = ()
    #: "data" and "artifact", where known → bucket
    buckets: Mapping[str, Bucket | Unanswered] = field(default_factory=dict)
    #: ARN → key, of the keys that the configuration names
    keys: Mapping[str, Key | Unanswered] = field(default_factory=dict)
    #: those of the environment's names that are taken
    log_groups: Collection[str] | Unanswered = _NO_ANSWER
    databases: Collection[str] | Unanswered = _NO_ANSWER
    feature_groups: Collection[str] | Unanswered = _NO_ANSWER
    data_buckets: Collection[str] | Unanswered = _NO_ANSWER
    #: state machine of the environment → status, of those that there are
    machines: Mapping[str, str] | Unanswered = _NO_ANSWER
    #: schedule of the environment → state, of those that there are
    schedules: Mapping[str, str] | Unanswered = _NO_ANSWER
    #: names of CloudWatch Logs' resource policies
    log_policies: Collection[str] | Unanswered = _NO_ANSWER
    lake: Lake | Unanswered = _NO_ANSWER
    #: what the caller lacks of the deployer's policy; None where it is nobody whom IAM simulates
    deployer: Refusals | None = _NO_ANSWER
    #: deployed role → what its own policies grant and something above them refuses
    roles: Mapping[str, Refusals] = field(default_factory=dict)


def unanswered(check: str, answer: Unanswered) -> CheckResult:
    """The finding of a look-up without an answer."""
    if not answer.emulated:
        return CheckResult(check, "unchecked", "not on the embedded AWS")
    return CheckResult(check, "warning", f"could not be looked up: {answer.reason}")
