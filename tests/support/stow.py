# SPDX-License-Identifier: AGPL-3.0-or-later
"""STOW-RS requests (PS3.18 §10.5) byte by byte, so that what is not DICOM can be sent too."""

from __future__ import annotations

from collections.abc import Sequence

import requests

_BOUNDARY = "stowtest8f1c"


def stow(client: requests.Session, parts: Sequence[bytes], path: str = "/dicom-web/studies") -> requests.Response:
    """Send each part as one application/dicom."""
    head = f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    body = b"".join(head + part + b"\r\n" for part in parts) + f"--{_BOUNDARY}--\r\n".encode()
    headers = {"Content-Type": f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}', "Accept": "application/dicom+json"}
    return client.post(path, data=body, headers=headers)


def stored(answer: requests.Response) -> list[str]:
    """SOPInstanceUIDs of ReferencedSOPSequence."""
    return [item["00081155"]["Value"][0] for item in answer.json().get("00081199", {}).get("Value", [])]


def failed(answer: requests.Response) -> dict[str, int]:
    """FailureReason by SOPInstanceUID of FailedSOPSequence."""
    items = answer.json().get("00081198", {}).get("Value", [])
    return {item.get("00081155", {}).get("Value", [""])[0]: item["00081197"]["Value"][0] for item in items}
