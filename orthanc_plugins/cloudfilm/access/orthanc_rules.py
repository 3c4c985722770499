# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which of Orthanc's own routes are open, and for what: a table. Whatever no rule names is for our own processes only.

Searches (PS3.18 §10.6) are not among them: the portal answers those at every level.

Paths are what Orthanc hands to its HTTP filter: decoded, without the query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.dicom.values import is_uid

_UID = r"[0-9.]{1,64}"
_STUDY = rf"/dicom-web/studies/(?P<study>{_UID})"
_SERIES = rf"{_STUDY}/series/{_UID}"
_INSTANCE = rf"{_SERIES}/instances/{_UID}"
_ANY_LEVEL = rf"{_STUDY}(/series/{_UID}(/instances/{_UID})?)?"
_FRAMES = rf"{_INSTANCE}/frames/[0-9,]{{1,2000}}"


@dataclass(frozen=True, slots=True)
class Rule:
    """A method and a path, open for an action; a group named ``study`` is the StudyInstanceUID."""

    method: str
    path: re.Pattern[str]
    action: Action


def _rule(method: str, path: str, action: Action) -> Rule:
    return Rule(method, re.compile(path), action)


RULES = (
    # PS3.18 §10.4 Retrieve.
    _rule("GET", _ANY_LEVEL, Action.RETRIEVE_ORIGINALS),
    _rule("GET", rf"{_ANY_LEVEL}/metadata", Action.READ_METADATA),
    _rule("GET", rf"{_INSTANCE}/(rendered|thumbnail)", Action.VIEW_IMAGES),
    # Here Orthanc chooses the instance, which may be a page of the report.
    _rule("GET", rf"{_STUDY}(/series/{_UID})?/(rendered|thumbnail)", Action.READ_METADATA),
    _rule("GET", rf"{_FRAMES}(/rendered|/thumbnail)?", Action.VIEW_IMAGES),
    # Published beside what the standard has (docs/publication.md): nginx answers these, Orthanc knows none of them.
    _rule("GET", rf"{_INSTANCE}/frames/[0-9]{{1,9}}/picture", Action.VIEW_IMAGES),
    _rule("GET", rf"{_SERIES}/pictures", Action.VIEW_IMAGES),
    _rule("GET", rf"{_INSTANCE}/bulk/[0-9a-fA-F/]{{1,500}}", Action.RETRIEVE_BULK_DATA),
    # PS3.18 §10.5 Store.
    _rule("POST", r"/dicom-web/studies", Action.STORE_IMAGES),
    _rule("POST", _STUDY, Action.STORE_IMAGES),
)
PORTAL = re.compile(r"/portal(/.*)?")


def is_portal(uri: str) -> bool:
    """Whether the portal answers this path and decides by its own rules."""
    return PORTAL.fullmatch(uri) is not None


def orthanc_request(method: str, uri: str, query: Mapping[str, str]) -> AccessRequest:
    """What a request to Orthanc asks for; `Action.ADMINISTER` where no rule opens the route."""
    path = uri.rstrip("/") or "/"
    if path == "/wado" and method == "GET":
        return _wado_uri_request(query)
    for rule in RULES:
        if rule.method == method and (match := rule.path.fullmatch(path)):
            return AccessRequest(rule.action, study_instance_uid=match.groupdict().get("study"))
    return AccessRequest(Action.ADMINISTER)


def _wado_uri_request(query: Mapping[str, str]) -> AccessRequest:
    """PS3.18 §9.4: the study must be named, so that it can be checked; a picture is the default, the original must be asked for."""
    study_instance_uid = query.get("studyUID", "")
    if not is_uid(study_instance_uid):
        return AccessRequest(Action.ADMINISTER)
    is_picture = query.get("contentType", "image/jpeg").startswith("image/")
    return AccessRequest(Action.VIEW_IMAGES if is_picture else Action.RETRIEVE_ORIGINALS, study_instance_uid=study_instance_uid)
