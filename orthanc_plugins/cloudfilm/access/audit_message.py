# SPDX-License-Identifier: AGPL-3.0-or-later
"""An audit event as a DICOM Audit Message (PS3.15 §A.5): the form in which hospitals collect such events from all their systems (IHE ATNA).

The trail knows no patient, so neither do these messages: they name the study, the report and the grant. The participant object for a patient,
which some of the Standard's tables ask for, is left out for that reason.
"""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass
from datetime import UTC
from enum import Enum
from xml.etree.ElementTree import Element, SubElement, tostring

from cloudfilm.access.audit import ActorKind, AuditEvent, AuditKind

type Code = tuple[str, str, str]  # csd-code, codeSystemName, originalText

# PS3.16 CID 400, 401 and 402.
_QUERY: Code = ("110112", "DCM", "Query")
_ACCESSED: Code = ("110103", "DCM", "DICOM Instances Accessed")
_TRANSFERRED: Code = ("110104", "DCM", "DICOM Instances Transferred")
_EXPORT: Code = ("110106", "DCM", "Export")
_AUDIT_LOG_USED: Code = ("110101", "DCM", "Audit Log Used")
_PATIENT_RECORD: Code = ("110110", "DCM", "Patient Record")
_NETWORK_ENTRY: Code = ("110108", "DCM", "Network Entry")
_ATTACH: Code = ("110124", "DCM", "Attach")
_DETACH: Code = ("110125", "DCM", "Detach")
_SECURITY_ALERT: Code = ("110113", "DCM", "Security Alert")
_AUTHENTICATION: Code = ("110114", "DCM", "User Authentication")
_LOGIN: Code = ("110122", "DCM", "Login")
_LOGOUT: Code = ("110123", "DCM", "Logout")
_SECURITY_CONFIGURATION: Code = ("110129", "DCM", "Security Configuration")
_RESTRICTED_FUNCTION: Code = ("110132", "DCM", "Use of Restricted Function")
_OBJECT_ATTRIBUTES_CHANGED: Code = ("110135", "DCM", "Object Security Attributes Changed")
_APPLICATION: Code = ("110150", "DCM", "Application")
_DESTINATION: Code = ("110152", "DCM", "Destination Role ID")
_SOURCE: Code = ("110153", "DCM", "Source Role ID")
_DESTINATION_MEDIA: Code = ("110154", "DCM", "Destination Media")
# What a participant object's identifier is: PS3.16 CID 404, and the numbers of PS3.15 §A.5.1.2.4.
_STUDY_INSTANCE_UID: Code = ("110180", "DCM", "Study Instance UID")
_SOP_CLASS_UID: Code = ("110181", "DCM", "SOP Class UID")
_REPORT_NUMBER: Code = ("9", "RFC-3881", "Report Number")
_URI: Code = ("12", "RFC-3881", "URI")
_URI_MEDIA: Code = ("110037", "DCM", "URI")

_STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_AUDIT_LOG_URI = "urn:x-cloudfilm:audit-trail"
_AE_TITLE = "CLOUDFILM"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class _Flow(Enum):
    """Which way data goes: it decides the roles of the two participants."""

    NONE = (None, None)
    OUT = (_DESTINATION, _SOURCE)
    IN = (_SOURCE, _DESTINATION)


@dataclass(frozen=True, slots=True)
class _Form:
    """How one kind of event is told: ``action`` is one of C, R, U, D, E; ``life_cycle`` a number of PS3.15 §A.5.1.2.3."""

    event: Code
    action: str
    event_type: Code | None = None
    flow: _Flow = _Flow.NONE
    life_cycle: str = "6"


_FORMS = {
    # PS3.15 §A.5.3.12
    AuditKind.GRANT_OPENED: _Form(_AUTHENTICATION, "E", _LOGIN),
    AuditKind.WRONG_CODE: _Form(_AUTHENTICATION, "E", _LOGIN),
    AuditKind.SIGNED_IN: _Form(_AUTHENTICATION, "E", _LOGIN),
    AuditKind.SIGNED_OUT: _Form(_AUTHENTICATION, "E", _LOGOUT),
    # §A.5.3.10
    AuditKind.SEARCHED: _Form(_QUERY, "E", flow=_Flow.IN),
    # §A.5.3.6
    AuditKind.IMAGES_VIEWED: _Form(_ACCESSED, "R"),
    # §A.5.3.4: what is downloaded leaves what we control.
    AuditKind.IMAGES_DOWNLOADED: _Form(_EXPORT, "R", flow=_Flow.OUT, life_cycle="10"),
    AuditKind.REPORT_PRINTED: _Form(_EXPORT, "R", flow=_Flow.OUT, life_cycle="10"),
    AuditKind.REPORT_DOWNLOADED: _Form(_EXPORT, "R", flow=_Flow.OUT, life_cycle="10"),
    # §A.5.3.7
    AuditKind.IMAGES_STORED: _Form(_TRANSFERRED, "C", flow=_Flow.IN, life_cycle="1"),
    AuditKind.IMAGES_SET_ASIDE: _Form(_TRANSFERRED, "C", flow=_Flow.IN, life_cycle="1"),
    # §A.5.3.14
    AuditKind.REPORT_READ: _Form(_PATIENT_RECORD, "R"),
    AuditKind.REPORT_SUBMITTED: _Form(_PATIENT_RECORD, "C", life_cycle="1"),
    AuditKind.REPORT_REVIEWED: _Form(_PATIENT_RECORD, "U"),
    AuditKind.ORDER_TAKEN: _Form(_PATIENT_RECORD, "C", life_cycle="1"),
    AuditKind.PATIENT_CORRECTED: _Form(_PATIENT_RECORD, "U"),
    AuditKind.PATIENTS_MERGED: _Form(_PATIENT_RECORD, "U"),
    AuditKind.MISTAKE_REPORTED: _Form(_PATIENT_RECORD, "C", life_cycle="1"),
    AuditKind.MISTAKE_ANSWERED: _Form(_PATIENT_RECORD, "U"),
    AuditKind.CONSENT_GIVEN: _Form(_PATIENT_RECORD, "U"),
    AuditKind.CONFLICT_SETTLED: _Form(_ACCESSED, "U"),
    # §A.5.3.9
    AuditKind.GATEWAY_SILENT: _Form(_NETWORK_ENTRY, "E", _DETACH),
    AuditKind.GATEWAY_HEARD: _Form(_NETWORK_ENTRY, "E", _ATTACH),
    # §A.5.3.2
    AuditKind.LOG_READ: _Form(_AUDIT_LOG_USED, "R"),
    # §A.5.3.11
    AuditKind.SHARE_MADE: _Form(_SECURITY_ALERT, "E", _OBJECT_ATTRIBUTES_CHANGED),
    AuditKind.GRANT_MADE: _Form(_SECURITY_ALERT, "E", _OBJECT_ATTRIBUTES_CHANGED),
    AuditKind.GRANT_REVOKED: _Form(_SECURITY_ALERT, "E", _OBJECT_ATTRIBUTES_CHANGED),
    AuditKind.ADMINISTERED: _Form(_SECURITY_ALERT, "E", _SECURITY_CONFIGURATION),
    AuditKind.OTHER: _Form(_SECURITY_ALERT, "E", _RESTRICTED_FUNCTION),
}


def audit_message(event: AuditEvent, sequence: int, source: str) -> str:
    """One event as an XML document.

    Parameters
    ----------
    sequence : int
        The event's place in the trail.
    source : str
        The name that this installation is known by: AuditSourceID.
    """
    form = _FORMS.get(event.kind, _FORMS[AuditKind.OTHER])
    message = Element("AuditMessage")
    _add_identification(message, form, event)
    _add_participants(message, form, event, source)
    site = {"AuditEnterpriseSiteID": event.hospital_id} if event.hospital_id else {}
    audit_source = SubElement(message, "AuditSourceIdentification", {**site, "AuditSourceID": source})
    SubElement(audit_source, "AuditSourceTypeCode", {"csd-code": "4"})  # an application server process
    _add_objects(message, form, event, sequence)
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(message, encoding="unicode")


def _add_identification(message: Element, form: _Form, event: AuditEvent) -> None:
    identification = SubElement(
        message,
        "EventIdentification",
        {
            "EventActionCode": form.action,
            "EventDateTime": event.happened_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "EventOutcomeIndicator": _outcome(event),
        },
    )
    _add_code(identification, "EventID", form.event)
    if form.event_type is not None:
        _add_code(identification, "EventTypeCode", form.event_type)
    if event.detail:
        SubElement(identification, "EventOutcomeDescription").text = _NOT_XML.sub(" ", event.detail)


def _outcome(event: AuditEvent) -> str:
    """PS3.15 §A.5.2: 0 success; 4 it may be tried again, as after a mistyped code; 8 it was refused."""
    if event.outcome == "success":
        return "4" if event.kind is AuditKind.IMAGES_SET_ASIDE else "0"
    return "4" if event.kind in (AuditKind.WRONG_CODE, AuditKind.IMAGES_SET_ASIDE) else "8"


def _add_participants(message: Element, form: _Form, event: AuditEvent, source: str) -> None:
    actors_role, our_role = form.flow.value
    attributes = {"UserID": _NOT_XML.sub(" ", event.actor_id) or "unknown", "UserIsRequestor": "true"}
    if event.actor_kind is ActorKind.MODALITY:
        attributes["AlternativeUserID"] = f"AETITLES={event.actor_id}"  # §A.5.2.2
    if event.address or form.event is _AUTHENTICATION:
        attributes |= {"NetworkAccessPointID": event.address or "unknown", "NetworkAccessPointTypeCode": _kind_of_address(event.address)}
    actor = SubElement(message, "ActiveParticipant", attributes)
    if actors_role is not None:
        _add_code(actor, "RoleIDCode", actors_role)
    _add_code(actor, "RoleIDCode", (event.actor_kind.value, "CloudFilm", event.actor_kind.value))
    ours = {"UserID": source, "AlternativeUserID": f"AETITLES={_AE_TITLE}", "UserIsRequestor": "false"}
    application = SubElement(message, "ActiveParticipant", ours)
    if our_role is not None:
        _add_code(application, "RoleIDCode", our_role)
    _add_code(application, "RoleIDCode", _APPLICATION)
    if form.event is _EXPORT:
        media = SubElement(message, "ActiveParticipant", {"UserID": event.device or "unknown", "UserIsRequestor": "false"})
        _add_code(media, "RoleIDCode", _DESTINATION_MEDIA)
        _add_code(SubElement(media, "MediaIdentifier"), "MediaType", _URI_MEDIA)


def _kind_of_address(address: str) -> str:
    """2 is an IP address, 1 a name."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return "1"
    return "2"


def _add_objects(message: Element, form: _Form, event: AuditEvent, sequence: int) -> None:
    details = {"sequence": str(sequence), "device": event.device}
    if form.event is _SECURITY_ALERT:
        details["Alert Description"] = event.detail or event.kind.value
    if event.study_instance_uid:
        _add_object(message, event.study_instance_uid, "3", _STUDY_INSTANCE_UID, "study", form.life_cycle, details)
    if event.report_id is not None:
        _add_object(message, str(event.report_id), "3", _REPORT_NUMBER, "report", form.life_cycle, details)
    if event.grant_id is not None:
        _add_object(message, f"urn:uuid:{event.grant_id}", "13", _URI, "grant", form.life_cycle, details)
    if form.event is _AUDIT_LOG_USED:
        _add_object(message, _AUDIT_LOG_URI, "13", _URI, "Security Audit Log", form.life_cycle, details)
    if form.event is _QUERY:
        # §A.5.3.10. The query itself is not in the trail: it may hold a patient's name.
        _add_object(message, _STUDY_ROOT_FIND, "3", _SOP_CLASS_UID, None, form.life_cycle, details)


def _add_object(
    message: Element, identifier: str, role: str, kind: Code, name: str | None, life_cycle: str, details: dict[str, str]
) -> None:
    """A participant object of type 2, a system object; without a name it is a query."""
    found = SubElement(
        message,
        "ParticipantObjectIdentification",
        {
            "ParticipantObjectID": identifier,
            "ParticipantObjectTypeCode": "2",
            "ParticipantObjectTypeCodeRole": role,
            "ParticipantObjectDataLifeCycle": life_cycle,
        },
    )
    _add_code(found, "ParticipantObjectIDTypeCode", kind)
    if name is None:
        SubElement(found, "ParticipantObjectQuery")
    else:
        SubElement(found, "ParticipantObjectName").text = name
    for detail, value in details.items():
        if value:
            encoded = base64.b64encode(value.encode("utf-8", "replace")).decode("ascii")
            SubElement(found, "ParticipantObjectDetail", {"type": detail, "value": encoded})


def _add_code(parent: Element, name: str, code: Code) -> None:
    value, system, meaning = code
    SubElement(parent, name, {"csd-code": value, "codeSystemName": system, "originalText": meaning})
