"""Answers without the empty values that MiniStack gives and AWS never does: what is not there is left out."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack import app
from ministack.services import glue
from ministack.services.cloudformation import handlers

from data_pipeline.embedded_aws.answers import Response

#: Members of Glue's tables and databases whose shapes have a least length of 1, or are not returned unless they were
#: given.
_OF_GLUE = ("Description", "Owner")
_MEMBER = re.compile(r"<member><ParameterKey>([^<]*)</ParameterKey><DefaultValue></DefaultValue>")


#: Texts of CloudFormation and IAM that are not in an answer unless they say something.
_EMPTY = re.compile(rb"<(Description|StackStatusReason|ResourceStatusReason|StatusReason)></\1>")


def install() -> None:
    """Replace the operations that answer so."""
    for service in ("cloudformation", "iam"):
        app.SERVICE_HANDLERS[service] = _without_empty_texts(app.SERVICE_HANDLERS[service])
    glue._get_database = _without_empty_fields(glue._get_database)
    glue._get_databases = _without_empty_fields(glue._get_databases)
    glue._get_table = _without_empty_fields(glue._get_table)
    glue._get_tables = _without_empty_fields(glue._get_tables)
    for action in ("GetTemplateSummary", "ValidateTemplate"):
        handlers._ACTION_HANDLERS[action] = _without_empty_defaults(handlers._ACTION_HANDLERS[action])


def _without_empty_texts(theirs: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def answered(*arguments: Any) -> Response:
        status, headers, body = await theirs(*arguments)
        return status, headers, _EMPTY.sub(b"", body) if isinstance(body, bytes) else body

    return answered


def _without_empty_fields(theirs: Callable[[Any], Response]) -> Callable[[Any], Response]:
    def answered(data: Mapping[str, Any]) -> Response:
        status, headers, body = theirs(data)
        if status != 200:
            return status, headers, body
        found = json.loads(body)
        members = next(iter(found.values()))
        for each in members if isinstance(members, list) else [members]:
            for name in _OF_GLUE:
                if each.get(name) == "":
                    del each[name]
        return status, headers, json.dumps(found).encode()

    return answered


def _without_empty_defaults(theirs: Callable[[Any], Response]) -> Callable[[Any], Response]:
    """An empty DefaultValue only for a parameter whose default is empty: one without must be given a value."""

    def answered(params: Any) -> Response:
        status, headers, body = theirs(params)
        text = body.decode()
        if status != 200 or "<DefaultValue></DefaultValue>" not in text:
            return status, headers, body
        parameters = handlers._parse_template(_template(params)).get("Parameters", {})

        def replaced(member: re.Match[str]) -> str:
            kept = "Default" in parameters.get(member[1], {})
            return member[0] if kept else f"<member><ParameterKey>{member[1]}</ParameterKey>"

        return status, headers, _MEMBER.sub(replaced, text).encode()

    return answered


def _template(params: Any) -> str:
    """The text of the template that a request is about."""
    text, _ = handlers._resolve_template(params)
    if text:
        return str(text)
    stack = handlers._resolve_stack(handlers._p(params, "StackName"))
    return str((stack or {}).get("_template_body", "{}"))
