# SPDX-License-Identifier: AGPL-3.0-or-later
"""The schema of a DICOM Audit Message (PS3.15 §A.5.1, RELAX NG there) as a table: elements in their order, attributes with their values."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

_TOKEN = r"\S(?:.*\S)?"
_BASE64 = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"


@dataclass(frozen=True)
class Rule:
    """``children`` is a pattern over the children's names, each followed by a space; of ``attributes`` those with a question mark may lack."""

    children: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    text: str = ""


_CODE = Rule(attributes={"csd-code": _TOKEN, "codeSystemName": _TOKEN, "originalText": _TOKEN, "displayName?": _TOKEN})
RULES = {
    "AuditMessage": Rule("(EventIdentification )(ActiveParticipant )+(AuditSourceIdentification )(ParticipantObjectIdentification )*"),
    "EventIdentification": Rule(
        "(EventID )(EventTypeCode )*(EventOutcomeDescription )?",
        {
            "EventActionCode?": "[CRUDE]",
            "EventDateTime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
            "EventOutcomeIndicator": "0|4|8|12",
        },
    ),
    "EventID": _CODE,
    "EventTypeCode": _CODE,
    "EventOutcomeDescription": Rule(text=r"(?s).*"),
    "ActiveParticipant": Rule(
        "(RoleIDCode )*(MediaIdentifier )?",
        {
            "UserID": r"(?s).*",
            "AlternativeUserID?": r"(?s).*",
            "UserName?": r"(?s).*",
            "UserIsRequestor": "true|false",
            "NetworkAccessPointID?": _TOKEN,
            "NetworkAccessPointTypeCode?": "[1-5]",
        },
    ),
    "RoleIDCode": _CODE,
    "MediaIdentifier": Rule("(MediaType )"),
    "MediaType": _CODE,
    "AuditSourceIdentification": Rule("(AuditSourceTypeCode )*", {"AuditEnterpriseSiteID?": _TOKEN, "AuditSourceID": _TOKEN}),
    "AuditSourceTypeCode": Rule(attributes={"csd-code": "[1-9]"}),
    "ParticipantObjectIdentification": Rule(
        "(ParticipantObjectIDTypeCode )((ParticipantObjectName )|(ParticipantObjectQuery ))(ParticipantObjectDetail )*",
        {
            "ParticipantObjectID": _TOKEN,
            "ParticipantObjectTypeCode?": "[1-4]",
            "ParticipantObjectTypeCodeRole?": "[1-9]|1[0-9]|2[0-6]",
            "ParticipantObjectDataLifeCycle?": "[1-9]|1[0-5]",
            "ParticipantObjectSensitivity?": _TOKEN,
        },
    ),
    "ParticipantObjectIDTypeCode": _CODE,
    "ParticipantObjectName": Rule(text=_TOKEN),
    "ParticipantObjectQuery": Rule(text=_BASE64),
    "ParticipantObjectDetail": Rule(attributes={"type": _TOKEN, "value": _BASE64}),
}


def schema_faults(element: Element) -> list[str]:
    """What the schema does not allow in an element and below it; empty for a valid message."""
    rule = RULES.get(element.tag)
    if rule is None:
        return [f"{element.tag} is unknown"]
    faults = [fault for child in element for fault in schema_faults(child)]
    children = "".join(f"{child.tag} " for child in element)
    if not re.fullmatch(rule.children, children):
        faults.append(f"{element.tag} holds {children!r}")
    if not re.fullmatch(rule.text, element.text or ""):
        faults.append(f"{element.tag} says {element.text!r}")
    allowed = {name.rstrip("?"): pattern for name, pattern in rule.attributes.items()}
    missing = {name for name in rule.attributes if not name.endswith("?")} - set(element.keys())
    faults.extend(f"{element.tag} lacks {name}" for name in sorted(missing))
    for name, value in element.items():
        if name not in allowed or not re.fullmatch(allowed[name], value):
            faults.append(f"{element.tag} has {name}={value!r}")
    return faults
