# SPDX-License-Identifier: AGPL-3.0-or-later
"""The settings of the object store are refused with a sentence that names what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudfilm.errors import SettingInvalid
from cloudfilm.settings import SECTION, Settings, load_configuration, parse_settings

ROOT = Path(__file__).resolve().parents[2]


def settings(**changes: str) -> Settings:
    section = load_configuration(ROOT / "orthanc.json", {"CLOUDFILM_DATA": "/data"})[SECTION]
    return parse_settings(section | changes)


def test_without_a_bucket_there_is_no_object_store() -> None:
    assert settings().s3 is None
    assert not settings().stores_to_s3
    with pytest.raises(SettingInvalid, match=r'S3Bucket.*since "Storage" is "s3"'):
        settings(Storage="s3")


def test_a_bucket_can_be_read_while_new_images_go_to_the_disk() -> None:
    chosen = settings(S3Bucket="films")
    assert chosen.s3 is not None
    assert not chosen.stores_to_s3
    assert (chosen.s3.bucket, chosen.s3.multipart_bytes, chosen.s3.virtual_hosted) == ("films", 16_000_000, False)
    assert settings(S3Bucket="films", Storage="s3").stores_to_s3


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("Storage", "cloud", "one of local, s3"),
        ("S3Bucket", "ab", "3 to 63"),
        ("S3Bucket", "Films", "3 to 63"),
        ("S3Endpoint", "minio:9000", "an address like https"),
        ("S3Endpoint", "https://oss/path", "without a path"),
        ("S3Region", "", "a region's name"),
        ("S3RootPath", "/abs", "names of letters"),
        ("S3RootPath", "a/../b", "names of letters"),
        ("S3Addressing", "host", "one of path, virtual"),
        ("S3CaFile", "/nowhere.pem", "can be read"),
        ("S3ServerSideEncryption", "AES", "one of none, AES256, aws:kms"),
        ("S3KmsKeyId", "key", 'empty unless "S3ServerSideEncryption"'),
        ("S3StorageClass", "cheap", "STANDARD_IA"),
        ("S3MultipartMegabytes", "3", "from 6 on"),
        ("S3TimeoutSeconds", "1", "from 2 to 600"),
        ("S3CacheMegabytes", "-1", "from 0 to"),
        ("S3PrefetchThreads", "65", "from 0 to 64"),
    ],
)
def test_what_cannot_be_used_is_refused(name: str, value: str, told: str) -> None:
    with pytest.raises(SettingInvalid, match=told):
        settings(**{"S3Bucket": "films", name: value})


def test_a_dot_in_the_name_needs_path_addressing() -> None:
    with pytest.raises(SettingInvalid, match="no TLS certificate covers"):
        settings(S3Bucket="films.example", S3Addressing="virtual", S3Endpoint="https://oss.example")
    assert settings(S3Bucket="films.example", S3Endpoint="https://oss.example").s3 is not None
