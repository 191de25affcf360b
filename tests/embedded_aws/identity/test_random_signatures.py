"""Random requests: as they were signed they are let in, with anything changed they are not."""

from __future__ import annotations

import random
import string
from collections.abc import Callable
from dataclasses import replace

import pytest
from randomness import SEED, times

from data_pipeline.embedded_aws.server.endpoint import Endpoint
from tests.embedded_aws.identity.test_signatures import REFUSALS
from tests.embedded_aws.signed import SERVICES, Raw, keys, plain, presign, send, sign

Change = Callable[[random.Random, Raw], Raw]
#: Requests that one test sends.
BATCH = 100


def _put(header: str, value: str) -> Change:
    return lambda _, raw: raw.with_header(header, value)


def _other(choice: random.Random, character: str) -> str:
    """Another character of the same kind."""
    kinds = (string.digits, string.ascii_lowercase, string.ascii_uppercase, "-/=;,. ")
    kind = next((kind for kind in kinds if character in kind), string.ascii_lowercase)
    return choice.choice([other for other in kind if other != character])


def _change_character(choice: random.Random, text: str, start: int = 0) -> str:
    place = choice.randrange(start, len(text))
    return text[:place] + _other(choice, text[place]) + text[place + 1 :]


def _authorization(choice: random.Random, raw: Raw) -> Raw:
    text = raw.header("authorization")
    changed = _change_character(choice, text)
    while changed.replace(" ", "") == text.replace(" ", ""):
        changed = _change_character(choice, text)
    return raw.with_header("Authorization", changed)


def _cut(choice: random.Random, raw: Raw) -> Raw:
    text = raw.header("authorization")
    return raw.with_header("Authorization", text[: choice.randrange(len(text))])


def _signed_header(choice: random.Random, raw: Raw) -> Raw:
    """Change, remove or repeat one of the headers that were signed."""
    names = raw.header("authorization").partition("SignedHeaders=")[2].partition(",")[0].split(";")
    name = choice.choice([name for name in names if raw.header(name)])
    value = raw.header(name)
    change = choice.choice(["change", "remove", "repeat"])
    if change == "change":
        return raw.with_header(name, _change_character(choice, value).strip() + "0")
    if change == "remove":
        return raw.with_header(name, None if name != "host" else "localhost:1")
    return replace(raw, headers=(*raw.headers, (name, value)))


def _method(choice: random.Random, raw: Raw) -> Raw:
    methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"]
    return replace(raw, method=choice.choice([name for name in methods if name != raw.method]))


def _path(choice: random.Random, raw: Raw) -> Raw:
    path, mark, query = raw.target.partition("?")
    return replace(raw, target=path + choice.choice(["x", "/x", "%20", "//", "/../y", "/."]) + mark + query)


def _parameter(choice: random.Random, raw: Raw) -> Raw:
    names = ["acl", "X-Amz-Acl", "x-amz-meta-z", "Action", "uploads", "versionId", "encryption"]
    if "AWSAccessKeyId" not in raw.target:  # SigV2 does not sign which part of a listing is asked for
        names.append("prefix")
    return raw.with_query(choice.choice(names) + choice.choice(["", "=1", "=a%2Fb"]))


def _body(choice: random.Random, raw: Raw) -> Raw:
    """For a request that had none, one is declared too, or nothing would read it."""
    place = choice.randrange(len(raw.body) + 1)
    return replace(raw, body=raw.body[:place] + bytes([choice.randrange(256)]) + raw.body[place:])


def _query_character(choice: random.Random, raw: Raw) -> Raw:
    """Change one character of the value of one of the parameters that sign."""
    path, _, query = raw.target.partition("?")
    pairs = query.split("&")
    marks = ("x-amz-", "awsaccess", "signature", "expires")
    place = choice.choice([i for i, pair in enumerate(pairs) if pair.lower().startswith(marks)])
    name, _, value = pairs[place].partition("=")
    if choice.random() < 0.3:
        changed = name.swapcase()
    else:
        changed = name
        value = value.replace("%", "0") if "%" in value else _change_character(choice, value)
    value = value.replace(" ", "%20")
    pairs[place] = f"{changed}={value}"
    return replace(raw, target=f"{path}?{'&'.join(pairs)}")


def _drop_or_repeat(choice: random.Random, raw: Raw) -> Raw:
    path, _, query = raw.target.partition("?")
    pairs = query.split("&")
    place = choice.randrange(len(pairs))
    again = [*pairs, pairs[place]]
    without = pairs[:place] + pairs[place + 1 :]
    return replace(raw, target=f"{path}?{'&'.join(choice.choice([again, without]))}")


def _mixed(choice: random.Random, raw: Raw) -> Raw:
    """A second signature, of whatever kind, beside the right one."""
    if raw.header("authorization"):
        name = choice.choice(
            ["X-Amz-Signature", "X-Amz-Credential", "AWSAccessKeyId", "Signature", "Expires"]
        )
        return raw.with_query(f"{choice.choice([name, name.lower()])}=1")
    value = choice.choice(["AWS4-HMAC-SHA256 Credential=a/b/c/s3/aws4_request", "AWS a:b", "Basic YTpi", ""])
    return raw.with_header("Authorization", value)


ALWAYS: tuple[Change, ...] = (
    _method,
    _path,
    _parameter,
    _mixed,
    _put("X-Amz-Acl", "public-read"),
    _put("x-amz-copy-source", "/a/b"),
    _put("X-Amz-Security-Token", "t"),
    _put("Host", "rebound.example.com"),
)
HEADER: tuple[Change, ...] = (_authorization, _authorization, _cut, _signed_header, _signed_header, _body)
PRESIGNED: tuple[Change, ...] = (_query_character, _query_character, _query_character, _drop_or_repeat)


def signed(choice: random.Random, endpoint: Endpoint) -> tuple[Raw, tuple[Change, ...]]:
    """A random request as it was signed, and what may be changed of it."""
    kind = choice.choice(["header", "header", "presigned", "old"])
    if kind == "header":
        service = choice.choice(SERVICES)
        return sign(endpoint, plain(service), service), HEADER
    raw = Raw(
        choice.choice(["GET", "GET", "HEAD"]), choice.choice(["/", "/no-such-bucket/k", "/no-such-bucket"])
    )
    return presign(endpoint, raw, expires=choice.randrange(30, 9_999), old=kind == "old"), PRESIGNED


def let_in(endpoint: Endpoint, raw: Raw) -> bool:
    """Whether the request came as far as a service; the HTTP server itself answers 400, and nothing else, to one
    that is none (two Host headers).
    """
    answer = send(endpoint, raw)
    if (answer.status, answer.body, answer.code) == (400, "", ""):
        return False
    assert not [name for name in answer.headers if name.startswith("access-control-")]
    return answer.status < 400 or answer.code not in REFUSALS


@pytest.mark.soak
@pytest.mark.parametrize("batch", range(max(1, times("signatures") // BATCH)))
def test_what_was_changed_is_not_let_in(
    embedded: Endpoint, batch: int, record_property: Callable[[str, object], None]
) -> None:
    """Every request is let in as it was signed, and refused after any one change."""
    record_property("tries", BATCH)
    choice = random.Random(f"{SEED}-signatures-{batch}")
    for number in range(BATCH):
        raw, changes = signed(choice, embedded)
        changed = choice.choice((*ALWAYS, *changes, *changes))(choice, raw)
        if number % 5 == 0:
            assert let_in(embedded, raw), raw
        assert changed != raw
        assert not let_in(embedded, changed), (raw, changed)


def test_the_changes_are_tried_on_the_secret_of_another(embedded: Endpoint) -> None:
    """The generator's requests, signed with another secret, are refused: it is the secret that opens."""
    choice = random.Random(f"{SEED}-secrets")
    wrong = keys(embedded, secret_key="x")
    for _ in range(10):
        service = choice.choice(SERVICES)
        assert not let_in(embedded, sign(embedded, plain(service), service, wrong))
