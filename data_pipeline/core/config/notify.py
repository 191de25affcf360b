"""The configuration's model of who is told how a run ended, and of which ends."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from data_pipeline.core.facts import limits
from data_pipeline.core.problems import RefusedError

from .sizes import Expected, Model

#: how a run may end, as far as somebody can be told.
End = Literal["failure", "warning", "success", "nothing_new"]

#: a topic's name, after SNS's API reference of CreateTopic; one of first-in-first-out has ".fifo" and no mail.
_TOPIC = re.compile(r"arn:(aws|aws-cn|aws-us-gov):sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
#: subscriptions are resources of the stack, and many people belong on a list with one address.
MOST_EMAILS = 20


def email(value: str) -> str:
    """A mail address as SNS takes it: without a display name."""
    if not _EMAIL.fullmatch(value):
        inner = re.fullmatch(r".*<([^<>]+)>", value)
        advice = f"write '{inner[1]}'" if inner and _EMAIL.fullmatch(inner[1]) else ""
        raise RefusedError("an e-mail address, as in 'data-team@example.com'", advice)
    return value


def topic(value: str) -> str:
    """The ARN of a standard topic."""
    if value.endswith(".fifo"):
        raise RefusedError("a standard topic", "a first-in-first-out topic delivers to queues only")
    if not _TOPIC.fullmatch(value):
        raise RefusedError("the ARN of a topic, as in 'arn:aws:sns:us-east-1:123456789012:data-alerts'")
    return value


Email = Annotated[str, AfterValidator(email), Expected("an e-mail address")]
Topic = Annotated[str, AfterValidator(topic), Expected("the ARN of a topic")]


class Notify(Model):
    """Who is told how a run ended."""

    when: Annotated[tuple[End, ...], AfterValidator(limits.distinct)] = Field(
        ("failure",),
        min_length=1,
        description="Of which ends: `failure` (a failed quality rule, too), `warning` (published, with a quality rule "
        "of data sets that warns), `success` (with warnings, too), `nothing_new`.",
        examples=[["failure", "success"]],
    )
    emails: Annotated[tuple[Email, ...], AfterValidator(limits.distinct)] = Field(
        (),
        max_length=MOST_EMAILS,
        description="Who is written to, by the pipeline's own topic; each address confirms once. They are parameters "
        "of the stack, so that no template names a person.",
        examples=[["data-team@example.com"]],
    )
    topic: Topic | None = Field(
        None,
        description="ARN of a topic that is there already, in the place of an own one. Its policy must let "
        "CloudWatch publish, for the alarms.",
        examples=["arn:aws:sns:us-east-1:123456789012:data-alerts"],
    )
