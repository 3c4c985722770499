# SPDX-License-Identifier: AGPL-3.0-or-later
"""POST /api/v1/receipts: the proof to a gateway that an instance is stored, as the SHA-256 of what was read back from the archive."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from cloudfilm.access.holder import ApiHolder
from cloudfilm.access.policy import AccessRequest, Action
from cloudfilm.db.conflicts import hashes_aside
from cloudfilm.db.gateway_receipts import note_receipts
from cloudfilm.db.set_aside import SetAsideState, reasons_set_aside
from cloudfilm.db.studies import study_with_uid
from cloudfilm.dicom.values import is_uid
from cloudfilm.errors import BadRequest, NotFound
from portal.services import services
from portal.session import require

receipts = Blueprint("receipts", __name__)
MOST = 200
_ALLOWED = (
    'The body must be JSON like {"instances": [{"study_instance_uid": "1.2.3", "sop_instance_uid": "1.2.3.4"}]}, 200 instances at most.'
)


@receipts.post("/api/v1/receipts")
def issue_receipts() -> Response:
    """200 ``{"receipts": [{study_instance_uid, sop_instance_uid, sha256: […], refused}]}`` in the order asked.

    ``sha256`` is empty for what is not stored, or is not this hospital's. Two values: two patients' files with the same UIDs. ``refused`` says why
    an instance that this hospital sent is not stored and will not be; it is empty where sending it again may help.
    """
    holder = require(AccessRequest(Action.STORE_IMAGES))
    if not isinstance(holder, ApiHolder) or services().stored_files is None:
        raise NotFound
    wanted, stored = _instances(request.get_json(silent=True)), services().stored_files
    owned = {study for study in {study for study, _ in wanted} if _is_of(study, holder.hospital_id)}
    stored_hashes = stored.sha256_of([(study, sop) for study, sop in wanted if study in owned]) if stored else {}
    hashes = [(study, sop, stored_hashes.get((study, sop), [])) for study, sop in wanted]
    if holder.is_gateway:
        given = [(study, sop, sha256) for study, sop, found in hashes for sha256 in found]
        with services().database.transaction() as cursor:
            note_receipts(cursor, holder.token_id, given, services().clock())
    aside = _aside(holder.hospital_id, wanted)
    refused = _refused(holder.hospital_id, [(study, sop) for study, sop, found in hashes if not found])
    response = jsonify(
        receipts=[
            {
                "study_instance_uid": study,
                "sop_instance_uid": sop,
                "sha256": found,
                "refused": refused.get((study, sop), ""),
                **aside.get((study, sop), {}),
            }
            for study, sop, found in hashes
        ]
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _instances(body: Any) -> list[tuple[str, str]]:
    listed = body.get("instances") if isinstance(body, dict) else None
    if not isinstance(listed, list) or not 1 <= len(listed) <= MOST:
        raise BadRequest(_ALLOWED)
    pairs = []
    for one in listed:
        study, sop = (one.get("study_instance_uid"), one.get("sop_instance_uid")) if isinstance(one, dict) else (None, None)
        if not isinstance(study, str) or not isinstance(sop, str) or not is_uid(study) or not is_uid(sop):
            raise BadRequest(_ALLOWED)
        pairs.append((study, sop))
    return pairs


def _refused(hospital_id: str, missing: list[tuple[str, str]]) -> dict[tuple[str, str], str]:
    if not missing:
        return {}
    with services().database.transaction() as cursor:
        found = reasons_set_aside(cursor, hospital_id, [sop for _, sop in missing])
    # What is no sound file is kept aside without a study.
    return {(study, sop): reason for study, sop in missing if (reason := found.get((study, sop)) or found.get(("", sop)))}


def _is_of(study_instance_uid: str, hospital_id: str) -> bool:
    with services().database.transaction() as cursor:
        study = study_with_uid(cursor, study_instance_uid)
    return study is not None and study.hospital_id == hospital_id


def _aside(hospital_id: str, wanted: list[tuple[str, str]]) -> dict[tuple[str, str], dict[str, list[str]]]:
    """Where there is any: ``set_aside``, contents whose bytes are kept for people to look at, and ``decided``, those that they decided against."""
    told: dict[tuple[str, str], dict[str, list[str]]] = {}
    with services().database.transaction() as cursor:
        for study, sop, sha256, state, bytes_kept in hashes_aside(cursor, hospital_id, wanted):
            one = told.setdefault((study, sop), {"set_aside": [], "decided": []})
            if bytes_kept:
                one["set_aside"].append(sha256)
            if state in (SetAsideState.KEPT_OUT, SetAsideState.REPLACED):
                one["decided"].append(sha256)
    return told
