"""What outlives its stack is deleted for good: what has gone is no error, what does not go is one."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from data_pipeline.aws import destruction, feature_store
from data_pipeline.core.errors import UserError

TABLE = {
    "Catalog": "AwsDataCatalog",
    "Database": "sagemaker_featurestore",
    "TableName": "orders_dev_customers_1",
}
GROUP = {"FeatureGroupStatus": "Created", "OfflineStoreConfig": {"DataCatalogConfig": TABLE}}
DELETING = {**GROUP, "FeatureGroupStatus": "Deleting"}
FAILED = {**GROUP, "FeatureGroupStatus": "DeleteFailed", "FailureReason": "the role has gone"}


def deleted(monkeypatch: pytest.MonkeyPatch, *answers: dict[str, Any] | None) -> tuple[list[str], int]:
    """What is called, in its order, while DescribeFeatureGroup answers so (the last one for ever), and the pauses."""
    left = list(answers)
    clients, pauses = Mock(), Mock()
    monkeypatch.setattr(feature_store, "describe", lambda *_: left.pop(0) if len(left) > 1 else left[0])
    connection = Mock(client=lambda _: clients)
    destruction.feature_group(connection, "orders-dev-customers", pauses)
    return [name for name, *_ in clients.method_calls], pauses.call_count


def test_the_table_goes_first_and_the_end_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the group has gone, nothing else names the table."""
    both = ["delete_table", "delete_feature_group"]
    assert deleted(monkeypatch, GROUP, DELETING, DELETING, None) == (both, 2)
    assert deleted(monkeypatch, None) == ([], 0)


def test_what_is_being_deleted_is_not_deleted_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that was broken off is given again; one that failed before is tried again."""
    assert deleted(monkeypatch, DELETING, DELETING, None) == (["delete_table"], 1)
    assert deleted(monkeypatch, FAILED, DELETING, None) == (["delete_table", "delete_feature_group"], 1)


def test_a_group_that_does_not_go_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="orders-dev-customers: not deleted: the role has gone"):
        deleted(monkeypatch, GROUP, FAILED)
    with pytest.raises(UserError, match="is still being deleted after 20 minutes"):
        deleted(monkeypatch, DELETING)


@pytest.mark.parametrize(
    ("code", "goes"), [("EntityNotFoundException", True), ("AccessDeniedException", False)]
)
def test_a_database_goes_once_its_tables_have(code: str, goes: bool) -> None:
    """Glue answers what it has not deleted, and fails no request for it; the database would take all of them along."""
    glue = Mock()
    glue.get_paginator().paginate.return_value = [{"TableList": [{"Name": "orders"}, {"Name": "totals"}]}]
    error = {"TableName": "totals", "ErrorDetail": {"ErrorCode": code, "ErrorMessage": "no"}}
    glue.batch_delete_table.return_value = {"Errors": [error]}
    connection = Mock(client=lambda _: glue)
    if goes:
        destruction.database(connection, "shop_dev")
    else:
        with pytest.raises(UserError, match=r"table shop_dev\.totals: not deleted: no"):
            destruction.database(connection, "shop_dev")
    assert glue.delete_database.called == goes
