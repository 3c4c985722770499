# SPDX-License-Identifier: AGPL-3.0-or-later
"""DICOMweb's own search, asked from inside Orthanc: for the portal, which knows whose studies may be found.

It must be asked under another path than the one that the portal answers: the Python plugin would call itself (measured). Its values must not be
percent-encoded: DICOMweb 1.20 does not decode them (measured: ``PatientName=Wang%5EXiaoMing`` finds nothing), and takes a list of UIDs with commas.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from cloudfilm.errors import BadRequest

_CANNOT_BE_SAID = "&#"


class InternalSearch:
    """QIDO-RS (PS3.18 §10.6) without a restriction of its own.

    Parameters
    ----------
    get : Callable
        ``orthanc.RestApiGetAfterPlugins``.
    """

    def __init__(self, get: Callable[[str], bytes]) -> None:
        self._get = get

    def __call__(self, level: str, query: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
        """Search at a level.

        Parameters
        ----------
        level : str
            ``studies``, ``series`` or ``instances``.
        query : sequence of (name, value)
            Matching keys and ``includefield``, decoded.

        Returns
        -------
        list of dict
            DICOM JSON datasets (PS3.18 §F).

        Raises
        ------
        BadRequest
            A name or a value holds a character that cannot be said to DICOMweb's plugin.
        """
        for name, value in query:
            if any(character in name + value for character in _CANNOT_BE_SAID) or "=" in name:
                raise BadRequest(f"A matching key cannot hold any of {_CANNOT_BE_SAID}.")
        text = "&".join(f"{name}={value}" for name, value in query)
        answer: list[dict[str, Any]] = json.loads(self._get(f"/dicom-web/{level}?{text}"))
        return answer
