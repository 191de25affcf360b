"""Whatever is asked, the answer says what is wrong with it: never an error of the server's own, never none at all."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from embedded_aws.server.any_request import any_request, make
from embedded_aws.signed import send, sign
from randomness import SEED, times

from data_pipeline.embedded_aws.server.endpoint import Endpoint

BATCH = 50
"""Requests of one test."""


@pytest.mark.soak
@pytest.mark.parametrize("batch", range(times("any-request") // BATCH))
def test_any_request_is_answered(
    embedded: Endpoint, aws: Any, name: str, batch: int, record_property: Callable[[str, object], None]
) -> None:
    """No answer is a 500, and none takes longer than the 20 s for which the client waits. What is refused by its name
    is a 501.
    """
    record_property("tries", BATCH)
    made = make(aws, name)
    for attempt in range(batch * BATCH, (batch + 1) * BATCH):
        service, raw, is_none = any_request(random.Random(f"{SEED}-any-request-{attempt}"), made)
        answer = send(embedded, sign(embedded, raw, service))
        assert answer.status < 500 or answer.status == 501, (attempt, service, raw, answer)
        if is_none and answer.status != 501:
            assert (answer.status, answer.code) == (400, "SerializationException"), (attempt, service, raw)
