"""Sources by https: a certificate that is trusted, and one that is not."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from mirrored import parquet, trips
from source_server import SourceServer

NEW_KEY = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=source")


@pytest.fixture
def certificate(tmp_path):
    """A certificate of 127.0.0.1 that nobody trusts yet, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl here to make a certificate")
    key, made = tmp_path / "key.pem", tmp_path / "made.pem"
    name = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(made))
    subprocess.run(["openssl", *NEW_KEY, *name], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text(key.read_text() + made.read_text())
    return both


@pytest.mark.parametrize("trusted", [True, False])
def test_a_certificate_is_verified(mirror, certificate, monkeypatch, trusted):
    """Files come from a server whose certificate the machine trusts, and from no other."""
    from data_pipeline.etl.mirror import web

    web._context.cache_clear()
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with SourceServer(certificate=certificate) as source:
        source.files["/trip-data/yellow_tripdata_2024-01.parquet"] = parquet(1)
        report = mirror(trips(source), scope=("all", "2024-01"))
    web._context.cache_clear()
    assert report["counts"]["new" if trusted else "failed"] == 1
    assert len(mirror.stored()) == trusted
    if not trusted:
        assert report["files"][0]["reason"].startswith("its certificate is not trusted: ")
        assert report["files"][0]["person"]
