# SPDX-License-Identifier: AGPL-3.0-or-later
"""The store instances response for parts that Orthanc was given, and parts that it was not."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from cloudfilm.intakes.stow.answer import CANNOT_UNDERSTAND, OUT_OF_RESOURCES, Failure, combine


def sop(uid: str, reason: int | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {"00081150": {"vr": "UI", "Value": ["1.2"]}, "00081155": {"vr": "UI", "Value": [uid]}}
    return item if reason is None else item | {"00081197": {"vr": "US", "Value": [reason]}}


def sequence(*items: dict[str, Any]) -> dict[str, Any]:
    return {"vr": "SQ", "Value": list(items)}


def test_all_stored() -> None:
    answered = {"00081199": sequence(sop("1"))}
    assert combine(answered, []) == (HTTPStatus.OK, answered)


def test_some_stored() -> None:
    status, module = combine(
        {"00081199": sequence(sop("1")), "00081198": sequence(sop("2", 0x0110))}, [Failure(CANNOT_UNDERSTAND, "1.2", "3")]
    )
    assert status is HTTPStatus.ACCEPTED
    assert module["00081198"] == sequence(sop("2", 0x0110), sop("3", CANNOT_UNDERSTAND))
    assert module["00081199"] == sequence(sop("1"))


def test_none_stored() -> None:
    status, module = combine({}, [Failure(CANNOT_UNDERSTAND, "1.2", "3")])
    assert (status, module) == (HTTPStatus.CONFLICT, {"00081198": sequence(sop("3", CANNOT_UNDERSTAND))})


def test_what_does_not_say_what_it_is_stands_among_the_other_failures() -> None:
    answered = {"00081199": sequence(sop("1")), "00081198": sequence({"00081197": {"vr": "US", "Value": [0x0110]}})}
    status, module = combine(answered, [Failure(OUT_OF_RESOURCES)])
    assert status is HTTPStatus.ACCEPTED
    assert "00081198" not in module
    assert [item["00081197"]["Value"] for item in module["0008119A"]["Value"]] == [[0x0110], [OUT_OF_RESOURCES]]
