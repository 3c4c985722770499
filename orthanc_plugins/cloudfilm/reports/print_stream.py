# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an old workstation sends to a raw port: which language it is, and whether all of it came. Pure.

A raw port has no protocol: a cable that is pulled looks like the end of the job. So a job is whole only when its own language says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_UNIVERSAL_EXIT = b"\x1b%-12345X"
_PJL_LINE = re.compile(rb"\A(?:@PJL[^\n]*\n)+")
_PDF_START = 1024
_END = 2048  # bytes in which the end has to stand: senders add blank lines, ^D, job control


class Language(StrEnum):
    """What a job may be written in."""

    PDF = "pdf"
    POSTSCRIPT = "ps"


@dataclass(frozen=True, slots=True)
class PrintJob:
    """A whole job, without the job control around it."""

    language: Language
    content: bytes


class JobRefused(Exception):
    """Why a job cannot be taken, in words for whoever set the workstation up."""


def read_job(stream: bytes) -> PrintJob:
    """
    Tell what a job is.

    Raises
    ------
    JobRefused
        It is empty, in no language that is taken, or its end is missing.
    """
    content = stream
    while content.startswith((_UNIVERSAL_EXIT, b"@PJL")):
        content = _PJL_LINE.sub(b"", content.removeprefix(_UNIVERSAL_EXIT))
    content = content.lstrip(b"\x04\r\n\t \0")
    if not content:
        raise JobRefused("The job is empty.")
    tail = content.replace(_UNIVERSAL_EXIT, b"\n")[-_END:]
    if content.startswith(b"%!"):
        if b"%%EOF" not in tail:
            raise JobRefused("The PostScript job was cut off: it has no %%EOF at its end.")
        end = content.rfind(b"%%EOF") + len(b"%%EOF")
        return PrintJob(Language.POSTSCRIPT, content[:end] + b"\n")
    if b"%PDF-" in content[:_PDF_START]:
        if b"%%EOF" not in tail or b"startxref" not in tail:
            raise JobRefused("The PDF was cut off: it has no trailer at its end.")
        end = content.rfind(b"%%EOF") + len(b"%%EOF")
        return PrintJob(Language.PDF, content[content.index(b"%PDF-") : end] + b"\n")
    if content.startswith((b"\x1bE", b"\x1b&", b"\x1b*", b") HP-PCL XL")):
        raise JobRefused("The job is PCL, which is not taken: choose a PostScript or PDF driver on the workstation.")
    raise JobRefused("The job is neither PostScript nor PDF: choose a PostScript or PDF driver on the workstation.")
