# SPDX-License-Identifier: AGPL-3.0-or-later
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudfilm.reports.normalise import identifier, iso_time, modality_code, person_name, plain, sex_code, ticked


@pytest.mark.parametrize(
    ("printed", "iso"),
    [
        ("2026-03-05 14:30", "2026-03-05T14:30"),
        ("2026-03-05 14:30:59", "2026-03-05T14:30"),
        ("2026/3/5 9:05", "2026-03-05T09:05"),
        ("2026年3月5日14时30分", "2026-03-05T14:30"),
        ("2026年 03月 05日", "2026-03-05"),
        ("２０２６－０３－０５　１４：３０", "2026-03-05T14:30"),
        ("2026.03.05", "2026-03-05"),
        ("20260305", "2026-03-05"),
        ("民國115年3月5日 14:30", "2026-03-05T14:30"),
        ("2026-03-05T14:30", "2026-03-05T14:30"),
        ("2026-02-30", None),
        ("2026-03-05 25:00", None),
        ("昨天", None),
    ],
)
def test_printed_times(printed: str, iso: str | None) -> None:
    assert iso_time(printed) == iso


@settings(derandomize=True)
@given(st.datetimes(min_value=datetime(1900, 1, 1)))
def test_every_iso_time_reads_as_itself(moment: datetime) -> None:
    assert iso_time(moment.isoformat(timespec="seconds")) == moment.isoformat(timespec="minutes")


@settings(derandomize=True)
@given(st.text(max_size=60))
def test_no_text_makes_a_reader_fail(text: str) -> None:
    for read in (iso_time, sex_code, modality_code, person_name, identifier, plain, ticked):
        read(text)


@pytest.mark.parametrize(
    ("printed", "chosen"),
    [
        ("☑男 □女", "男"),
        ("□男 ■女", "女"),
        ("男√ 女□", "男"),
        ("[ ]男 [√]女", "女"),
        ("\uf0a8男 \uf0fe女", "女"),
        ("□男 □女", ""),
        ("☑男 ☑女", ""),
        ("□男 女", ""),
        ("男", "男"),
    ],
)
def test_of_boxes_the_one_that_is_ticked_counts(printed: str, chosen: str) -> None:
    assert ticked(printed) == chosen


@pytest.mark.parametrize(("printed", "code"), [("男", "M"), (" 女 ", "F"), ("Female", "F"), ("未知", "O"), ("男科", None), ("", None)])
def test_printed_sexes(printed: str, code: str | None) -> None:
    assert sex_code(printed) == code


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("CT检查报告单", "CT"),
        ("冠脉CTA诊断报告", "CT"),
        ("磁共振成像诊断报告", "MR"),
        ("MRI检查报告单", "MR"),
        ("DR检查报告单", "DX"),
        ("数字X线摄影报告", "DX"),
        ("CR报告", "CR"),
        ("乳腺X线(钼靶)检查报告", "MG"),
        ("彩色超声检查报告单", "US"),
        ("电子胃镜检查报告", "ES"),
        ("PET-CT检查报告单", None),
        ("检查报告单", None),
    ],
)
def test_modalities_named_by_a_title(title: str, code: str | None) -> None:
    assert modality_code(title) == code


def test_names_lose_the_spaces_that_fill_them_up() -> None:
    assert person_name("张  三") == "张三"
    assert person_name("John  Smith") == "John Smith"


@pytest.mark.parametrize(
    ("printed", "number"), [("ＣＴ００１２", "CT0012"), ("MZ 0098 231", "MZ0098231"), ("—", None), ("见附页说明。", None)]
)
def test_numbers_become_half_width(printed: str, number: str | None) -> None:
    assert identifier(printed) == number


@pytest.mark.parametrize("printed", ["", "-", "——", "/", "无", "____"])
def test_a_line_to_write_on_is_no_value(printed: str) -> None:
    assert plain(printed) is None
