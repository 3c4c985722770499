# SPDX-License-Identifier: AGPL-3.0-or-later
"""DICOMweb's own metadata, asked from inside Orthanc: for the portal, which answers it cleaned.

Like a search it must be asked under another path than the one that the portal answers (`cloudfilm.orthanc_api.internal_search`). Colour tables,
which DICOMweb's plugin always gives by address, are put in their place: whoever sees the cleaned view may fetch no bulk data.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import NotFound

# Red, green, blue, alpha, and the segmented ones (PS3.3 §C.7.9).
_COLOUR_TABLES = ("00281201", "00281202", "00281203", "00281204", "00281221", "00281222", "00281223")
_LARGEST_TABLE = 2 * 65536
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
        for dataset in answer:
            for tag in _COLOUR_TABLES:
                if "BulkDataURI" in dataset.get(tag, {}):
                    dataset[tag] = {"vr": dataset[tag]["vr"], **self._inline(dataset[tag]["BulkDataURI"])}
        return answer

    def _inline(self, bulk_data_uri: str) -> dict[str, str]:
        try:
            table = _only_part(self._get("/dicom-web/" + bulk_data_uri.split("/dicom-web/", 1)[-1]))
        except self._missing:
            return {}
        return {"InlineBinary": base64.b64encode(table).decode()} if len(table) <= _LARGEST_TABLE else {}


def _only_part(multipart: bytes) -> bytes:
    """The content of a multipart/related answer (RFC 2046 §5.1) that has one part."""
    head, _, rest = multipart.partition(b"\r\n\r\n")
    boundary = head.split(b"\r\n", 1)[0]
    return rest[: rest.rindex(b"\r\n" + boundary)]
