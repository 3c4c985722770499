# SPDX-License-Identifier: AGPL-3.0-or-later
"""Documents by content: a report's original and its page images, each under the SHA-256 of its bytes. Written once, never changed."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path


class DocumentStore:
    """Files in two levels of folders, ``ab/cd/abcd…``. S3 takes this place later behind the same three methods."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, content: bytes) -> str:
        """Store and return the SHA-256 in hex. When this returns, the bytes are on disk (fsync of the file and of its folder)."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        if path.exists():
            return sha256
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=".part-")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
        except BaseException:
            os.unlink(part)
            raise
        for folder in (path.parent, path.parent.parent, self._directory):
            _sync_folder(folder)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes; raises FileNotFoundError when there are none, ValueError when they are not what they were."""
        content = self._path(sha256).read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ValueError("a stored document has changed on disk")
        return content

    def remove(self, sha256: str) -> None:
        """Delete the bytes, if they are there."""
        self._path(sha256).unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        return self._directory / sha256[:2] / sha256[2:4] / sha256


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
