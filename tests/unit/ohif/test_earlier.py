# SPDX-License-Identifier: AGPL-3.0-or-later
"""earlier.js: which exam is brought while the line is idle, and what of it in which order."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.unit.ohif.conftest import opened


def exam(uid: str, date: str, *modalities: str, time: str = "093000") -> dict[str, Any]:
    """As QIDO-RS gives it."""
    values = {"0020000D": [uid], "00080020": [date], "00080030": [time], "00080061": list(modalities)}
    return {tag: {"vr": "UN", "Value": value} for tag, value in values.items() if value != [""]}


CURRENT = exam("1.1", "20260305", "CT", "DOC")


@pytest.mark.parametrize(
    ("others", "open_uids", "chosen"),
    [
        ([exam("1.2", "20240110", "CT"), exam("1.3", "20250110", "CT"), exam("1.4", "20230110", "CT")], ["1.1"], "1.3"),
        ([exam("1.2", "20250110", "MR"), exam("1.3", "20240110", "SR", "CT")], ["1.1"], "1.3"),
        ([exam("1.2", "20250110", "DOC", "US")], ["1.1"], None),
        ([exam("1.2", "20270110", "CT"), exam("1.3", "20260305", "CT", time="093000.5")], ["1.1"], None),
        ([exam("1.2", "20260305", "CT", time="081500.123")], ["1.1"], "1.2"),
        ([exam("1.2", "20250110", "CT"), exam("1.3", "20240110", "CT")], ["1.1", "1.2"], "1.3"),
        ([exam("1.2", "", "CT")], ["1.1"], None),
        ([exam("1.2", "20250110", "CT")], ["9.9"], None),
        ([], ["1.1"], None),
    ],
    ids=[
        "the last one before", "of the same modality", "a document in common is none", "no later one, nor one of the same second",
        "on the same day", "not what is open already", "none without a date", "none beside an unknown exam", "none",
    ],
)  # fmt: skip
def test_the_last_exam_before_this_one_with_its_modality_is_brought(
    browser: Browser, others: list[dict[str, Any]], open_uids: list[str], chosen: str | None
) -> None:
    with opened(browser) as page:
        told = page.evaluate("([exams, open]) => window.cloudfilmEarlier.earlierExam(exams, open)", [[CURRENT, *others], open_uids])
    assert told == chosen


def test_series_come_as_they_hang_and_documents_not_at_all(browser: Browser) -> None:
    series = [
        {"0020000E": {"Value": [uid]}, "00080060": {"Value": [modality]}, "00200011": {"Value": [number]}, "00201209": {"Value": [instances]}}
        for uid, modality, number, instances in (
            ("1.3", "CT", 3, 40), ("1.1", "CT", 1, 1), ("1.9", "DOC", 0, 1), ("1.2", "CT", 2, 40), ("1.8", "SR", 4, 1),
        )
    ]  # fmt: skip
    with opened(browser) as page:
        assert page.evaluate("(series) => window.cloudfilmEarlier.seriesToBring(series)", series) == ["1.2", "1.3", "1.1"]


def image(sop: str, number: int, frames: int | None = None, syntax: str = "1.2.840.10008.1.2.4.202") -> dict[str, Any]:
    """As a series' metadata hold it."""
    values: dict[str, Any] = {
        "0020000D": "1", "0020000E": "1.1", "00080018": sop, "00200013": number, "00280010": 64, "00280008": frames, "00083002": syntax,
    }  # fmt: skip
    return {tag: {"vr": "UN", "Value": [value]} for tag, value in values.items() if value is not None}


def brought(browser: Browser, metadata: list[dict[str, Any]]) -> list[tuple[str, int]]:
    with opened(browser) as page:
        frames = page.evaluate("(metadata) => window.cloudfilmEarlier.framesOf(metadata)", metadata)
    assert all((one["instance"]["StudyInstanceUID"], one["instance"]["SeriesInstanceUID"]) == ("1", "1.1") for one in frames)
    return [(one["instance"]["SOPInstanceUID"], one["frame"]) for one in frames]


def test_images_come_from_the_middle_outward_by_their_numbers(browser: Browser) -> None:
    assert brought(browser, [image(f"1.1.{number}", number) for number in (5, 1, 4, 2, 3)]) == [
        ("1.1.3", 1), ("1.1.2", 1), ("1.1.4", 1), ("1.1.1", 1), ("1.1.5", 1),
    ]  # fmt: skip
    assert brought(browser, [image("1.1.1", 1), image("1.1.2", 2)]) == [("1.1.1", 1), ("1.1.2", 1)]


def test_every_frame_comes_but_none_of_documents_and_clips(browser: Browser) -> None:
    document = {tag: value for tag, value in image("1.1.7", 7).items() if tag != "00280010"}
    clip = image("1.1.8", 8, 500, "1.2.840.10008.1.2.4.102")
    assert sorted(brought(browser, [image("1.1.1", 1, 3), document, clip])) == [("1.1.1", 1), ("1.1.1", 2), ("1.1.1", 3)]
    assert brought(browser, []) == []
