# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names whose encoding is stated wrongly."""

from __future__ import annotations

import pytest

from cloudfilm.dicom.character_sets import as_stated, readable

NAME = "Wang^XiaoMing=王^小明"
LATIN = ("ISO_IR 100", "ISO_IR 101", "ISO_IR 6", "")


@pytest.mark.parametrize("stated", [*LATIN, "ISO_IR 192", "ISO_IR 13", "\\ISO 2022 IR 58"])
@pytest.mark.parametrize("text", [NAME, "王^小明", "欧阳雪", "张Z 三", "朱镕基", "头颅CT平扫（增强）", "头颅CT平扫"])
def test_gb18030_under_another_label_is_read(stated: str, text: str) -> None:
    assert readable(text.encode("gb18030"), stated) == text


@pytest.mark.parametrize("stated", [*LATIN, "GB18030", "GBK"])
@pytest.mark.parametrize("text", [NAME, "王^小明", "𠮷野家"])
def test_unicode_under_another_label_is_read(stated: str, text: str) -> None:
    assert readable(text.encode(), stated) == text


@pytest.mark.parametrize(
    ("text", "encoding", "stated"),
    [
        (NAME, "gb18030", "GB18030"),
        (NAME, "utf-8", "ISO_IR 192"),
        ("Müller^Jörg", "latin-1", "ISO_IR 100"),
        ("Müller^Jörg", "utf-8", "ISO_IR 192"),
        ("Nuñez^José", "latin-1", "ISO_IR 100"),
        ("Øster^Åse", "latin-1", "ISO_IR 100"),
        ("Öz^Ülkü", "latin-1", "ISO_IR 100"),
        ("Иванов^Иван", "iso8859-5", "ISO_IR 144"),
        ("Yamada^Tarou=山田^太郎", "iso2022_jp", "\\ISO 2022 IR 87"),
        ("Smith^John", "ascii", "ISO_IR 6"),
    ],
)
def test_a_right_label_stands(text: str, encoding: str, stated: str) -> None:
    assert readable(text.encode(encoding), stated) is None


def test_a_value_is_read_as_stated_whatever_its_length() -> None:
    assert as_stated(("欧阳" * 100).encode("gb18030"), "GB18030") == "欧阳" * 100
    assert as_stated("Müller".encode("latin-1"), "ISO_IR 100") == "Müller"


def test_what_no_encoding_fits_is_left_as_it_is() -> None:
    assert readable(b"\xff\xff\xff", "ISO_IR 192") is None
