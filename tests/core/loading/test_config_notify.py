"""Who may be told, and each way to write that wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.core.loading.load import load_environment
from tests.core.config_project import message, project

TOPIC = "arn:aws:sns:us-east-1:123456789012:data-alerts"


@pytest.mark.parametrize(
    ("dev", "said"),
    [
        (
            "notify: {emails: ['Data Team <data@example.com>']}\n",
            "notify.emails[0]: found 'Data Team <data@example.com>', expected an e-mail address, as in "
            "'data-team@example.com'; write 'data@example.com'",
        ),
        (
            "notify: {emails: [data-team]}\n",
            "notify.emails[0]: found 'data-team', expected an e-mail address, as in 'data-team@example.com'",
        ),
        (
            "notify: {topic: data-alerts}\n",
            "notify.topic: found 'data-alerts', expected the ARN of a topic, as in "
            "'arn:aws:sns:us-east-1:123456789012:data-alerts'",
        ),
        (
            f"notify: {{topic: '{TOPIC}.fifo'}}\n",
            f"notify.topic: found '{TOPIC}.fifo', expected a standard topic; a first-in-first-out topic delivers to "
            "queues only",
        ),
        (
            f"notify: {{topic: '{TOPIC.replace('us-east-1', 'eu-west-1')}'}}\n",
            "notify.topic: found a topic in eu-west-1, expected one in us-east-1; SNS is regional",
        ),
        (
            f"account: '210987654321'\nnotify: {{topic: '{TOPIC}'}}\n",
            "notify.topic: found a topic of the account 123456789012, expected one of 210987654321",
        ),
        (
            f"notify: {{topic: '{TOPIC}', emails: [a@example.com]}}\n",
            "notify.emails: found addresses beside a topic, expected one of the two; subscribe them to that topic, or "
            "remove 'topic' for one of the pipeline's own",
        ),
        (
            "notify: {when: [failures]}\n",
            "notify.when[0]: found 'failures', expected 'failure', 'warning', 'success' or 'nothing_new'; "
            "did you mean 'failure'?",
        ),
        ("notify: {email: [a@example.com]}\n", "notify.email: found an unknown key; did you mean 'emails'?"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, dev: str, said: str) -> None:
    """File and line, key, what was found, what was expected, what to do."""
    assert said in message(project(tmp_path / "p", dev=dev))


def test_nobody_is_told_unless_asked(tmp_path: Path) -> None:
    """Without the key nobody; with an empty one, a topic of the pipeline's own hears of failures."""
    assert load_environment(project(tmp_path / "a"), "dev").notify is None
    env = load_environment(project(tmp_path / "b", dev="notify: {}\n"), "dev")
    assert env.notify
    assert env.own_topic
    assert env.notify.when == ("failure",)


def test_a_step_may_not_be_called_like_a_notification(tmp_path: Path) -> None:
    """Its state would have the name of the one that tells of the end."""
    step = "steps: {notify_failure: {script: load.py, service: sagemaker, after: load}}\n"
    said = message(project(tmp_path / "p", dev=f"notify: {{}}\n{step}"))
    assert "a step whose state would be called 'NotifyFailure', as the machine has one" in said
