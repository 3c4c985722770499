# SPDX-License-Identifier: AGPL-3.0-or-later
"""Audit events as DICOM Audit Messages in syslog's form."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID
from xml.etree.ElementTree import Element, fromstring

import pytest

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind
from cloudfilm.access.audit_message import audit_message
from cloudfilm.access.syslog_message import syslog_message, with_octet_count
from tests.support.audit_schema import schema_faults

NOW = datetime(2026, 3, 5, 9, 30, 1, 250_000, UTC)
GRANT, REPORT = UUID(int=1), UUID(int=2)
EVENT_IDS = {
    AuditKind.GRANT_OPENED: ("110114", "E", "110122"),
    AuditKind.WRONG_CODE: ("110114", "E", "110122"),
    AuditKind.SIGNED_IN: ("110114", "E", "110122"),
    AuditKind.SIGNED_OUT: ("110114", "E", "110123"),
    AuditKind.CONSENT_GIVEN: ("110110", "U", None),
    AuditKind.SEARCHED: ("110112", "E", None),
    AuditKind.IMAGES_VIEWED: ("110103", "R", None),
    AuditKind.IMAGES_DOWNLOADED: ("110106", "R", None),
    AuditKind.IMAGES_STORED: ("110104", "C", None),
    AuditKind.IMAGES_SET_ASIDE: ("110104", "C", None),
    AuditKind.REPORT_READ: ("110110", "R", None),
    AuditKind.REPORT_DOWNLOADED: ("110106", "R", None),
    AuditKind.REPORT_PRINTED: ("110106", "R", None),
    AuditKind.REPORT_SUBMITTED: ("110110", "C", None),
    AuditKind.REPORT_REVIEWED: ("110110", "U", None),
    AuditKind.ORDER_TAKEN: ("110110", "C", None),
    AuditKind.PATIENT_CORRECTED: ("110110", "U", None),
    AuditKind.PATIENTS_MERGED: ("110110", "U", None),
    AuditKind.MISTAKE_REPORTED: ("110110", "C", None),
    AuditKind.MISTAKE_ANSWERED: ("110110", "U", None),
    AuditKind.LOG_READ: ("110101", "R", None),
    AuditKind.SHARE_MADE: ("110113", "E", "110135"),
    AuditKind.GRANT_MADE: ("110113", "E", "110135"),
    AuditKind.GRANT_REVOKED: ("110113", "E", "110135"),
    AuditKind.GATEWAY_SILENT: ("110108", "E", "110125"),
    AuditKind.GATEWAY_HEARD: ("110108", "E", "110124"),
    AuditKind.CONFLICT_SETTLED: ("110103", "U", None),
    AuditKind.ADMINISTERED: ("110113", "E", "110129"),
    AuditKind.OTHER: ("110113", "E", "110132"),
}


def event(kind: AuditKind, **values: object) -> AuditEvent:
    whole: dict[str, object] = {
        "outcome": "success",
        "actor_kind": ActorKind.PATIENT,
        "actor_id": str(GRANT),
        "hospital_id": "jia",
        "grant_id": GRANT,
        "study_instance_uid": "1.2.3",
        "report_id": REPORT,
        "address": "203.0.113.7",
        "device": "phone",
        "detail": "",
    }
    return AuditEvent(NOW, kind, **{**whole, **values})  # type: ignore[arg-type]


def message(one: AuditEvent) -> Element:
    return fromstring(audit_message(one, 7, "film.example.org"))


def found(parent: Element, path: str) -> Element:
    element = parent.find(path)
    assert element is not None, path
    return element


def roles(participant: Element) -> set[str]:
    return {role.attrib["csd-code"] for role in participant.findall("RoleIDCode")}


@pytest.mark.parametrize("kind", AuditKind)
@pytest.mark.parametrize("outcome", ["success", "denied"])
@pytest.mark.parametrize("is_bare", [False, True])
def test_every_kind_is_valid_by_the_schema_and_has_its_code(kind: AuditKind, outcome: str, is_bare: bool) -> None:
    nothing: dict[str, object] = {
        "actor_kind": ActorKind.NOBODY,
        **dict.fromkeys(("actor_id", "hospital_id", "study_instance_uid", "address", "device"), ""),
        **dict.fromkeys(("grant_id", "report_id")),
    }
    told = message(event(kind, outcome=outcome, **(nothing if is_bare else {})))
    assert schema_faults(told) == []
    identification = found(told, "EventIdentification")
    event_type = identification.find("EventTypeCode")
    code = found(identification, "EventID").attrib["csd-code"]
    shown = (code, identification.attrib["EventActionCode"], None if event_type is None else event_type.attrib["csd-code"])
    assert shown == EVENT_IDS[kind]
    assert [one.attrib["UserIsRequestor"] for one in told.findall("ActiveParticipant")][:2] == ["true", "false"]


def test_images_that_were_viewed() -> None:
    told = message(event(AuditKind.IMAGES_VIEWED, report_id=None))
    assert found(told, "EventIdentification").attrib == {
        "EventActionCode": "R",
        "EventDateTime": "2026-03-05T09:30:01.250Z",
        "EventOutcomeIndicator": "0",
    }
    actor, application = told.findall("ActiveParticipant")
    assert actor.attrib == {
        "UserID": str(GRANT),
        "UserIsRequestor": "true",
        "NetworkAccessPointID": "203.0.113.7",
        "NetworkAccessPointTypeCode": "2",
    }
    assert roles(actor) == {"patient"}
    assert (application.attrib["UserID"], roles(application)) == ("film.example.org", {"110150"})
    assert found(told, "AuditSourceIdentification").attrib == {"AuditEnterpriseSiteID": "jia", "AuditSourceID": "film.example.org"}
    study, grant = told.findall("ParticipantObjectIdentification")
    assert study.attrib == {
        "ParticipantObjectID": "1.2.3",
        "ParticipantObjectTypeCode": "2",
        "ParticipantObjectTypeCodeRole": "3",
        "ParticipantObjectDataLifeCycle": "6",
    }
    assert found(study, "ParticipantObjectIDTypeCode").attrib["csd-code"] == "110180"
    assert grant.attrib["ParticipantObjectID"] == f"urn:uuid:{GRANT}"
    details = {one.attrib["type"]: base64.b64decode(one.attrib["value"]) for one in study.findall("ParticipantObjectDetail")}
    assert details == {"sequence": b"7", "device": b"phone"}


@pytest.mark.parametrize(
    ("kind", "outcome", "indicator"),
    [
        (AuditKind.IMAGES_VIEWED, "success", "0"),
        (AuditKind.IMAGES_VIEWED, "denied", "8"),
        (AuditKind.WRONG_CODE, "denied", "4"),
        (AuditKind.IMAGES_SET_ASIDE, "success", "4"),
    ],
)
def test_the_outcome(kind: AuditKind, outcome: str, indicator: str) -> None:
    told = found(message(event(kind, outcome=outcome, detail="outside the grant")), "EventIdentification")
    assert told.attrib["EventOutcomeIndicator"] == indicator
    assert found(told, "EventOutcomeDescription").text == "outside the grant"


def test_a_modality_is_the_source_and_named_by_its_ae_title() -> None:
    told = message(event(AuditKind.IMAGES_STORED, actor_kind=ActorKind.MODALITY, actor_id="CT1", grant_id=None))
    modality, archive = told.findall("ActiveParticipant")
    assert (modality.attrib["AlternativeUserID"], roles(modality)) == ("AETITLES=CT1", {"110153", "modality"})
    assert roles(archive) == {"110152", "110150"}


def test_a_download_goes_to_a_medium() -> None:
    receiver, exporter, media = message(event(AuditKind.IMAGES_DOWNLOADED)).findall("ActiveParticipant")
    assert ("110152" in roles(receiver), "110153" in roles(exporter), roles(media)) == (True, True, {"110154"})
    assert found(media, "MediaIdentifier/MediaType").attrib["csd-code"] == "110037"


def test_a_query_has_a_query_object_without_the_query() -> None:
    told = message(event(AuditKind.SEARCHED, study_instance_uid="", report_id=None, grant_id=None))
    (query,) = told.findall("ParticipantObjectIdentification")
    assert found(query, "ParticipantObjectIDTypeCode").attrib["csd-code"] == "110181"
    assert not found(query, "ParticipantObjectQuery").text


def test_reading_the_trail_names_the_trail() -> None:
    told = message(event(AuditKind.LOG_READ, study_instance_uid="", report_id=None, grant_id=None))
    (log,) = told.findall("ParticipantObjectIdentification")
    assert log.attrib["ParticipantObjectTypeCodeRole"] == "13"
    assert found(log, "ParticipantObjectName").text == "Security Audit Log"


def test_what_people_typed_cannot_break_the_document() -> None:
    told = message(event(AuditKind.SHARE_MADE, detail="<李医生> & \x00\x0b\ud800 \"'"))
    assert found(told, "EventIdentification/EventOutcomeDescription").text == "<李医生> &     \"'"
    assert schema_faults(told) == []


def test_the_schema_check_finds_what_is_wrong() -> None:
    told = message(event(AuditKind.IMAGES_VIEWED))
    told.remove(found(told, "AuditSourceIdentification"))
    found(told, "EventIdentification").set("EventOutcomeIndicator", "1")
    del found(told, "EventIdentification/EventID").attrib["originalText"]
    assert len(schema_faults(told)) == 3


def test_syslogs_form() -> None:
    east = datetime(2026, 3, 5, 17, 30, 1, 250_000, timezone(timedelta(hours=8)))
    whole = syslog_message("<AuditMessage>王</AuditMessage>", east, "film.example.org", 7)
    header, _, text = whole.partition(b"\xef\xbb\xbf")
    assert header == b'<85>1 2026-03-05T09:30:01.250000Z film.example.org cloudfilm - DICOM+RFC3881 [meta sequenceId="7"] '
    assert text.decode("utf-8") == "<AuditMessage>王</AuditMessage>"
    assert with_octet_count(whole) == str(len(whole)).encode() + b" " + whole


@pytest.mark.parametrize(("sequence", "shown"), [(1, 1), (2**31 - 1, 2**31 - 1), (2**31, 1), (2**31 + 5, 6)])
def test_the_sequence_starts_again_after_the_largest(sequence: int, shown: int) -> None:
    assert f'sequenceId="{shown}"'.encode() in syslog_message("<a/>", NOW, "h", sequence)
