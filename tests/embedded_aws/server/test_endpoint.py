"""The variables by which clients find the embedded AWS."""

from __future__ import annotations

from data_pipeline.embedded_aws.server.endpoint import Endpoint


def test_variables_of_clients(embedded: Endpoint) -> None:
    """Those of every SDK, and those that PyIceberg and DuckDB read; the root's secret stands in the SDK's alone."""
    found = embedded.client_environment()
    assert found.items() >= embedded.environment().items()
    assert found["PYICEBERG_CATALOG__DEFAULT__S3__ENDPOINT"] == embedded.url
    assert found["DUCKDB_S3_ENDPOINT"] == f"127.0.0.1:{embedded.port}"
    assert [name for name, value in found.items() if value == embedded.secret_key] == [
        "AWS_SECRET_ACCESS_KEY"
    ]
