# SPDX-License-Identifier: AGPL-3.0-or-later
"""Passes instances on to Orthanc's own STOW-RS while they arrive, with the credentials of whoever sent them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import requests

from cloudfilm.errors import CloudFilmError, Unavailable
from cloudfilm.intakes.stow.parts import Part

_TIMEOUT_SECONDS = (5, 600)


class Denied(CloudFilmError):
    """Orthanc's filter said no; nginx turns the status into an answer for the sender."""

    def __init__(self, status: int) -> None:
        super().__init__("This may not be stored.")
        self.code = status


class Onward:
    """One Orthanc behind us."""

    def __init__(self, url: str) -> None:
        self._url = url

    def store(self, path: str, headers: Mapping[str, str], parts: Iterator[Part], boundary: str) -> Mapping[str, Any]:
        """
        Send the parts, each closed when it is sent, and return the answer in the DICOM JSON model.

        Raises
        ------
        Denied
            The sender may not store.
        Unavailable
            Orthanc does not answer. What it had received whole may be stored: sending again is safe.
        """
        sent = {
            **headers,
            "Accept": "application/dicom+json",
            "Content-Type": f'multipart/related; type="application/dicom"; boundary={boundary}',
        }
        try:
            with requests.Session() as session:
                session.trust_env = False
                answer = session.post(self._url + path, data=_body(parts, boundary), headers=sent, timeout=_TIMEOUT_SECONDS)
        except requests.RequestException as error:
            # What went wrong while the sender's own bytes were read is the sender's to hear.
            cause = next((cause for cause in _causes(error) if isinstance(cause, CloudFilmError)), None)
            raise cause or Unavailable("The archive does not answer. Please send this again later.") from error
        if answer.status_code in (401, 403, 404):
            raise Denied(answer.status_code)
        try:
            module: Mapping[str, Any] = answer.json()
        except ValueError:
            module = {}
        if answer.status_code >= 500 or (not answer.ok and "00081198" not in module and "00081199" not in module):
            raise Unavailable("The archive could not store this. Please send it again later.")
        return module


def _body(parts: Iterator[Part], boundary: str) -> Iterator[bytes]:
    for part in parts:
        yield f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        yield from part.portions()
        part.close()
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__
