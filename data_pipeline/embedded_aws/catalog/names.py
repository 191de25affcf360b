"""Names of databases and tables as Glue reads them: in small letters, in the catalog of the account.

Source: Database API and Table API of the Glue developer guide ("For Hive compatibility, this is folded to lowercase
when it is stored").
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id

from data_pipeline.embedded_aws.answers import Response, error
from data_pipeline.embedded_aws.dispatch import Refused

Handler = Callable[..., Awaitable[Response]]

#: Operations on databases and tables; those on jobs have names of both kinds of letters.
_OF_CATALOG = re.compile(r"(Batch)?(Create|Delete|Get|Update)(Database|Table|Partition|TableVersion)s?")
_NAMES = ("DatabaseName", "Name", "TableName")
_INPUTS = ("DatabaseInput", "TableInput")
_PATTERN = re.compile(r"[\w*|-]+", re.ASCII)


def folded(theirs: Handler) -> Handler:
    """A handler of Glue's requests that is given names in small letters."""

    async def served(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        if not _OF_CATALOG.fullmatch(headers.get("x-amz-target", "").rpartition(".")[2]):
            return await theirs(method, path, headers, body, query)
        given = json.loads(body or b"{}")
        catalog, account = given.get("CatalogId"), get_account_id()
        if catalog not in (None, account):
            message = (
                f"The catalog {catalog} is not that of account {account}, and has given it no permission."
            )
            return error("AccessDeniedException", message)
        return await theirs(method, path, headers, json.dumps(_folded(given)).encode(), query)

    return served


def _folded(given: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(given)
    for name in _NAMES:
        if isinstance(found.get(name), str):
            found[name] = found[name].lower()
    for name in _INPUTS:
        if isinstance(found.get(name), dict) and "Name" in found[name]:
            found[name] = {**found[name], "Name": str(found[name]["Name"]).lower()}
    if isinstance(found.get("TablesToDelete"), list):
        found["TablesToDelete"] = [str(name).lower() for name in found["TablesToDelete"]]
    return found


def fold_stored(*tables: AccountRegionScopedDict) -> None:
    """What earlier versions kept under names with capitals, so that it is found; where both are there, as it was."""
    for table in tables:
        for place, kept in list(table._data.items()):
            *scope, key = place
            small = (*scope, key.lower())
            if small in table._data:
                continue
            del table._data[place]
            table._data[small] = list(map(_folded, kept)) if isinstance(kept, list) else _folded(kept)


def pattern(expression: str) -> re.Pattern[str]:
    """What GetTables' Expression means: ``*`` is anything, ``|`` is or. Refused by name for more than that."""
    simple = expression.replace(".*", "*")
    if not _PATTERN.fullmatch(simple):
        raise Refused(f"glue:GetTables with the Expression {expression}", "NotImplementedException")
    return re.compile(simple.replace("*", ".*"), re.IGNORECASE)
