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
