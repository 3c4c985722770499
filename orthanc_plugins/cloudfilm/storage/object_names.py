# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names of objects in the bucket: the flat layout of Orthanc's official object storage plugins, so that a bucket can change hands.

``{root path}/{uuid}`` with ``.dcm`` for a DICOM file, ``.json`` for its summary (older Orthancs), ``.dcm.head`` for a DICOM file up to its
pixel data and ``.unk`` for all else; ``.enc`` at the end of what was encrypted before it was sent.
"""

from __future__ import annotations

import re
from uuid import UUID

DICOM, DICOM_AS_JSON, DICOM_UNTIL_PIXEL_DATA = 1, 2, 3  # OrthancPluginContentType
_SUFFIXES = {DICOM: ".dcm", DICOM_AS_JSON: ".json", DICOM_UNTIL_PIXEL_DATA: ".dcm.head"}
_OTHER, _ENCRYPTED = ".unk", ".enc"
_NAME = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\.dcm|\.json|\.dcm\.head|\.unk)(?:\.enc)?")


def object_name(root_path: str, attachment_id: UUID, content_type: int, encrypted: bool) -> str:
    """The name that an attachment gets."""
    name = f"{attachment_id}{_SUFFIXES.get(content_type, _OTHER)}{_ENCRYPTED if encrypted else ''}"
    return f"{root_path}/{name}" if root_path else name


def possible_names(root_path: str, attachment_id: UUID, content_type: int) -> list[str]:
    """Where others may have put it, the likeliest first: encrypted or not, and headers as ``.unk`` (official plugin, 2021)."""
    names = [object_name(root_path, attachment_id, content_type, encrypted) for encrypted in (False, True)]
    if content_type == DICOM_UNTIL_PIXEL_DATA:
        names += [object_name(root_path, attachment_id, 0, encrypted) for encrypted in (False, True)]
    return names


def attachment_of(name: str) -> UUID | None:
    """Whose object this is, by the last part of its name; None for what is no attachment."""
    found = _NAME.fullmatch(name.rpartition("/")[2])
    return UUID(found[1]) if found else None
