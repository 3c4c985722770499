# SPDX-License-Identifier: AGPL-3.0-or-later
"""A real S3 server for tests: Ceph's radosgw alone on the loopback, its data in memory, so that its slow disk does not slow the tests."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

from cloudfilm.s3_settings import S3Settings
from machine.s3_server import BUCKET, S3Server
from tests.support.instance import free_ports


@contextmanager
def running_s3_server() -> Iterator[S3Server]:
    """Started with its bucket, stopped and deleted at the end."""
    folder = Path(mkdtemp(prefix="cloudfilm-test-s3-", dir="/dev/shm"))
    server = S3Server(folder, "root", free_ports(1)[0], folder / "credentials")
    try:
        server.prepare()
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(server.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            server.make_bucket()
            yield server
        finally:
            process.terminate()
            process.wait(30)
    finally:
        rmtree(folder)


def s3_settings(endpoint: str, credentials_file: Path | str, **changes: object) -> S3Settings:
    """Settings for a bucket at an endpoint, with short time-outs."""
    known: dict[str, object] = {
        "endpoint": endpoint, "region": "us-east-1", "bucket": BUCKET, "root_path": "", "virtual_hosted": False, "ca_file": "",
        "credentials_file": str(credentials_file), "storage_class": "", "server_side_encryption": "none", "kms_key_id": "",
        "encryption_key_file": "", "multipart_bytes": 0, "timeout_seconds": 2, "cache_bytes": 10_000_000, "prefetch_threads": 0,
    }  # fmt: skip
    return S3Settings(**{**known, **changes})  # type: ignore[arg-type]
