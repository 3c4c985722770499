# SPDX-License-Identifier: AGPL-3.0-or-later
"""QIDO-RS (PS3.18 §10.6) at every level, limited to what the asker may find: newest first, with correct paging."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

from flask import Blueprint, Response, json, request

from cloudfilm.access.holder import ApiHolder, GrantHolder, Holder, StaffHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.study_search import StudiesInReach
from cloudfilm.dicom.native_model import to_native_model
from cloudfilm.dicom.search_conditions import OneOf
from cloudfilm.dicom.search_keys import Level, tag_of
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import NotFound
from portal.api.negotiation import Form, form_for
from portal.api.search_request import SearchRequest, parse_search
from portal.api.search_walk import Found, find
from portal.api.study_datasets import Dataset
from portal.cleaned_view import as_shown_to, hides_names, needed_for_cleaning, sees_cleaned_view
from portal.services import services
from portal.session import require

dicomweb_search = Blueprint("dicomweb_search", __name__)
_ALL = 1_000_000
_RETRIEVE_URL, _INSTANCE_AVAILABILITY = tag_of("RetrieveURL"), tag_of("InstanceAvailability")
# By what whoever may not know whose images these are may search: nobody finds out a name by trying names.
_NAMELESS = frozenset({
    "SpecificCharacterSet", "StudyDate", "StudyTime", "ModalitiesInStudy", "StudyInstanceUID", "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances", "InstanceAvailability", "RetrieveURL", "Modality", "SeriesInstanceUID", "SeriesNumber",
    "NumberOfSeriesRelatedInstances", "BodyPartExamined", "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "NumberOfFrames", "Rows",
    "Columns", "BitsAllocated",
})  # fmt: skip


@dicomweb_search.get("/dicom-web/<any(studies, series, instances):level>")
def search(level: str) -> Response:
    """Across studies: 200 with datasets, 204 when nothing matches."""
    return _answer(Level(level), {})


@dicomweb_search.get("/dicom-web/studies/<study_instance_uid>/<any(series, instances):level>")
def search_in_study(study_instance_uid: str, level: str) -> Response:
    """Below one study; 404 when the asker may not know that it exists."""
    return _answer(Level(level), {"StudyInstanceUID": study_instance_uid})


@dicomweb_search.get("/dicom-web/studies/<study_instance_uid>/series/<series_instance_uid>/instances")
def search_in_series(study_instance_uid: str, series_instance_uid: str) -> Response:
    """Below one series."""
    return _answer(Level.INSTANCES, {"StudyInstanceUID": study_instance_uid, "SeriesInstanceUID": series_instance_uid})


def _answer(level: Level, path: dict[str, str]) -> Response:
    if not all(map(is_uid, path.values())):
        raise NotFound
    holder = require(AccessRequest(Action.QUERY, study_instance_uid=path.get("StudyInstanceUID")))
    form = form_for(request.args.get("accept") or request.headers.get("Accept", ""))
    wanted = parse_search(level, [(name, value) for name in request.args for value in request.args.getlist(name)])
    wanted = _below_path(wanted, path)
    found = _found_cleaned(wanted, holder) if isinstance(holder, GrantHolder) and _is_cleaned_for(holder) else find(wanted, _reach(holder))
    datasets = [_finished(dataset) for dataset in found.datasets]
    response = _written(datasets, form) if datasets else Response(status=204)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept, Authorization, Cookie"
    warnings = [f'299 - "The parameter {_quotable(name)} is not supported and was ignored"' for name in wanted.ignored[:10]]
    if found.more:
        # PS3.18 §8.3.4.4: there is more than was returned.
        warnings.append('299 - "There are additional results that can be requested"')
    if warnings:
        response.headers["Warning"] = ", ".join(warnings)
    return response


def _is_cleaned_for(holder: GrantHolder) -> bool:
    return sees_cleaned_view(holder, holder.study_instance_uids)


def _found_cleaned(wanted: SearchRequest, holder: GrantHolder) -> Found:
    """What remains without documents, and where they are hidden without names, is what is paged through."""
    if hides_names(holder) and not wanted.conditions.keys() <= _NAMELESS:
        # Every other attribute has no value in this view: a key with a value matches nothing, whatever the value.
        return Found([], more=False)
    whole = replace(wanted, fields=(*wanted.fields, *needed_for_cleaning(wanted.level)), limit=_ALL, offset=0)
    shown = as_shown_to(holder, holder.study_instance_uids, find(whole, _reach(holder)).datasets)
    end = wanted.offset + wanted.limit
    return Found(shown[wanted.offset : end], len(shown) > end)


def _reach(holder: Holder) -> StudiesInReach:
    match holder:
        case GrantHolder():
            return StudiesInReach(study_instance_uids=holder.study_instance_uids)
        case ApiHolder() | StaffHolder():
            return StudiesInReach(hospital_id=holder.hospital_id)
        case _:
            return StudiesInReach()


def _below_path(wanted: SearchRequest, path: dict[str, str]) -> SearchRequest:
    """What the path names and what the query names must both hold."""
    conditions = dict(wanted.conditions)
    for keyword, uid in path.items():
        named = conditions.get(keyword)
        conditions[keyword] = OneOf(frozenset({uid}) & named.values if isinstance(named, OneOf) else frozenset({uid}))
    return replace(wanted, conditions=conditions)


def _finished(dataset: Dataset) -> Dataset:
    """With addresses as the client can reach them: inside, DICOMweb's plugin does not know under which name it was asked."""
    dataset[_INSTANCE_AVAILABILITY] = {"vr": "CS", "Value": ["ONLINE"]}
    if urls := dataset.get(_RETRIEVE_URL, {}).get("Value"):
        public = services().settings.public_url
        dataset[_RETRIEVE_URL]["Value"] = [f"{public}/dicom-web/{url.split('/dicom-web/', 1)[-1]}" for url in urls]
    return dict(sorted(dataset.items()))


def _written(datasets: list[Dataset], form: Form) -> Response:
    if form is Form.JSON:
        return Response(json.dumps(datasets), content_type="application/dicom+json")
    boundary = uuid4().hex
    head = f"--{boundary}\r\nContent-Type: application/dicom+xml\r\n\r\n".encode()
    body = b"".join(head + to_native_model(dataset) + b"\r\n" for dataset in datasets) + f"--{boundary}--\r\n".encode()
    return Response(body, content_type=f'multipart/related; type="application/dicom+xml"; boundary={boundary}')


def _quotable(name: str) -> str:
    return "".join(character if (character.isalnum() and character.isascii()) or character in "._=-" else "?" for character in name[:64])
