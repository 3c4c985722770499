# SPDX-License-Identifier: AGPL-3.0-or-later
"""Orthanc's REST API for our own processes: over the loopback or the private network, with an internal token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import requests

from cloudfilm.access.key_ring import KeySource
from cloudfilm.access.token import InternalToken, issue_token
from cloudfilm.errors import TooLarge, Unavailable
from cloudfilm.orthanc_api.modality import RegisteredModality

_LIFETIME = timedelta(minutes=5)
_TIMEOUT_SECONDS = (5, 60)
_PORTION_BYTES = 256 * 1024


class OrthancClient:
    """Asks Orthanc. ``process`` names who asks."""

    def __init__(self, url: str, keys: KeySource, process: str, clock: Callable[[], datetime]) -> None:
        self._url, self._keys, self._process, self._clock = url, keys, process, clock
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy stands between us and our own Orthanc

    def is_up(self) -> bool:
        """Whether Orthanc answers at all."""
        try:
            return self._response("GET", "/system").ok
        except Unavailable:
            return False

    def version(self) -> str:
        """Orthanc's own."""
        return str(self._json("GET", "/system")["Version"])

    def study(self, orthanc_study_id: str) -> dict[str, Any] | None:
        """``/studies/{id}``, None when it is not (any more) there."""
        study: dict[str, Any] | None = self._json("GET", f"/studies/{orthanc_study_id}")
        return study

    def series_of_study(self, orthanc_study_id: str) -> list[dict[str, Any]]:
        """``/studies/{id}/series``, empty when the study is not there."""
        return self._json("GET", f"/studies/{orthanc_study_id}/series") or []

    def series(self, orthanc_series_id: str) -> dict[str, Any] | None:
        """``/series/{id}``, None when it is not there."""
        series: dict[str, Any] | None = self._json("GET", f"/series/{orthanc_series_id}")
        return series

    def instance(self, orthanc_instance_id: str) -> dict[str, Any] | None:
        """``/instances/{id}``, None when it is not there."""
        instance: dict[str, Any] | None = self._json("GET", f"/instances/{orthanc_instance_id}")
        return instance

    def instance_file(self, orthanc_instance_id: str) -> bytes:
        """``/instances/{id}/file``: the bytes as they were stored."""
        return self._response("GET", f"/instances/{orthanc_instance_id}/file").content

    def series_metadata(self, study_instance_uid: str, series_instance_uid: str) -> list[dict[str, Any]]:
        """WADO-RS metadata of a series (PS3.18 §10.4.1.1.2), empty when it is not there."""
        return self._json("GET", f"/dicom-web/studies/{study_instance_uid}/series/{series_instance_uid}/metadata") or []

    def find_study(self, study_instance_uid: str) -> str | None:
        """Orthanc's identifier of a study."""
        found = self._json("POST", "/tools/find", {"Level": "Study", "Query": {"StudyInstanceUID": study_instance_uid}})
        return found[0] if found else None

    def find_instance(self, study_instance_uid: str, sop_instance_uid: str) -> str | None:
        """Orthanc's identifier of an instance of a study; the same UID may be in others."""
        for found in self._json("POST", "/tools/lookup", sop_instance_uid.encode("ascii")) or []:
            if found["Type"] == "Instance":
                study = self._json("GET", f"/instances/{found['ID']}/study")
                if study and study["MainDicomTags"].get("StudyInstanceUID") == study_instance_uid:
                    return str(found["ID"])
        return None

    def value_of_tag(self, orthanc_instance_id: str, tag: str) -> bytes:
        """``/instances/{id}/content/{tag}``: a value's bytes as they are stored, empty when it has none."""
        response = self._response("GET", f"/instances/{orthanc_instance_id}/content/{tag}")
        return response.content if response.ok else b""

    def tags_of_instance(self, orthanc_instance_id: str) -> dict[str, Any] | None:
        """``/instances/{id}/simplified-tags``: values by keyword, in Unicode."""
        tags: dict[str, Any] | None = self._json("GET", f"/instances/{orthanc_instance_id}/simplified-tags")
        return tags

    def file_of_instance(self, orthanc_instance_id: str, largest_bytes: int) -> bytes | None:
        """An instance as it was stored, None when it is not there.

        Raises
        ------
        TooLarge
            It has more bytes than that.
        """
        url = f"{self._url}/instances/{orthanc_instance_id}/file"
        try:
            with self._session.get(url, headers=self._credential(), timeout=_TIMEOUT_SECONDS, stream=True) as response:
                if response.status_code == requests.codes.not_found:
                    return None
                if not response.ok:
                    raise Unavailable(f"Orthanc answered {response.status_code} to a request for an instance.")
                content = bytearray()
                for portion in response.iter_content(_PORTION_BYTES):
                    content += portion
                    if len(content) > largest_bytes:
                        raise TooLarge(f"The instance is larger than {largest_bytes // 1_000_000} MB.")
                return bytes(content)
        except requests.RequestException as error:
            raise Unavailable("Orthanc does not answer. Is CloudFilm running?") from error

    def store_instance(self, dicom: bytes) -> dict[str, Any]:
        """``POST /instances``: Orthanc's identifiers of what was stored, or was there already."""
        stored: dict[str, Any] = self._json("POST", "/instances", dicom)
        return stored

    def delete_instance(self, orthanc_instance_id: str) -> None:
        """Remove an instance; one that is not there is no error."""
        self._json("DELETE", f"/instances/{orthanc_instance_id}")

    def delete_study(self, orthanc_study_id: str) -> None:
        """Remove a study; one that is not there is no error."""
        self._json("DELETE", f"/studies/{orthanc_study_id}")

    def instance_ids(self) -> list[str]:
        """Orthanc's identifiers of all instances."""
        found: list[str] = self._json("GET", "/instances")
        return found

    def last_change(self) -> int:
        """The number of the newest entry of the change log."""
        return int(self._json("GET", "/changes?last")["Last"])

    def changes(self, since: int, limit: int) -> dict[str, Any]:
        """A page of the change log: ``Changes``, ``Last``, ``Done``."""
        page: dict[str, Any] = self._json("GET", f"/changes?since={since}&limit={limit}")
        return page

    def remote_aet(self, orthanc_instance_id: str) -> str:
        """The AE title that an instance came from, empty where it did not come by DICOM."""
        response = self._response("GET", f"/instances/{orthanc_instance_id}/metadata/RemoteAET")
        return response.text.strip() if response.ok else ""

    def origin_of_instance(self, orthanc_instance_id: str) -> dict[str, str]:
        """How an instance came: ``sender``, an AE title or a way in, and ``received_at``, a moment in ISO 8601; empty where Orthanc does not know."""
        known = self._json("GET", f"/instances/{orthanc_instance_id}/metadata?expand") or {}
        received = str(known.get("ReceptionDate", ""))
        moment = f"{received[:4]}-{received[4:6]}-{received[6:11]}:{received[11:13]}:{received[13:15]}+00:00" if len(received) == 15 else ""
        sender = str(known.get("RemoteAET", "")) or {"RestApi": "STOW-RS", "Plugins": "STOW-RS"}.get(str(known.get("Origin", "")), "")
        return {"sender": sender, "received_at": moment}

    def set_modality(self, modality: RegisteredModality) -> None:
        """Register a DICOM node, or change what it may do."""
        self._json("PUT", f"/modalities/{modality.aet}", modality.as_orthanc_has_it())

    def modalities(self) -> list[RegisteredModality]:
        """All that are registered, by AE title."""
        found: dict[str, dict[str, Any]] = self._json("GET", "/modalities?expand")
        return sorted((RegisteredModality.from_orthanc(one) for one in found.values()), key=lambda one: one.aet)

    def remove_modality(self, aet: str) -> None:
        """It may nothing any more; one that is not registered is no error."""
        self._json("DELETE", f"/modalities/{aet}")

    def media(self, orthanc_study_id: str) -> Iterator[bytes]:
        """``/studies/{id}/media`` in portions: a ZIP archive of the study's instances with a DICOMDIR, packed while it is read."""
        # A session of its own: nobody else waits for this connection, and it ends with the reader.
        with requests.get(
            f"{self._url}/studies/{orthanc_study_id}/media", headers=self._credential(), timeout=_TIMEOUT_SECONDS, stream=True
        ) as response:
            if not response.ok:
                raise Unavailable(f"Orthanc answered {response.status_code} to a request for an archive.")
            yield from response.iter_content(_PORTION_BYTES)

    def _credential(self) -> dict[str, str]:
        token = issue_token(InternalToken(self._process), self._keys(), self._clock(), _LIFETIME, uuid4())
        return {"Authorization": f"Bearer {token}"}

    def _json(self, method: str, path: str, body: Any = None) -> Any:
        response = self._response(method, path, body)
        if response.status_code == requests.codes.not_found:
            return None
        return response.json() if response.content else None

    def _response(self, method: str, path: str, body: Any = None) -> requests.Response:
        try:
            content = {"data": body} if isinstance(body, bytes) else {"json": body}
            response = self._session.request(method, self._url + path, headers=self._credential(), timeout=_TIMEOUT_SECONDS, **content)
        except requests.RequestException as error:
            raise Unavailable("Orthanc does not answer. Is CloudFilm running?") from error
        if not response.ok and (response.status_code != requests.codes.not_found or path.endswith("/file")):
            raise Unavailable(f"Orthanc answered {response.status_code} to {method} {path}.")
        return response
