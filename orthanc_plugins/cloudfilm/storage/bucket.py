# SPDX-License-Identifier: AGPL-3.0-or-later
"""One bucket of an S3 server, through obstore (Rust): it does not hold Python's lock while it waits, hashes or encrypts for the network.

What obstore sends was looked at on the wire (``tests/integration/test_bucket.py``): Signature Version 4 over the body's SHA-256, a
Content-Length, and never ``aws-chunked``, which Aliyun OSS refuses. A server that checks signatures therefore checks the body's SHA-256.
"""

from __future__ import annotations

import configparser
import hashlib
import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from cloudfilm.errors import SettingInvalid
from cloudfilm.s3_settings import S3Settings
from cloudfilm.storage.breaker import Breaker
from cloudfilm.storage.encryption_keys import private_file
from cloudfilm.storage.object_faults import ObjectDamaged, ObjectMissing, ObjectStoreUnavailable

INSTALLATION = "cloudfilm-installation"
_PART_BYTES = 8 * 1024 * 1024
_PARTS_AT_ONCE = 2
_MD5 = re.compile(r"[0-9a-f]{32}")


class Bucket:
    """Puts, gets and deletes whole objects, each within ``timeout_seconds`` with all its retries.

    Parameters
    ----------
    installation_id
        Goes into the metadata of every object that is put.
    """

    def __init__(self, settings: S3Settings, installation_id: str) -> None:
        self._settings, self._installation_id = settings, installation_id
        self._store = _open(settings)
        self._breaker = Breaker(time.monotonic)

    def put(self, name: str, content: bytes) -> None:
        """Store an object; when this returns, the server holds these bytes.

        The ETag of an object sent in one piece is its MD5 unless a KMS encrypts it; it must be ours. Where it is not (several parts, KMS), the
        object is read back and compared.

        Raises
        ------
        ObjectStoreUnavailable
            It does not answer, or refuses.
        ObjectDamaged
            It holds other bytes than it was sent; they are deleted again.
        """
        in_parts = 0 < self._settings.multipart_bytes < len(content)
        attributes: dict[str, str] = {INSTALLATION: self._installation_id}
        if self._settings.storage_class:
            attributes["Storage-Class"] = self._settings.storage_class
        with self._breaker.guard(), _told_apart(name, is_read=False):
            result = obstore.put(
                self._store,
                name,
                content,
                attributes=attributes,
                use_multipart=in_parts,
                chunk_size=_PART_BYTES,
                max_concurrency=_PARTS_AT_ONCE,
            )
        etag = (result["e_tag"] or "").strip('"')
        is_md5 = not in_parts and self._settings.server_side_encryption != "aws:kms" and _MD5.fullmatch(etag)
        if is_md5 and etag == hashlib.md5(content, usedforsecurity=False).hexdigest():
            return
        if is_md5 or self.get(name) != content:
            self._take_back(name)
            raise ObjectDamaged(f"The object store does not hold what it was sent as {name}.")

    def get(self, name: str) -> bytes:
        """An object's bytes; raises `ObjectMissing` or `ObjectStoreUnavailable`."""
        with self._breaker.guard(), _told_apart(name, is_read=True):
            return bytes(obstore.get(self._store, name).bytes())

    def delete(self, name: str) -> None:
        """Delete an object, if it is there."""
        with self._breaker.guard():
            try:
                with _told_apart(name, is_read=True):
                    obstore.delete(self._store, name)
            except ObjectMissing:
                return

    def is_ours(self, name: str) -> bool:
        """Whether this installation has put it."""
        with self._breaker.guard(), _told_apart(name, is_read=True):
            attributes: dict[Any, str] = obstore.get(self._store, name, options={"head": True}).attributes
        return attributes.get(INSTALLATION) == self._installation_id

    def names(self, before: datetime) -> Iterator[str]:
        """Names below the root path of what was put before a moment; one listing of 1000 objects is held at a time."""
        with self._breaker.guard(), _told_apart(self._settings.root_path, is_read=False):
            for page in obstore.list(self._store, self._settings.root_path or None):
                for one in page:
                    if one["last_modified"] < before:
                        yield one["path"]

    def _take_back(self, name: str) -> None:
        try:
            self.delete(name)
        except ObjectStoreUnavailable:
            return  # it was never acknowledged: the tidying finds it


class _told_apart:  # noqa: N801 - reads as a statement
    """Turns obstore's exceptions into ours; what the server said goes along, without the many lines of Rust's own view of it."""

    def __init__(self, name: str, is_read: bool) -> None:
        self._name, self._is_read = name, is_read

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, FileNotFoundError) and self._is_read and "NoSuchBucket" not in str(error):
            raise ObjectMissing(f"There is no object {self._name} in the bucket.") from None
        if isinstance(error, BaseError | OSError | ValueError):
            # Rust tells all on many lines; the first says it.
            raise ObjectStoreUnavailable(f"The object store: {str(error).splitlines()[0][:500]}") from None


def _open(settings: S3Settings) -> S3Store:
    third = timedelta(seconds=settings.timeout_seconds / 3)  # a try ends within one, and none begins after two: all end within the whole
    config: dict[str, Any] = {
        "region": settings.region,
        "virtual_hosted_style_request": settings.virtual_hosted,
        "imdsv1_fallback": False,
        **(_credentials(settings.credentials_file) if settings.credentials_file else {}),
    }
    if settings.endpoint:
        config["endpoint"] = _endpoint(settings)
    if settings.server_side_encryption != "none":
        config["server_side_encryption"] = settings.server_side_encryption
    if settings.kms_key_id:
        config["sse_kms_key_id"] = settings.kms_key_id
    client: dict[str, Any] = {
        "timeout": third,
        "connect_timeout": min(third, timedelta(seconds=5)),
        "allow_http": settings.endpoint.startswith("http:"),
        "pool_idle_timeout": timedelta(seconds=30),
        "user_agent": "CloudFilm",
    }
    if settings.ca_file:
        client["root_certificate"] = Path(settings.ca_file).read_bytes()
    backoff: Any = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=2), "base": 2}
    try:
        return S3Store(
            settings.bucket,
            config=config,  # type: ignore[arg-type]
            client_options=client,  # type: ignore[arg-type]
            retry_config={"max_retries": 10, "retry_timeout": 2 * third, "backoff": backoff},
        )
    except (BaseError, ValueError) as error:
        raise SettingInvalid("S3Endpoint", settings.endpoint, f"an S3 server that can be asked ({str(error).splitlines()[0]})") from None


def _endpoint(settings: S3Settings) -> str:
    """obstore wants the bucket in the host's name already where that is the style."""
    if not settings.virtual_hosted:
        return settings.endpoint
    scheme, _, host = settings.endpoint.partition("://")
    return f"{scheme}://{settings.bucket}.{host}"


def _credentials(path: str) -> dict[str, str]:
    """From a file as AWS's own tools have it: its first section counts."""
    allowed = "a file with a section of aws_access_key_id and aws_secret_access_key"
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(private_file(path, "S3CredentialsFile"))
        section = parser[parser.sections()[0]]
        found = {"access_key_id": section["aws_access_key_id"], "secret_access_key": section["aws_secret_access_key"]}
    except (configparser.Error, KeyError, IndexError):
        raise SettingInvalid("S3CredentialsFile", path, allowed) from None
    if "aws_session_token" in section:
        found["session_token"] = section["aws_session_token"]
    return found
