# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film between its console and the archive: one file, whole as soon as it has its name."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

from cloudfilm.reports.framing import read_frames, write_frames

SUFFIX = ".film"


@dataclass(frozen=True, slots=True)
class SpooledFilm:
    """
    A film.

    Attributes
    ----------
    texts
        Film Session Label, Owner ID and annotations.
    boxes
        Where on the page each image lies: left, top, right, bottom in pixels.
    page
        The picture, PNG.
    """

    printed_at: datetime
    texts: tuple[str, ...]
    boxes: tuple[tuple[int, int, int, int], ...]
    page: bytes


def spool(film: SpooledFilm, folder: Path, name: str) -> None:
    """Write a film; when this returns, it is on the disk (fsync of the file and of its folder)."""
    head = {key: value for key, value in asdict(film).items() if key != "page"} | {"printed_at": film.printed_at.isoformat()}
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, part = tempfile.mkstemp(dir=folder, prefix=".part-")
    try:
        with os.fdopen(descriptor, "w+b") as file:
            write_frames(file, [json.dumps(head).encode(), film.page])
            file.flush()
            os.fsync(file.fileno())
        Path(part).rename(folder / f"{name}{SUFFIX}")
    except BaseException:
        Path(part).unlink(missing_ok=True)
        raise
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read_spooled(path: Path) -> SpooledFilm:
    """
    Read it back.

    Raises
    ------
    ValueError
        It is not such a file.
    """
    try:
        head, page = read_frames(BytesIO(path.read_bytes()))
        said = json.loads(head)
        return SpooledFilm(
            datetime.fromisoformat(said["printed_at"]), tuple(said["texts"]), tuple(tuple(box) for box in said["boxes"]), page
        )
    except (EOFError, KeyError, TypeError) as error:
        raise ValueError("this is no film") from error
