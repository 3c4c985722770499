# SPDX-License-Identifier: AGPL-3.0-or-later
"""A DICOM node that Orthanc knows, and what it may ask for. Orthanc's own services answer it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

# Where nothing is to be sent to: what Orthanc wants all the same is DICOM's own port.
_NO_PORT = 104


class DicomRight(StrEnum):
    """The services of PS3.4 that a node may use as SCU; C-ECHO it always may."""

    STORE = "store"
    FIND = "find"
    MOVE = "move"
    GET = "get"


_ORTHANCS_NAMES = {
    DicomRight.STORE: "AllowStore",
    DicomRight.FIND: "AllowFind",
    DicomRight.MOVE: "AllowMove",
    DicomRight.GET: "AllowGet",
}


@dataclass(frozen=True, slots=True)
class RegisteredModality:
    """A modality sends; a workstation searches and fetches.

    ``port`` is where it hears what is sent to it: images that it asked for by C-MOVE, answers to Storage Commitment, which it may ask for if it
    may store. None: nothing.
    """

    aet: str
    host: str
    port: int | None = None
    rights: frozenset[DicomRight] = frozenset({DicomRight.STORE})

    def as_orthanc_has_it(self) -> dict[str, Any]:
        """``PUT /modalities/{id}``."""
        allowed = {name: right in self.rights for right, name in _ORTHANCS_NAMES.items()}
        commits = self.port is not None and DicomRight.STORE in self.rights
        return {
            "AET": self.aet,
            "Host": self.host,
            "Port": self.port or _NO_PORT,
            "AllowEcho": True,
            "AllowFindWorklist": False,
            "AllowStorageCommitment": commits,
            **allowed,
        }

    @classmethod
    def from_orthanc(cls, known: Mapping[str, Any]) -> RegisteredModality:
        """``GET /modalities?expand``; a port that nothing is sent to is none."""
        rights = frozenset(right for right, name in _ORTHANCS_NAMES.items() if known.get(name))
        hears = known.get("AllowStorageCommitment") or DicomRight.MOVE in rights
        return cls(str(known["AET"]), str(known["Host"]), int(known["Port"]) if hears else None, rights)
