# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an ORU^R01 (HL7 v2.5.1 §7.3.1) says of a report: fields, text, and the document if there is one. Pure."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

import hl7

from cloudfilm.reports.fields import ReportFields
from cloudfilm.reports.hl7_message import Message, MessageRefused
from cloudfilm.reports.picture_document import is_picture

_FINDINGS = re.compile(r"所见|描述|FINDING|GDT|DESCRIPTION", re.IGNORECASE)
_IMPRESSION = re.compile(r"意见|结论|诊断|印象|提示|IMPRESSION|CONCLUSION|IMP\b|DIAGNOSIS", re.IGNORECASE)
_SEXES = {"M": "M", "F": "F", "O": "O", "男": "M", "女": "F"}
_LONGEST_NAME = 200  # bytes
_TEXT_TYPES = ("TX", "FT", "ST")
# Table 0123 of a whole report (OBR-25), and of its parts what speaks of the whole (table 0085, OBX-11).
_STATUSES = {"F": "F", "C": "C", "X": "X", "P": "P", "R": "P", "A": "P", "S": "P", "I": "P", "O": "P"}
_CORRECTED, _TAKEN_BACK = frozenset({"C"}), frozenset({"D", "W", "X"})


@dataclass(frozen=True, slots=True)
class Hl7Report:
    """
    ``document`` is the PDF or the picture that came along; ``reference`` is the name of a file that holds it instead; both are missing where the
    text is all there is. ``status`` is OBR-25: P, F, C or X (HL7 table 0123).
    """

    fields: ReportFields
    document: bytes | None
    status: str
    reference: str | None = None


def report_of(message: Message) -> Hl7Report:
    """Read a result message.

    Raises
    ------
    MessageRefused
        There is neither text nor a document in it, or the document is not what it says.
    """
    findings, impression, document, reference = _observations(message)
    observation = message.segments("OBR")
    if not observation:
        raise MessageRefused("OBR: the segment is missing.")
    obr = observation[0]
    status = _status(message, obr)
    # A withdrawal says enough by itself.
    if document is None and reference is None and not findings and not impression and status != "X":
        raise MessageRefused("OBX: neither a text (TX, FT, ST) nor a document (ED: PDF, JPEG, PNG, TIFF; or RP) was found.")
    fields = ReportFields(
        modality=message.value_of(obr, 24) or None,
        patient_name=_name(message) or None,
        patient_sex=_SEXES.get(message.value("PID", 8).upper()),
        patient_id=message.value("PID", 3) or None,
        accession_number=message.value_of(obr, 18) or message.value_of(obr, 3) or message.value("ORC", 3) or None,
        exam_time=_time(message.value_of(obr, 7)),
        report_time=_time(message.value_of(obr, 22)),
        body_part=message.value_of(obr, 4, 2) or None,
        findings=findings or None,
        impression=impression or None,
        reporting_doctor=message.value_of(obr, 32, 2) or None,
        report_status=status,
    )
    return Hl7Report(fields, document, status, reference)


def _status(message: Message, obr: hl7.Segment) -> str:
    """What the message says of this version of the report. What nobody can name is final: it is shown, and the next one is newer."""
    status = _STATUSES.get(message.value_of(obr, 25).upper(), "F")
    of_parts = {message.value_of(obx, 11).upper() for obx in message.segments("OBX")} - {""}
    if of_parts and of_parts <= _TAKEN_BACK:
        return "X"
    return "C" if status == "F" and of_parts & _CORRECTED else status


def _observations(message: Message) -> tuple[str, str, bytes | None, str | None]:
    findings: list[str] = []
    impression: list[str] = []
    document: bytes | None = None
    reference: str | None = None
    for obx in message.segments("OBX"):
        kind = message.value_of(obx, 2)
        if kind in _TEXT_TYPES:
            label = f"{message.value_of(obx, 3, 1)} {message.value_of(obx, 3, 2)}"
            target = impression if _IMPRESSION.search(label) else findings if _FINDINGS.search(label) or not findings else impression
            target.extend(_lines(message, obx))
        elif kind == "ED" and document is None:
            document = _document(message, obx)
        elif kind == "RP" and reference is None:
            reference = file_name(message.value_of(obx, 5))
    return "\n".join(findings), "\n".join(impression), document, reference if document is None else None


def _lines(message: Message, obx: hl7.Segment) -> list[str]:
    """Lines of a text: repetitions, and HL7's own line breaks, which the library has turned into real ones."""
    text = "\n".join(message.repetitions_of(obx, 5)).replace("\\.br\\", "\n").replace("\r", "\n")
    return [line.strip() for line in text.split("\n") if line.strip()]


def _document(message: Message, obx: hl7.Segment) -> bytes:
    """ED (encapsulated data): source ^ type ^ subtype ^ encoding ^ data."""
    encoding, data = message.value_of(obx, 5, 4), message.value_of(obx, 5, 5)
    if encoding.upper() != "BASE64":
        raise MessageRefused(f"OBX-5.4: the document's encoding is {encoding or 'not given'}; allowed is Base64.")
    try:
        content = base64.b64decode(re.sub(r"\s+", "", data), validate=True)
    except (binascii.Error, ValueError) as error:
        raise MessageRefused("OBX-5.5: the document is not valid Base64.") from error
    if b"%PDF-" not in content[:1024] and not is_picture(content):
        raise MessageRefused("OBX-5: the document is not a PDF, and not a JPEG, PNG or TIFF picture.")
    return content


def file_name(pointer: str) -> str:
    """RP (reference pointer): the name of a file in the sender's own folder, and nothing else.

    Raises
    ------
    MessageRefused
        It is an address, a path, or hidden.
    """
    if not 1 <= len(pointer.encode()) <= _LONGEST_NAME or pointer.startswith(".") or re.search(r"[/\\:\x00-\x1f]", pointer):
        raise MessageRefused(
            "OBX-5.1: a reference (RP) is the plain name of a file in the station's own folder: no address and no path is followed."
        )
    return pointer


def _name(message: Message) -> str:
    """PID-5: of several spellings the Chinese one, written as one."""
    pid = message.segments("PID")
    names = [one.replace("^", "").strip() for one in (message.repetitions_of(pid[0], 5) if pid else [])]
    return next((name for name in names if re.search(r"[\u4e00-\u9fff]", name)), names[0] if names else "")


def _time(value: str) -> str | None:
    """HL7's YYYYMMDD[HHMM[SS]] as the fields write it."""
    found = re.match(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2}))?", value)
    if found is None:
        return None
    year, month, day, hour, minute = found.groups()
    return f"{year}-{month}-{day}" + (f"T{hour}:{minute}" if hour else "")
