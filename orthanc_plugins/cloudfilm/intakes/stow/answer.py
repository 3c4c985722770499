# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store instances response (PS3.18 §10.5.3, module in PS3.3 §C.9): Orthanc's answer, and what never reached it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

CANNOT_UNDERSTAND = 0xC000
OUT_OF_RESOURCES = 0xA700

_FAILED, _REFERENCED, _OTHER_FAILURES = "00081198", "00081199", "0008119A"
_SOP_CLASS_UID, _SOP_INSTANCE_UID, _FAILURE_REASON = "00081150", "00081155", "00081197"


@dataclass(frozen=True, slots=True)
class Failure:
    """A part that was not passed on. ``reason`` is a FailureReason (PS3.18 §I.2.2); the UIDs are empty where it did not say them."""

    reason: int
    sop_class_uid: str = ""
    sop_instance_uid: str = ""


def combine(answered: Mapping[str, Any], failures: Sequence[Failure]) -> tuple[HTTPStatus, dict[str, Any]]:
    """
    The status and the response module for all instances of a request.

    Parameters
    ----------
    answered : Mapping
        What Orthanc answered for the parts that it was given, in the DICOM JSON model; empty when it was given none.
    """
    failed = [item for item in _items(answered, _FAILED) if _SOP_INSTANCE_UID in item]
    others = [{_FAILURE_REASON: item[_FAILURE_REASON]} for item in _items(answered, _FAILED) if _SOP_INSTANCE_UID not in item]
    for failure in failures:
        reason = {_FAILURE_REASON: {"vr": "US", "Value": [failure.reason]}}
        if failure.sop_instance_uid and failure.sop_class_uid:
            uids = {_SOP_CLASS_UID: failure.sop_class_uid, _SOP_INSTANCE_UID: failure.sop_instance_uid}
            failed.append({tag: {"vr": "UI", "Value": [uid]} for tag, uid in uids.items()} | reason)
        else:
            others.append(reason)
    module = {tag: element for tag, element in answered.items() if tag != _FAILED}
    for tag, items in ((_FAILED, failed), (_OTHER_FAILURES, others)):
        if items:
            module[tag] = {"vr": "SQ", "Value": items}
    if not failed and not others:
        return HTTPStatus.OK, module
    return HTTPStatus.ACCEPTED if _items(answered, _REFERENCED) else HTTPStatus.CONFLICT, module


def _items(module: Mapping[str, Any], tag: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = module.get(tag, {}).get("Value", [])
    return items
