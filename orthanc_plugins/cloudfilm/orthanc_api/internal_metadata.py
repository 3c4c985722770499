# SPDX-License-Identifier: AGPL-3.0-or-later
"""DICOMweb's own metadata, asked from inside Orthanc: for the portal, which answers it cleaned.

Like a search it must be asked under another path than the one that the portal answers (`cloudfilm.orthanc_api.internal_search`).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import NotFound

_LEVELS = ("studies", "series", "instances")


class InternalMetadata:
    """WADO-RS metadata (PS3.18 §10.4.1.1.2) without a restriction of its own.

    Parameters
    ----------
    get : Callable
        ``orthanc.RestApiGetAfterPlugins``.
    missing : type of exception
        What it raises where there is nothing: ``orthanc.OrthancException``.
    """

    def __init__(self, get: Callable[[str], bytes], missing: type[Exception]) -> None:
        self._get, self._missing = get, missing

    def __call__(self, *uids: str) -> list[dict[str, Any]]:
        """The metadata of a study, of a series in it, or of an instance in that.

        Parameters
        ----------
        uids : str
            StudyInstanceUID, then SeriesInstanceUID, then SOPInstanceUID.

        Returns
        -------
        list of dict
            DICOM JSON datasets (PS3.18 §F), one an instance.

        Raises
        ------
        NotFound
            There is no such thing in that study.
        """
        if not all(map(is_uid, uids)):
            raise NotFound
        path = "".join(f"/{level}/{uid}" for level, uid in zip(_LEVELS, uids, strict=False))
        try:
            text = self._get(f"/dicom-web{path}/metadata")
        except self._missing as error:
            raise NotFound from error
        answer: list[dict[str, Any]] = json.loads(text)
        return answer
