# SPDX-License-Identifier: AGPL-3.0-or-later
"""Files that an HL7 message names instead of carrying them: in the station's own folder, whatever the name says."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cloudfilm.errors import TooLarge, Unavailable, UnsupportedMediaType


def read_reference(folder: Path, name: str, maximum_megabytes: int) -> bytes:
    """The file's bytes. ``name`` was checked to be a plain name; no link is followed.

    Raises
    ------
    Unavailable
        There is no such file yet: the message may be sent again.
    UnsupportedMediaType, TooLarge
        It will never be taken.
    """
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:
        raise Unavailable("OBX-5.1: the station's folder is not there yet") from error
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    except FileNotFoundError as error:
        raise Unavailable("OBX-5.1: there is no file of this name in the station's folder yet") from error
    except OSError as error:
        raise UnsupportedMediaType("OBX-5.1: this is not an ordinary file") from error
    finally:
        os.close(directory)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise UnsupportedMediaType("OBX-5.1: this is not an ordinary file")
    with os.fdopen(descriptor, "rb") as file:
        if status.st_size > maximum_megabytes << 20:
            raise TooLarge(f"OBX-5.1: the file is larger than {maximum_megabytes} MB")
        return file.read()
