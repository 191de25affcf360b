"""Bodies as files in the place of MiniStack's, which reads, copies and keeps each of them in memory.

MiniStack's own handlers go on deciding; what they do with the bytes of a body is replaced here. Where a body
cannot be written, the object is afterwards what it was before.
"""

from __future__ import annotations

import base64
import binascii
import errno
import itertools
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id
from ministack.services import s3

from . import arriving, conditions, disk, multipart, sending
from .body import HASHERS, Body

Answer = tuple[int, dict[str, Any], Any]

#: MiniStack computes these in Python, byte by byte, on the whole body.
_SLOW = ("CRC32C", "CRC64NVME")
_SLOW_LIMIT = 64 << 20
_numbers = itertools.count()


def spool() -> Path:
    """The folder of bodies that belong to no object yet; its content does not outlive the server."""
    return Path(os.environ["STATE_DIR"]).parent / "spool"


def install() -> None:
    """Replace what MiniStack does with bodies; what is replaced here must exist, or the pin has moved."""
    shutil.rmtree(spool(), ignore_errors=True)
    spool().mkdir(mode=0o700)
    s3._persist_object = _persist_object
    s3._persist_delete_marker = _persist_delete_marker
    s3._delete_persisted_object = _delete_persisted_object
    s3._read_body = _read_body
    s3._version_body = _version_body
    s3._atomic_write = _file_written(s3._atomic_write)
    s3._version_entry_from_record = _without_data(s3._version_entry_from_record)
    s3._get_object_data = _in_memory(s3._get_object_data)
    s3.md5_hash = _md5(s3.md5_hash)
    s3._validate_content_md5 = _content_md5(s3._validate_content_md5)
    s3._compute_s3_checksum = _checksum(s3._compute_s3_checksum)
    s3._put_object = conditions.of_put(_undone(_arrived(s3._put_object)))
    s3._copy_object = conditions.of_copy(_undone(s3._copy_object))
    s3._delete_object = _undone(s3._delete_object)
    s3._upload_part = conditions.of_part(_part_kept(_arrived(s3._upload_part)))
    s3._upload_part_copy = conditions.of_copy(_part_kept(s3._upload_part_copy))
    s3._create_multipart_upload = conditions.of_upload(s3._create_multipart_upload)
    s3._complete_multipart_upload = _undone(multipart.complete)
    s3._abort_multipart_upload = _parts_dropped(s3._abort_multipart_upload)
    app.SERVICE_HANDLERS["s3"] = sending.streamed(app.SERVICE_HANDLERS["s3"])


def _persist_object(bucket: str, key: str, record: dict[str, Any]) -> None:
    """The record's body and sidecar on disk; only the sidecar, where the body is there already. OSError."""
    target = Path(s3._object_disk_path(bucket, key))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    meta = {**s3._object_meta_from_record(record), **s3._key_history_meta(bucket, key), "key": key}
    body = record.get("body")
    if body is None:
        disk.describe(target, meta)
    else:
        disk.put(target, body, meta)
    record["body"] = None
    s3._remove_key_files(s3._other_key_disk_path(_folder(bucket), key, str(target)))


def _persist_delete_marker(bucket: str, key: str, marker: dict[str, Any]) -> None:
    """A delete marker in the sidecar. OSError."""
    target = Path(s3._object_disk_path(bucket, key))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = {"is_delete_marker": True, "key": key, "last_modified": marker.get("last_modified", "")}
    disk.describe(
        target, {**known, "version_id": marker.get("version_id"), **s3._key_history_meta(bucket, key)}
    )


def _delete_persisted_object(bucket: str, key: str) -> None:
    """Remove an object's files. OSError."""
    path = s3._object_disk_path(bucket, key)
    s3._remove_key_files(path)
    s3._remove_key_files(s3._other_key_disk_path(_folder(bucket), key, path))


def _folder(bucket: str) -> str:
    return str(Path(s3.DATA_DIR) / get_account_id() / bucket)


def _read_body(bucket: str, key: str, record: dict[str, Any]) -> bytes | Body:
    """A record's bytes. FileNotFoundError where its file is gone; MiniStack would answer none."""
    body = record.get("body")
    if isinstance(body, (bytes, Body)):
        return body
    return Body.of(Path(s3._object_disk_path(bucket, key)))


def _version_body(
    bucket: dict[str, Any], name: str, key: str, version: dict[str, Any]
) -> bytes | Body | None:
    """A version's bytes: those of its own file, or of the current object when it is that."""
    path = s3._version_disk_path(name, key, version["version_id"])
    if path is not None and Path(path).is_file():
        return Body.of(Path(path))
    current = bucket["objects"].get(key)
    if current is not None and (current.get("version_id") or "null") == version["version_id"]:
        return _read_body(name, key, current)
    return None


def _file_written(theirs: Callable[..., None]) -> Callable[..., None]:
    def write(path: str, data: Any, *, text: bool = False) -> None:
        if not isinstance(data, Body):
            theirs(path, data, text=text)
            return
        fresh = Path(path + disk.DRAFT)
        fresh.unlink(missing_ok=True)
        data.place(fresh)
        fresh.replace(path)

    return write


def _without_data(theirs: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The index of versions holds no bytes: they are in a file by the time that it is read."""
    return lambda record, version, _data: theirs(record, version, None)


def _in_memory(theirs: Callable[..., Any]) -> Callable[..., bytes | None]:
    """For what asks for an object inside the process: a template, a script."""

    def data(*arguments: Any) -> bytes | None:
        found = theirs(*arguments)
        return found.read() if isinstance(found, Body) else found

    return data


def _md5(theirs: Callable[[bytes], str]) -> Callable[[Any], str]:
    return lambda data: data.digest("MD5").hex() if isinstance(data, Body) else theirs(data)


def _content_md5(theirs: Callable[..., Any]) -> Callable[..., Any]:
    def refused(headers: dict[str, str], body: Any) -> Any:
        if not isinstance(body, Body):
            return theirs(headers, body)
        given = headers.get("content-md5", "")
        try:
            expected = base64.b64decode(given, validate=True)
        except binascii.Error:
            expected = b"?"
        if not given or expected == body.digest("MD5"):
            return None
        if len(expected) != 16:
            return s3._error("InvalidDigest", "The Content-MD5 you specified is not valid.", 400)
        return s3._error("BadDigest", "The Content-MD5 you specified did not match what we received.", 400)

    return refused


def _checksum(theirs: Callable[..., str | None]) -> Callable[..., str | None]:
    def computed(algorithm: str, body: Any) -> str | None:
        name = (algorithm or "").upper().replace("_", "")
        if not isinstance(body, Body):
            return theirs(algorithm, body)
        if name in HASHERS:
            return base64.b64encode(body.digest(name)).decode()
        if name in _SLOW and len(body) > _SLOW_LIMIT:
            raise OSError(
                errno.EFBIG,
                f"{name} of more than {_SLOW_LIMIT >> 20} MB at once is not emulated: "
                "send parts, or use CRC32 or SHA256",
            )
        return theirs(algorithm, body.read())

    return computed


def _arrived(theirs: Callable[..., Answer]) -> Callable[..., Answer]:
    """A writer of bodies is given the one that came as a file, where one did."""

    def written(bucket: str, key: str, body: Any, *rest: Any) -> Answer:
        arrived = arriving.ARRIVED.get()
        return theirs(bucket, key, body if arrived is None else arrived, *rest)

    return written


def _undone(theirs: Callable[..., Answer]) -> Callable[..., Answer]:
    """What MiniStack has in memory of a key is again what it was when a write fails."""

    def written(bucket: str, key: str, *rest: Any, **named: Any) -> Answer:
        known = s3._buckets.get(bucket) or {"objects": {}}
        before = known["objects"].get(key)
        versions = list(s3._object_versions.get((bucket, key)) or [])
        latest = [version["is_latest"] for version in versions]
        try:
            return theirs(bucket, key, *rest, **named)
        except OSError:
            known["objects"].pop(key, None)
            if before is not None:
                known["objects"][key] = before
            for version, flag in zip(versions, latest, strict=True):
                version["is_latest"] = flag
            if versions:
                s3._object_versions[(bucket, key)] = versions
            else:
                s3._object_versions.pop((bucket, key), None)
            raise

    return written


def _part_kept(theirs: Callable[..., Answer]) -> Callable[..., Answer]:
    """A part's bytes stay in a file of their own until the upload ends."""

    def written(*arguments: Any) -> Answer:
        parts = _parts_of(arguments)
        before = dict(parts)
        answer = theirs(*arguments)
        for number, stored in parts.items():
            if before.get(number) is stored:
                continue
            try:
                stored["body"] = _own_file(stored["body"])
            except OSError:
                del parts[number]
                parts.update(before)
                raise
            if number in before:
                multipart.part_of(before[number]).discard()
            break
        return answer

    return written


def _parts_dropped(theirs: Callable[..., Answer]) -> Callable[..., Answer]:
    def aborted(*arguments: Any) -> Answer:
        parts = _parts_of(arguments)
        answer = theirs(*arguments)
        if answer[0] == 204:
            multipart.drop(parts)
        return answer

    return aborted


def _parts_of(arguments: tuple[Any, ...]) -> dict[int, dict[str, Any]]:
    """The parts of the upload that a call is about: its query is the one argument with an ``uploadId``."""
    query = next(value for value in arguments if isinstance(value, dict) and "uploadId" in value)
    upload = s3._multipart_uploads.get(s3._qp(query, "uploadId"))
    return {} if upload is None else upload["parts"]


def _own_file(body: bytes | Body) -> Body:
    """The body in a file of the spool that is its own."""
    path = spool() / f"part-{next(_numbers)}"
    if isinstance(body, bytes):
        path.write_bytes(body)
        return Body(path, len(body), own=True)
    try:
        body.place(path)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return Body(path, len(body), digests=body.digests, own=True)
