# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report that came as a picture (JPEG, PNG, TIFF) becomes a document, in a limited process: a picture is a program for a C library too."""

from __future__ import annotations

import json
from dataclasses import asdict

from cloudfilm.reports.limited_process import run_limited
from cloudfilm.reports.limits import DocumentLimits
from cloudfilm.reports.refusal import DocumentRefused

_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def is_picture(content: bytes) -> bool:
    """Whether it begins as a JPEG, PNG or TIFF does."""
    return content.startswith(_BEGINNINGS)


def document_of(content: bytes) -> bytes:
    """
    A PDF of a picture's pages; what is no picture is handed back as it is. The same picture gives the same bytes.

    Raises
    ------
    DocumentRefused
        The picture is damaged, or exceeds a limit.
    """
    if not is_picture(content):
        return content
    limits = DocumentLimits()
    answer = run_limited("cloudfilm.reports.picture_process", [json.dumps(asdict(limits)).encode(), content], limits)
    head = json.loads(answer[0])
    if "refused" in head:
        raise DocumentRefused(head["refused"], head["allowed"])
    return answer[1]
