# SPDX-License-Identifier: AGPL-3.0-or-later
"""HL7 v2 messages: from bytes to values and back to an acknowledgement. Pure; the parsing itself is the library hl7's.

A message's bytes are decoded before anything is split: in GB18030 a character may end in a byte that is a separator of HL7's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

import hl7

# MSH-18 (HL7 table 0211, and what Chinese systems write).
_ENCODINGS = {
    "UNICODE UTF-8": "utf-8", "UTF-8": "utf-8", "UTF8": "utf-8", "UNICODE": "utf-8", "ASCII": "utf-8", "8859/1": "latin-1",
    "GB 18030-2000": "gb18030", "GB18030": "gb18030", "GBK": "gb18030", "GB2312": "gb18030", "CP936": "gb18030",
}  # fmt: skip
_ASCII_SEGMENT = re.compile(rb"[\r\n]")
_FALLBACKS = ("utf-8", "gb18030")
_SHORTEST_HEADER = 13


class Condition(StrEnum):
    """What is wrong with a message (HL7 table 0357), for ERR-3."""

    SEGMENT = "100^Segment sequence error"
    REQUIRED = "101^Required field missing"
    DATA_TYPE = "102^Data type error"
    TABLE_VALUE = "103^Table value not found"
    MESSAGE_TYPE = "200^Unsupported message type"
    UNKNOWN_KEY = "204^Unknown key identifier"
    INTERNAL = "207^Application internal error"


class MessageRefused(Exception):
    """The message cannot be taken; the sentence is for whoever set the sender up."""

    def __init__(self, sentence: str, condition: Condition = Condition.DATA_TYPE) -> None:
        super().__init__(sentence)
        self.condition = condition


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed message and the encoding that it came in."""

    parsed: hl7.Message
    encoding: str

    @property
    def kind(self) -> str:
        """MSH-9, for example ``ORU^R01``."""
        return f"{self.value('MSH', 9, 1)}^{self.value('MSH', 9, 2)}"

    @property
    def control_id(self) -> str:
        """MSH-10."""
        return self.value("MSH", 10)

    @property
    def sender(self) -> tuple[str, str]:
        """MSH-3 and MSH-4: the sending application and facility."""
        return self.value("MSH", 3), self.value("MSH", 4)

    def segments(self, name: str) -> list[hl7.Segment]:
        """Every segment of a kind, in order."""
        try:
            return list(self.parsed.segments(name))
        except KeyError:
            return []

    def value(self, segment: str, field: int, component: int = 1) -> str:
        """A component of the first repetition of the first such segment, unescaped; "" when it is not there."""
        found = self.segments(segment)
        return self.value_of(found[0], field, component) if found else ""

    def value_of(self, segment: hl7.Segment, field: int, component: int = 1) -> str:
        """A component of the first repetition of a field."""
        try:
            first = segment(field)[0]
            text = first[component - 1] if not isinstance(first, str) else first if component == 1 else ""
        except (KeyError, IndexError):
            return ""
        return str(self.parsed.unescape(str(text))).strip()

    def repetitions_of(self, segment: hl7.Segment, field: int) -> list[str]:
        """Every repetition of a field, unescaped."""
        try:
            repetitions = segment(field)
        except IndexError:
            return []
        return [str(self.parsed.unescape(str(one))) for one in repetitions]

    def components_of(self, segment: hl7.Segment, field: int) -> list[list[str]]:
        """Every repetition of a field as its components, unescaped; of a component with parts the first."""
        try:
            repetitions = list(segment(field))
        except IndexError:
            return []
        separator, part = self.parsed.separators[3], self.parsed.separators[4]
        return [
            [str(self.parsed.unescape(component.split(part)[0])).strip() for component in str(one).split(separator)] for one in repetitions
        ]

    def acknowledgement(self, code: str, reason: str = "", condition: Condition | None = None) -> bytes:
        """``AA`` accepts, ``AE`` may be repeated later, ``AR`` will never be taken (HL7 v2.5.1 §2.9.2); in the sender's encoding.

        What is not accepted has an ERR segment (§2.15.5) with the reason.
        """
        answer = self.parsed.create_ack(code, application="CLOUDFILM", facility="CLOUDFILM")
        text = str(answer).rstrip("\r") + (f"|{hl7_text(reason)}" if reason else "") + "\r"
        if code != "AA":
            text += err_segment(reason, condition or Condition.INTERNAL)
        return text.encode(self.encoding, errors="replace")


def err_segment(reason: str, condition: Condition) -> str:
    """ERR: condition (table 0357), severity, and the sentence for people."""
    return f"ERR|||{condition}^HL70357|E||||{hl7_text(reason)}\r"


def hl7_text(text: str) -> str:
    """Without what separates."""
    return re.sub(r"[|^~\\&\r\n]", " ", text)


def read_message(content: bytes) -> Message:
    """Parse a message.

    Raises
    ------
    MessageRefused
        It is no HL7 v2 message, or in no encoding that is known.
    """
    text, encoding = _decoded(content.strip(b"\x0b\x1c\r\n"))
    try:
        parsed = hl7.parse("\r".join(line for line in re.split(r"[\r\n]+", text.replace("\0", "")) if line.strip()))
        if str(parsed[0][0]) != "MSH":
            raise MessageRefused("The message does not begin with MSH.")
    except (hl7.exceptions.HL7Exception, ValueError, IndexError, KeyError) as error:
        raise MessageRefused("This is not an HL7 v2 message.") from error
    message = Message(parsed, encoding)
    if len(parsed[0]) < _SHORTEST_HEADER or not message.control_id:
        raise MessageRefused("MSH: the message has no type (MSH-9), control ID (MSH-10) and version (MSH-12).")
    return message


def _decoded(content: bytes) -> tuple[str, str]:
    """By MSH-18 where it says something that is known, else the first encoding that fits."""
    header = _ASCII_SEGMENT.split(content, maxsplit=1)[0].split(content[3:4] or b"|")
    declared = header[17].split(b"~")[0].decode("ascii", errors="replace").strip().upper() if len(header) > 17 else ""
    candidates = [*filter(None, [_ENCODINGS.get(declared)]), *_FALLBACKS]
    for encoding in candidates:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise MessageRefused("The message is in no encoding that is known: allowed are UTF-8 and GB18030.")
