# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of the object store, checked where they are read: a bucket that cannot be used stops the start, not the first store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from cloudfilm.errors import SettingInvalid

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9][a-z0-9-]{1,40}")
_ROOT = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*")
_STORAGE_CLASS = re.compile(r"[A-Z_]{0,40}")
_KMS_KEY = re.compile(r"[A-Za-z0-9:/_.-]{0,200}")


@dataclass(frozen=True, slots=True)
class S3Settings:
    """One bucket and how it is reached; ``docs/storage.md`` explains each.

    Attributes
    ----------
    endpoint : str
        Empty for AWS, whose address follows from the region.
    virtual_hosted : bool
        Whether the bucket's name is part of the host's name.
    ca_file, credentials_file, encryption_key_file : str
        Paths, or empty.
    multipart_bytes : int
        Above it an object is sent in parts; 0 sends each in one piece.
    """

    endpoint: str
    region: str
    bucket: str
    root_path: str
    virtual_hosted: bool
    ca_file: str
    credentials_file: str
    storage_class: str
    server_side_encryption: str
    kms_key_id: str
    encryption_key_file: str
    multipart_bytes: int
    timeout_seconds: int
    cache_bytes: int
    prefetch_threads: int


class SettingReader(Protocol):
    """What `cloudfilm.settings` reads one setting after the other with."""

    def optional(self, name: str) -> str: ...  # noqa: D102

    def integer(self, name: str, minimum: int, maximum: int) -> int: ...  # noqa: D102

    def choice(self, name: str, choices: tuple[str, ...]) -> str: ...  # noqa: D102

    def readable_file(self, name: str) -> str: ...  # noqa: D102


def read_s3_settings(reader: SettingReader) -> S3Settings | None:
    """The bucket, None when none is named; what is set beside it is checked all the same.

    Raises
    ------
    SettingInvalid
        Names the setting, its value and what is allowed.
    """
    bucket = _matching(reader, "S3Bucket", _BUCKET, "empty, or a bucket's name: 3 to 63 of a-z, 0-9, dots and hyphens", empty=True)
    settings = S3Settings(
        endpoint=_endpoint(reader),
        region=_matching(reader, "S3Region", _REGION, "a region's name, for example us-east-1 or oss-cn-shanghai"),
        bucket=bucket,
        root_path=_root_path(reader),
        virtual_hosted=reader.choice("S3Addressing", ("path", "virtual")) == "virtual",
        ca_file=reader.readable_file("S3CaFile"),
        # Read by Orthanc and the workers, which run under other users than the admin command: judged when it is opened.
        credentials_file=reader.optional("S3CredentialsFile"),
        storage_class=_matching(reader, "S3StorageClass", _STORAGE_CLASS, "empty, or a storage class like STANDARD_IA"),
        server_side_encryption=reader.choice("S3ServerSideEncryption", ("none", "AES256", "aws:kms")),
        kms_key_id=_matching(reader, "S3KmsKeyId", _KMS_KEY, "empty, or the identifier (ARN) of a key"),
        encryption_key_file=reader.optional("S3EncryptionKeyFile"),
        multipart_bytes=_multipart_bytes(reader),
        timeout_seconds=reader.integer("S3TimeoutSeconds", 2, 600),
        cache_bytes=reader.integer("S3CacheMegabytes", 0, 100_000_000) * 1_000_000,
        prefetch_threads=reader.integer("S3PrefetchThreads", 0, 64),
    )
    if settings.kms_key_id and settings.server_side_encryption != "aws:kms":
        raise SettingInvalid("S3KmsKeyId", settings.kms_key_id, 'empty unless "S3ServerSideEncryption" is "aws:kms"')
    if settings.virtual_hosted and "." in bucket and settings.endpoint.startswith("https"):
        raise SettingInvalid("S3Addressing", "virtual", "path for a bucket with a dot in its name: no TLS certificate covers such a host")
    return settings if bucket else None


def _endpoint(reader: SettingReader) -> str:
    allowed = "empty for AWS, or an address like https://host:port, without a path"
    value = reader.optional("S3Endpoint").rstrip("/")
    parts = urlsplit(value)
    if value and (
        parts.scheme not in ("https", "http") or not parts.hostname or parts.path or parts.query or parts.fragment or parts.username
    ):
        raise SettingInvalid("S3Endpoint", value, allowed)
    return value


def _root_path(reader: SettingReader) -> str:
    value = reader.optional("S3RootPath")
    if value and (not _ROOT.fullmatch(value) or {".", ".."} & set(value.split("/"))):
        raise SettingInvalid("S3RootPath", value, "empty, or names of letters, digits, _ . - with a / between them")
    return value


def _multipart_bytes(reader: SettingReader) -> int:
    megabytes = reader.integer("S3MultipartMegabytes", 0, 4096)
    if 0 < megabytes < 6:
        raise SettingInvalid(
            "S3MultipartMegabytes", megabytes, "0 (never in parts), or from 6 on: S3 takes no part below 5 MiB but the last"
        )
    return megabytes * 1_000_000


def _matching(reader: SettingReader, name: str, pattern: re.Pattern[str], allowed: str, empty: bool = False) -> str:
    value = reader.optional(name)
    if (value or not empty) and not pattern.fullmatch(value):
        raise SettingInvalid(name, value, allowed)
    return value
