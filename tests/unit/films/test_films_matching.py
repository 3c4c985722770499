# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film is bound to an exam only when two of its facts stand on it, and nothing else does."""

from __future__ import annotations

from datetime import date

import pytest

from cloudfilm.films.matching import FilmCandidate, FilmMatched, match_film
from cloudfilm.films.reading import FilmText, ReadLine

EXAM = FilmCandidate("1.2", "A1001", "P1001", "Wang^XiaoMing=王^小明", date(2026, 3, 5))
TWIN = FilmCandidate("1.3", "A1002", "P1002", "Wang^XiaoMin=王^小敏", date(2026, 3, 5))
EARLIER = FilmCandidate("1.4", "A0990", "P1001", "Wang^XiaoMing=王^小明", date(2026, 1, 5))


def text(*lines: str, score: float = 0.95, is_whole: bool = True) -> FilmText:
    return FilmText(tuple(ReadLine(line, score) for line in lines), is_whole)


@pytest.mark.parametrize(
    "lines", [("A1001", "P1001"), ("ACC:A1001 ID:P1001",), ("A1001", "王小明"), ("A1001", "姓名：王小明"), ("A1001", "WANG XIAOMING"),
              ("P1001 王小明 2026-03-05",), ("P1001", "王小明", "20260305")]
)  # fmt: skip
def test_two_facts_of_one_exam_bind(lines: tuple[str, ...]) -> None:
    found = match_film(text(*lines), [EXAM, EARLIER] if "A1001" not in lines[0] else [EXAM])
    assert isinstance(found, FilmMatched)
    assert found.key == "1.2"


@pytest.mark.parametrize(
    "lines",
    [
        ("A1001",), ("王小明",), ("P1001",), ("P1001 王小明",), ("P1001 2026-03-05",), ("A1001", "王小明明"), ("A1001", "王小敏"),
        ("A1001", "P1002"), ("A1001 P1001", "A1002"), ("A1001 P1001", "P1002"), ("A1001 P1001", "A0990"), (),
    ],
)  # fmt: skip
def test_less_or_more_than_that_does_not(lines: tuple[str, ...]) -> None:
    candidates = [one for one in (EXAM, TWIN, EARLIER) if {one.accession_number, one.patient_id} & text(*lines).numbers]
    assert not isinstance(match_film(text(*lines), candidates), FilmMatched)


def test_what_was_read_without_certainty_counts_for_nothing() -> None:
    assert not isinstance(match_film(text("A1001", "P1001", score=0.7), [EXAM]), FilmMatched)


def test_a_film_that_was_not_read_whole_is_for_people() -> None:
    assert not isinstance(match_film(text("A1001", "P1001", is_whole=False), [EXAM]), FilmMatched)


def test_one_number_that_is_both_does_not_confirm_itself() -> None:
    same = FilmCandidate("1.9", "N1001", "N1001", "王^小明", None)
    assert not isinstance(match_film(text("N1001"), [same]), FilmMatched)
    assert isinstance(match_film(text("N1001", "王小明"), [same]), FilmMatched)
