# SPDX-License-Identifier: AGPL-3.0-or-later
"""bringing.js: which series and frames of an exam come, and in which order."""

from typing import Any

from playwright.sync_api import Browser

from tests.unit.ohif.conftest import opened


def test_series_come_as_they_hang_and_documents_not_at_all(browser: Browser) -> None:
    series = [
        {"0020000E": {"Value": [uid]}, "00080060": {"Value": [modality]}, "00200011": {"Value": [number]}, "00201209": {"Value": [instances]}}
        for uid, modality, number, instances in (
            ("1.3", "CT", 3, 40), ("1.1", "CT", 1, 1), ("1.9", "DOC", 0, 1), ("1.2", "CT", 2, 40), ("1.8", "SR", 4, 1),
        )
    ]  # fmt: skip
    with opened(browser) as page:
        assert page.evaluate("(series) => window.cloudfilmBringing.seriesToBring(series)", series) == ["1.2", "1.3", "1.1"]


def image(sop: str, number: int, frames: int | None = None, syntax: str = "1.2.840.10008.1.2.4.202") -> dict[str, Any]:
    """As a series' metadata hold it."""
    values: dict[str, Any] = {
        "0020000D": "1", "0020000E": "1.1", "00080018": sop, "00200013": number, "00280010": 64, "00280008": frames, "00083002": syntax,
    }  # fmt: skip
    return {tag: {"vr": "UN", "Value": [value]} for tag, value in values.items() if value is not None}


def brought(browser: Browser, metadata: list[dict[str, Any]]) -> list[tuple[str, int]]:
    with opened(browser) as page:
        frames = page.evaluate("(metadata) => window.cloudfilmBringing.framesOf(metadata)", metadata)
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
