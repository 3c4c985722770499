# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a report came from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Way(StrEnum):
    """The ways in."""

    REST = "rest"
    PRINTER = "printer"
    FOLDER = "folder"
    HL7 = "hl7"
    DICOM = "dicom"
    CONSOLE = "console"  # prints film by DICOM


@dataclass(frozen=True, slots=True)
class Origin:
    """``source_name`` is the station's queue or folder, None where a token or a modality says whose it is; ``title`` is what it called the document."""

    way: Way
    source_name: str | None = None
    title: str = ""


REST = Origin(Way.REST)
