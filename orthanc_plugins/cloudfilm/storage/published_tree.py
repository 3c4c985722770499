# SPDX-License-Identifier: AGPL-3.0-or-later
"""The published tree on disk: ``study/series/instance/1.202``. A reader sees a whole instance or none, the metadata of a whole series or none.

It is a cache: deleting it loses nothing. Files are not synced one by one; after the machine went down without notice sizes are compared
(`cloudfilm.jobs.keep_publications`).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cloudfilm.dicom.values import is_uid

_STAGING, _REMOVED = ".staging", ".removed"
METADATA, METADATA_CONTENT, PICTURES = "metadata", "metadata.gz", "pictures"


class InstanceFiles:
    """Files of an instance that nobody sees yet."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.count, self.bytes = folder, 0, 0

    def write(self, name: str, content: bytes) -> None:
        """Add a file."""
        (self.folder / name).write_bytes(content)
        self.count, self.bytes = self.count + 1, self.bytes + len(content)


class PublishedTree:
    """The folder that nginx serves from."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def staged(self) -> Iterator[InstanceFiles]:
        """A folder for an instance's files; whatever is still in it at the end is thrown away."""
        parent = self._root / _STAGING
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=parent))
        folder.chmod(0o755)
        try:
            yield InstanceFiles(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def show_instance(self, files: InstanceFiles, *uids: str) -> None:
        """Show an instance, in place of what was shown of it before."""
        place = self._path(*uids)
        place.parent.mkdir(parents=True, exist_ok=True)
        self._remove(place)
        files.folder.rename(place)

    def show_file(self, content: bytes, name: str, *uids: str) -> int:
        """Show a file of a series or an instance, in place of the one before; return its size."""
        place = self._path(*uids)
        with self.staged() as files:
            files.write(name, content)
            os.replace(files.folder / name, place / name)
        return len(content)

    def make_series(self, study_instance_uid: str, series_instance_uid: str) -> None:
        """Make the folder of a series of which nothing else is shown."""
        self._path(study_instance_uid, series_instance_uid).mkdir(parents=True, exist_ok=True)

    def has_metadata(self, study_instance_uid: str, series_instance_uid: str) -> bool:
        """Whether the metadata of a series are shown."""
        return (self._path(study_instance_uid, series_instance_uid) / METADATA).exists()

    def show_metadata(self, content: bytes, study_instance_uid: str, series_instance_uid: str) -> int:
        """Show a series' metadata. nginx sends the compressed file where a file of the plain name lies beside it: that one comes last."""
        size = self.show_file(content, METADATA_CONTENT, study_instance_uid, series_instance_uid)
        return size + self.show_file(b"", METADATA, study_instance_uid, series_instance_uid)

    def hide_metadata(self, study_instance_uid: str, series_instance_uid: str) -> None:
        """Let Orthanc answer for metadata and pictures of a series."""
        place = self._path(study_instance_uid, series_instance_uid)
        if place.exists():
            for name in (METADATA, METADATA_CONTENT, PICTURES):
                (place / name).unlink(missing_ok=True)

    def remove(self, *uids: str) -> None:
        """Take a study, a series or an instance away at once."""
        self._remove(self._path(*uids))

    def bytes_of_instance(self, *uids: str) -> int | None:
        """Bytes of an instance's own files, None when it is not there."""
        try:
            with os.scandir(self._path(*uids)) as entries:
                return sum(entry.stat().st_size for entry in entries if entry.name != "thumbnail.jpg")
        except FileNotFoundError:
            return None

    def has(self, *uids: str) -> bool:
        """Whether there is anything of it."""
        return self._path(*uids).is_dir()

    def studies(self) -> list[str]:
        """StudyInstanceUIDs of all that is here."""
        try:
            return sorted(entry.name for entry in os.scandir(self._root) if is_uid(entry.name))
        except FileNotFoundError:
            return []

    def sweep(self) -> None:
        """Throw away what a worker that was killed left behind; only while no worker writes."""
        for name in (_STAGING, _REMOVED):
            shutil.rmtree(self._root / name, ignore_errors=True)

    def read(self, name: str, *uids: str) -> bytes:
        """A file of an instance."""
        return (self._path(*uids) / name).read_bytes()

    def _remove(self, place: Path) -> None:
        """One rename takes all of it away; the rest may take its time."""
        parent = self._root / _REMOVED
        parent.mkdir(parents=True, exist_ok=True)
        grave = Path(tempfile.mkdtemp(dir=parent))
        try:
            place.rename(grave / "it")
        except FileNotFoundError:
            pass
        finally:
            shutil.rmtree(grave, ignore_errors=True)

    def _path(self, *uids: str) -> Path:
        if not uids or len(uids) > 3 or not all(map(is_uid, uids)):
            raise ValueError("no UIDs, so no place in the published tree")
        return self._root.joinpath(*uids)
