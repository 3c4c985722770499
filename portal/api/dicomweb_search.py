# SPDX-License-Identifier: AGPL-3.0-or-later
"""QIDO-RS across studies (PS3.18 §10.6), limited to what the asker may find: newest first, with correct paging.

Our own table says which studies there are for the asker; DICOMweb's plugin is asked about those and gives the answer its form.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, json, request

from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, StaffHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.studies import newest_studies_of_hospital
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import BadRequest
from portal.cleaned_view import as_shown_to, finds_nothing, needed_for_cleaning, sees_cleaned_view
from portal.services import services
from portal.session import require

dicomweb_search = Blueprint("dicomweb_search", __name__)
_STUDY_INSTANCE_UID = ("StudyInstanceUID", "0020000D")
_PAGING = ("limit", "offset")
_LARGEST_PAGE = 1000


@dicomweb_search.get("/dicom-web/<any(studies, series, instances):level>")
def search(level: str) -> Response:
    """200 with DICOM JSON datasets, 204 when nothing matches."""
    holder = require(AccessRequest(Action.QUERY))
    asked = asked_keys()
    keys = [(name, value) for name, value in asked if name not in _STUDY_INSTANCE_UID]
    wanted = [uid for name, value in asked if name in _STUDY_INSTANCE_UID for uid in value.replace("\\", ",").split(",") if uid]
    if not all(map(is_uid, wanted)):
        raise BadRequest("StudyInstanceUID must be a UID or a list of UIDs.")
    visible = sorted(holder.study_instance_uids) if isinstance(holder, GrantHolder) else _visible(holder)
    if wanted:
        visible = [uid for uid in visible if uid in wanted]
    if not sees_cleaned_view(holder, visible):
        return page_of([_with_public_address(dataset) for dataset in _search_in_order(level, keys, visible)])
    if finds_nothing(holder, keys):
        return page_of([])
    return page_of(as_shown_to(holder, visible, _search_in_order(level, [*keys, *needed_for_cleaning(level)], visible)))


def asked_keys() -> list[tuple[str, str]]:
    """Matching keys and ``includefield`` of this request, one a value: DICOMweb's plugin does not split what a client encoded as one (``a%2Cb``)."""
    asked = [(name, value) for name in request.args for value in request.args.getlist(name) if name not in _PAGING]
    return [(name, part) for name, value in asked for part in (value.split(",") if name == "includefield" else [value])]


def page_of(found: list[dict[str, Any]]) -> Response:
    """The part of what was found that this request asks for by ``limit`` and ``offset``."""
    limit, offset = _page()
    response = dicom_json(found[offset : offset + limit])
    if len(found) > offset + limit:
        # PS3.18 §8.3.4.4: there is more than was returned.
        response.headers["Warning"] = '299 - "There are additional results that can be requested"'
    return response


def dicom_json(datasets: list[dict[str, Any]]) -> Response:
    """200 with datasets, 204 without."""
    if not datasets:
        return Response(status=204)
    response = Response(json.dumps(datasets), content_type="application/dicom+json")
    response.headers["Cache-Control"] = "no-store"
    return response


def _visible(holder: Holder) -> list[str]:
    if not isinstance(holder, ApiHolder | StaffHolder) or holder.hospital_id is None:
        return []
    with services().database.transaction() as cursor:
        return newest_studies_of_hospital(cursor, holder.hospital_id)


def _search_in_order(level: str, keys: list[tuple[str, str]], study_instance_uids: list[str]) -> list[dict[str, Any]]:
    """Ask for the visible studies in portions (a list of UIDs is one matching key, PS3.4 §C.2.2.2.2) and keep their order."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(study_instance_uids), 100):
        portion = study_instance_uids[start : start + 100]
        place = {uid: number for number, uid in enumerate(portion)}
        datasets = services().search(level, [*keys, ("StudyInstanceUID", ",".join(portion))])
        datasets = [dataset for dataset in datasets if _study_of(dataset) in place]
        found.extend(sorted(datasets, key=lambda dataset: place[_study_of(dataset)]))
    return found


def _study_of(dataset: dict[str, Any]) -> str:
    values = dataset.get("0020000D", {}).get("Value", [""])
    return str(values[0])


def _with_public_address(dataset: dict[str, Any]) -> dict[str, Any]:
    """RetrieveURL as the client can reach it: inside, DICOMweb's plugin does not know under which name it was asked."""
    retrieve_url = dataset.get("00081190", {})
    if "Value" in retrieve_url:
        retrieve_url["Value"] = [
            services().settings.public_url + "/dicom-web/" + url.split("/dicom-web/", 1)[-1] for url in retrieve_url["Value"]
        ]
    return dataset


def _page() -> tuple[int, int]:
    numbers = {"limit": _LARGEST_PAGE, "offset": 0}
    for name in numbers.keys() & request.args.keys():
        value = request.args[name]
        if not (value.isascii() and value.isdigit()):
            raise BadRequest(f"{name} must be a whole number.")
        numbers[name] = int(value)
    return min(numbers["limit"], _LARGEST_PAGE), numbers["offset"]
