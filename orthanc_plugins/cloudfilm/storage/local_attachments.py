# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc's own folder of attachments, in its layout ``ab/cd/abcd…``: what the built-in storage area has written, and what is moved back to it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4


class LocalAttachments:
    """Reads, writes and removes one file for each attachment."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, attachment_id: UUID) -> bytes | None:
        """The bytes, None when they are not here."""
        try:
            return self._path(attachment_id).read_bytes()
        except FileNotFoundError:
            return None

    def holds(self, attachment_id: UUID) -> bool:
        """Whether it is here."""
        return self._path(attachment_id).exists()

    def write(self, attachment_id: UUID, content: bytes) -> None:
        """On disk, whole and under its name, when this returns; owned by whoever owns the folder."""
        path = self._path(attachment_id)
        made = self._make_folders(path)
        part = path.with_name(f".part-{uuid4().hex}")
        try:
            with open(part, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._give_to_owner(part)
            part.rename(path)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
        for folder in {path.parent, *(one.parent for one in made)}:
            _sync(folder)

    def remove(self, attachment_id: UUID) -> bool:
        """Delete; return whether it was here."""
        path = self._path(attachment_id)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        with suppress(OSError):  # others are still in there
            path.parent.rmdir()
            path.parent.parent.rmdir()
        return True

    def _path(self, attachment_id: UUID) -> Path:
        name = str(attachment_id)
        return self._directory / name[:2] / name[2:4] / name

    def _make_folders(self, path: Path) -> list[Path]:
        made = [folder for folder in (path.parent.parent, path.parent) if not folder.exists()]
        for folder in made:
            folder.mkdir(exist_ok=True)
            self._give_to_owner(folder)
        return made

    def _give_to_owner(self, path: Path) -> None:
        """The admin command runs as root, Orthanc does not."""
        if os.geteuid() == 0:
            owner = self._directory.stat()
            os.chown(path, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
