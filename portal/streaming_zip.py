# SPDX-License-Identifier: AGPL-3.0-or-later
"""Adds files to a ZIP archive while it streams through, without storing it: only its end, where the list of its files stands, is held back.

The format itself is left to Python's zipfile: it opens the end of the archive as if the whole were there, and appends.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping

# The list at the end of an archive takes about a hundred bytes a file.
END_BYTES = 8 * 1024 * 1024


def with_files(archive: Iterable[bytes], files: Mapping[str, bytes], end_bytes: int = END_BYTES) -> Iterator[bytes]:
    """Pass an archive on, with more files in it.

    Parameters
    ----------
    archive : iterable of bytes
        A whole ZIP archive in portions.
    files : mapping
        Content by name, stored without compression.
    end_bytes : int
        How much is held back: the list of files must fit in.

    Raises
    ------
    zipfile.BadZipFile
        What came is no ZIP archive, or was cut off.
    """
    held, passed = bytearray(), 0
    for portion in archive:
        held += portion
        if len(held) > 2 * end_bytes:
            passing = len(held) - end_bytes
            yield bytes(held[:passing])
            del held[:passing]
            passed += passing
    end = _End(bytes(held), passed)
    zipfile.ZipFile(end).close()  # appending to what is no archive would make one
    with zipfile.ZipFile(end, "a", zipfile.ZIP_STORED) as appended:
        for name, content in files.items():
            appended.writestr(name, content)
    yield end.getvalue()


class _End(io.BytesIO):
    """The end of a file, addressed as if all of it were there."""

    def __init__(self, content: bytes, before: int) -> None:
        super().__init__(content)
        self._before = before

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        if whence == io.SEEK_SET:
            offset -= self._before
            if offset < 0:
                raise zipfile.BadZipFile("the list of files does not fit into what was held back")
        return super().seek(offset, whence) + self._before

    def tell(self) -> int:
        return super().tell() + self._before
