# SPDX-License-Identifier: AGPL-3.0-or-later
"""A raw job is taken when it is whole by its own word, in a language that is known."""

from __future__ import annotations

import pytest

from cloudfilm.reports.print_stream import JobRefused, Language, read_job

PS = b"%!PS-Adobe-3.0\nshowpage\n%%EOF\n"
PDF = b"%PDF-1.4\n1 0 obj\nendobj\nstartxref\n9\n%%EOF\n"
PJL = b'\x1b%-12345X@PJL JOB NAME="report"\n@PJL ENTER LANGUAGE=POSTSCRIPT\n'


@pytest.mark.parametrize(
    ("stream", "language"),
    [(PS, Language.POSTSCRIPT), (PDF, Language.PDF),
     (PJL + PS + b"\x04\x1b%-12345X@PJL EOJ\n\x1b%-12345X", Language.POSTSCRIPT), (b"\x04" + PS + b"\x04", Language.POSTSCRIPT)],
)  # fmt: skip
def test_a_whole_job_is_told_by_its_content(stream: bytes, language: Language) -> None:
    job = read_job(stream)
    assert job.language is language
    assert job.content in (PS, PDF)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"", "empty"), (PJL, "empty"), (PS[:-7], "cut off"), (PDF[:20], "cut off"), (PJL + PS[:20], "cut off"),
        (b"\x1bE\x1b&l1Xtext", "PCL"), (PJL.replace(b"POSTSCRIPT", b"PCL") + b"\x1bE hello", "PCL"), (b"hello", "neither"),
        (b"GET / HTTP/1.1\r\n\r\n", "neither"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_says_why(stream: bytes, reason: str) -> None:
    with pytest.raises(JobRefused, match=reason):
        read_job(stream)


def test_an_end_that_stands_in_the_middle_only_is_none() -> None:
    with pytest.raises(JobRefused, match="cut off"):
        read_job(PS + b"0 0 moveto\n" * 1000)
