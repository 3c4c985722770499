# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parts of a multipart/related body (RFC 2387), one after the other while it arrives; a large one lies in a file, never in memory."""

from __future__ import annotations

import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from io import BytesIO
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import IO, Protocol

from python_multipart import MultipartParser
from python_multipart.exceptions import MultipartParseError

from cloudfilm.errors import BadRequest

_PORTION_BYTES = 1024 * 1024
_IN_MEMORY_BYTES = 4 * 1024 * 1024
_MAXIMUM_HEADER_BYTES = 16 * 1024
# No element of a DICOM file can be longer, and Orthanc holds an instance in memory.
MAXIMUM_PART_BYTES = 4 * 1024 * 1024 * 1024


class Body(Protocol):
    """What a request brings, as WSGI gives it."""

    def read(self, size: int, /) -> bytes:
        """At most so many bytes, none at the end."""


class Part:
    """One part, whole. ``is_too_large``: it was longer than may be, and is not kept."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] = BytesIO()
        self._is_in_memory = True
        self.size = 0
        self.is_too_large = False

    def write(self, portion: memoryview) -> None:
        """Add to it."""
        self.size += len(portion)
        if self._is_in_memory and self.size > _IN_MEMORY_BYTES:
            begun = self._file
            self._file, self._is_in_memory = tempfile.TemporaryFile(dir=self._folder), False  # noqa: SIM115 - close() does
            begun.seek(0)
            shutil.copyfileobj(begun, self._file)
        if self.size <= MAXIMUM_PART_BYTES:
            self._file.write(portion)
        elif not self.is_too_large:
            self.is_too_large = True
            self._file.truncate(0)

    def view(self) -> memoryview:
        """Its bytes in place; mapped where they lie in a file."""
        if isinstance(self._file, BytesIO):
            return self._file.getbuffer()
        self._file.flush()
        return memoryview(mmap(self._file.fileno(), 0, access=ACCESS_READ))

    def portions(self) -> Iterator[bytes]:
        """Its bytes once more, from the start."""
        self._file.seek(0)
        while portion := self._file.read(_PORTION_BYTES):
            yield portion

    def close(self) -> None:
        """Give its memory or file back."""
        self._file.close()


class Parts:
    """Takes a body apart.

    Parameters
    ----------
    folder : Path
        Where parts above some megabytes lie meanwhile; their files have no name and go with the process.
    """

    def __init__(self, body: Body, boundary: bytes, folder: Path) -> None:
        self._body, self._folder = body, folder
        self._current: Part | None = None
        self._whole: deque[Part] = deque()
        self._header_bytes = 0
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._add,
                "on_part_end": self._end,
                "on_header_field": self._count,
                "on_header_value": self._count,
            },
        )

    def __iter__(self) -> Iterator[Part]:
        """
        Give each part when it is whole. Whoever takes it closes it.

        Raises
        ------
        BadRequest
            The body is no multipart, or ends before its last boundary. Parts that were whole have been given by then.
        """
        ended = False
        try:
            while portion := self._body.read(_PORTION_BYTES):
                self._parser.write(portion)
                while self._whole:
                    yield self._whole.popleft()
            self._parser.finalize()
            ended = self._current is None
        except MultipartParseError as error:
            raise BadRequest("The body is no multipart/related with the boundary that Content-Type names.") from error
        finally:
            for part in [*self._whole, *([self._current] if self._current else [])]:
                part.close()
        if not ended:
            raise BadRequest("The body ends before its last boundary.")

    def _begin(self) -> None:
        self._current, self._header_bytes = Part(self._folder), 0

    def _count(self, _data: bytes, start: int, end: int) -> None:
        self._header_bytes += end - start
        if self._header_bytes > _MAXIMUM_HEADER_BYTES:
            raise BadRequest(f"The headers of a part are longer than {_MAXIMUM_HEADER_BYTES} bytes.")

    def _add(self, data: bytes, start: int, end: int) -> None:
        assert self._current is not None
        self._current.write(memoryview(data)[start:end])

    def _end(self) -> None:
        assert self._current is not None
        self._whole.append(self._current)
        self._current = None
