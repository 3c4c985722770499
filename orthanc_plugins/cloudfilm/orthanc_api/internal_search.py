# SPDX-License-Identifier: AGPL-3.0-or-later
"""DICOMweb's own search, asked from inside Orthanc: for the portal, which knows whose studies may be found.

It must be asked under another path than the one that the portal answers: the Python plugin would call itself (measured).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode


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
        """
        answer: list[dict[str, Any]] = json.loads(self._get(f"/dicom-web/{level}?{urlencode(query)}"))
        return answer
