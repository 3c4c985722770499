# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was read from the object store, or just put there, on this machine's disk: bounded in bytes, the least recently used go first.

Rules
-----
- A file is its SHA-256 and then the bytes; both are compared at every reading, and what does not fit is thrown away and fetched again. That is why
  nothing is synced to the disk here: half a file after a power cut is a miss.
- A file gets its name when it is whole (rename). Its time of modification is when it was last used.
- How many bytes there are stands in one file that every process changes under its lock, before the bytes are written. Whoever goes over the bound
  looks through the folder, deletes the oldest down to nine tenths and writes down what is really there.
- A disk that is full or broken makes the cache a bypass, never a failure.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID, uuid4

_SHA256_BYTES = 32
_KEPT_AFTER_CLEARING = 0.9
_USED_AGAIN_SECONDS = 60.0
_ABANDONED_SECONDS = 3600.0
_COMPLAIN_EVERY_SECONDS = 60.0
_PART = ".part-"
_log = logging.getLogger(__name__)


class ReadCache:
    """Attachments by their identifier.

    Parameters
    ----------
    maximum_bytes : int
        Bound of all files together, their checksums included.
    """

    def __init__(self, folder: Path, maximum_bytes: int) -> None:
        self._folder, self._maximum = folder, maximum_bytes
        self._complained_at = float("-inf")

    def get(self, attachment_id: UUID) -> bytes | None:
        """The bytes as they were put in, None when they are not here (any more)."""
        path = self._path(attachment_id)
        try:
            # Unbuffered: a buffer would copy half a megabyte again and again, which took longer than all the rest together.
            with open(path, "rb", buffering=0) as file:
                sha256, content = file.read(_SHA256_BYTES), file.read()
                used_before = os.fstat(file.fileno()).st_mtime
        except FileNotFoundError:
            return None
        except OSError as error:
            self._complain("read", error)
            return None
        if hashlib.sha256(content).digest() != sha256:
            _log.warning("a file of the read cache was damaged and is fetched again")
            self.discard(attachment_id)
            return None
        if time.time() - used_before > _USED_AGAIN_SECONDS:
            with suppress(OSError):
                os.utime(path)
        return content

    def holds(self, attachment_id: UUID) -> bool:
        """Whether there is a file; not whether it is whole."""
        return self._path(attachment_id).exists()

    def put(self, attachment_id: UUID, content: bytes, sha256: bytes) -> None:
        """Keep bytes whose SHA-256 is known; what is larger than half of the cache is not kept."""
        size = len(content) + _SHA256_BYTES
        if size > self._maximum // 2:
            return
        path = self._path(attachment_id)
        part = path.with_name(_PART + uuid4().hex)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._reserve(size, part)
            with open(part, "r+b") as file:
                file.write(sha256)
                file.write(content)
            part.rename(path)
        except OSError as error:
            self._complain("written", error)
            with suppress(OSError):
                part.unlink()

    def discard(self, attachment_id: UUID) -> None:
        """Delete, if it is here. The count is set right by the next clearing."""
        with suppress(OSError):
            self._path(attachment_id).unlink()

    def size_bytes(self) -> int:
        """What the files really take."""
        return sum(size for _used, size, _path in self._files())

    def _path(self, attachment_id: UUID) -> Path:
        name = str(attachment_id)
        return self._folder / name[:2] / name

    def _reserve(self, size: int, part: Path) -> None:
        """Make room if there is none, count the bytes, and make the file with its size, so that who clears meanwhile counts it too."""
        with self._counter() as descriptor:
            text = os.pread(descriptor, 32, 0)
            counted = int(text) if text.strip().isdigit() else self.size_bytes()
            if counted + size > self._maximum:
                counted = self._clear(int(self._maximum * _KEPT_AFTER_CLEARING) - size)
            with open(part, "xb") as file:
                file.truncate(size)
            os.pwrite(descriptor, b"%-20d\n" % (counted + size), 0)

    def _clear(self, wanted: int) -> int:
        """Delete the least recently used until no more than ``wanted`` bytes are left; return how many are."""
        files = sorted(self._files())
        left = sum(size for _used, size, _path in files)
        for used, size, path in files:
            is_being_written = path.name.startswith(_PART) and time.time() - used < _ABANDONED_SECONDS
            if left <= wanted or is_being_written:
                continue
            with suppress(OSError):
                path.unlink()
                left -= size
        return left

    def _files(self) -> Iterator[tuple[float, int, Path]]:
        """When each was last used, its size, its path."""
        with suppress(OSError):
            for folder in os.scandir(self._folder):
                if not folder.is_dir(follow_symlinks=False):
                    continue
                for file in os.scandir(folder):
                    with suppress(FileNotFoundError):
                        found = file.stat(follow_symlinks=False)
                        yield found.st_mtime, found.st_size, Path(file.path)

    @contextmanager
    def _counter(self) -> Iterator[int]:
        descriptor = os.open(self._folder / "bytes", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    def _complain(self, what: str, error: OSError) -> None:
        if time.monotonic() - self._complained_at > _COMPLAIN_EVERY_SECONDS:
            self._complained_at = time.monotonic()
            _log.warning("the read cache cannot be %s and is passed by: %s", what, error.strerror)
