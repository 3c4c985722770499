# SPDX-License-Identifier: AGPL-3.0-or-later
"""Syslog's form (RFC 5424) for DICOM Audit Messages, as PS3.15 §A.6 and §A.7 want it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_PRIORITY = 10 * 8 + 5  # facility 10, security/authorization messages; severity 5, normal but significant
_MESSAGE_ID = "DICOM+RFC3881"
_APPLICATION = "cloudfilm"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"  # RFC 5424 §6.4: what follows is UTF-8
_LARGEST_SEQUENCE_ID = 2**31 - 1
_NOT_A_HOST_NAME = re.compile(r"[^\x21-\x7e]")


def syslog_message(xml: str, happened_at: datetime, host: str, sequence: int) -> bytes:
    """One message, without framing.

    ``sequence`` travels as RFC 5424 §7.3.1's sequenceId: a receiver sees what is missing, and what came twice.
    """
    timestamp = happened_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    host_name = _NOT_A_HOST_NAME.sub("", host)[:255] or "-"
    sequence_id = (sequence - 1) % _LARGEST_SEQUENCE_ID + 1
    header = f'<{_PRIORITY}>1 {timestamp} {host_name} {_APPLICATION} - {_MESSAGE_ID} [meta sequenceId="{sequence_id}"] '
    return header.encode("ascii") + _BYTE_ORDER_MARK + xml.encode("utf-8")


def with_octet_count(message: bytes) -> bytes:
    """Framed for a stream (RFC 5425 §4.3, RFC 6587 §3.4.1)."""
    return str(len(message)).encode("ascii") + b" " + message
