# SPDX-License-Identifier: AGPL-3.0-or-later
"""Attribute matching as PS3.4 §C.2.2.2 has it."""

from __future__ import annotations

import pytest

from cloudfilm.dicom.search_conditions import Like, parse_condition
from cloudfilm.errors import BadRequest

NAME = "Wang^XiaoMing=王^小明=ワン^シャオミン"


@pytest.mark.parametrize(
    ("vr", "key", "value", "matches"),
    [
        ("LO", "P1001", "P1001", True),
        ("LO", "p1001", "P1001", False),
        ("LO", "P*1", "P1001", True),
        ("LO", "P?001", "P1001", True),
        ("LO", "P?01", "P1001", False),
        ("LO", "P.001", "P1001", False),
        ("LO", "a+b (c)", "a+b (c)", True),
        ("LO", "头颅*", "头颅CT平扫", True),
        ("SH", "1*2", "1\n2", True),
        ("CS", "CT\\MR", "MR", True),
        ("CS", "CT,MR", "US", False),
        ("CS", "C?", "CT", True),
        ("UI", "1.2,1.3", "1.3", True),
        ("UI", "1.2\\1.3", "1.2", True),
        ("UI", "1.2", "1.2.3", False),
        ("DA", "20260305", "20260305", True),
        ("DA", "20260301-20260331", "20260331", True),
        ("DA", "-20260304", "20260305", False),
        ("DA", "20260305-", "20260305", True),
        ("DA", "20260101-20261231", "", False),
        ("TM", "0930", "093059.5", True),
        ("TM", "09", "100000", False),
        ("TM", "0900-0930", "093059", True),
        ("TM", "-0929", "093000", False),
        ("IS", "01", "1", True),
        ("IS", "1", "11", False),
        ("PN", "wang^xiaoming", NAME, True),
        ("PN", "Wang", NAME, False),
        ("PN", "Wang*", NAME, True),
        ("PN", "王^小明", NAME, True),
        ("PN", "*小明", NAME, True),
        ("PN", "Wang^XiaoMing=王^小明*", NAME, True),
        ("PN", "Wang^XiaoMing^^^", NAME, True),
        ("PN", "Wang^XiaoMing", "Wang^XiaoMing^^", True),
        ("PN", "*王*=*", "Wang^XiaoMing=王^小明", False),
    ],
)
def test_a_value_matches_as_the_standard_says(vr: str, key: str, value: str, matches: bool) -> None:
    condition = parse_condition("X", vr, key, fuzzy=False)
    assert condition is not None
    assert condition.accepts([value] if value else []) is matches


@pytest.mark.parametrize("key", ["xiaoming", "ming wang", "wang xiao", "xiao wang", "王小明", "小明", "WANGXIAO", "王"])
def test_fuzzy_names_are_found_by_the_beginnings_of_their_parts(key: str) -> None:
    condition = parse_condition("PatientName", "PN", key, fuzzy=True)
    assert condition is not None
    assert condition.accepts([NAME]) is (key != "ming wang")


@pytest.mark.parametrize("key", ["", " ", "*", "**"])
@pytest.mark.parametrize("vr", ["LO", "PN", "DA", "UI"])
def test_an_empty_key_matches_everything(vr: str, key: str) -> None:
    assert parse_condition("X", vr, key, fuzzy=False) is None


@pytest.mark.parametrize(
    ("vr", "key"),
    [("DA", "banana"), ("DA", "20261301"), ("DA", "2026"), ("DA", "-"), ("DA", "20260101-x"), ("TM", "25"), ("TM", "9:30"), ("TM", "-"),
     ("UI", "1.2*"), ("UI", "1.2,,1.3"), ("UI", "1" * 65), ("IS", "one"), ("LO", "a\0b"), ("LO", "x" * 2000)],
)  # fmt: skip
def test_what_cannot_be_a_value_is_refused(vr: str, key: str) -> None:
    with pytest.raises(BadRequest):
        parse_condition("X", vr, key, fuzzy=False)


@pytest.mark.parametrize(
    ("key", "fuzzy", "literals"),
    [
        ("WANG^XIAO*", False, ("WANG^XIAO",)), ("*MING*", False, ("MING",)), ("WANG?XIAO", False, ("WANG", "XIAO")),
        ("王^小明^", False, ("王^小明",)), ("Wang^XiaoMing=王^小明", False, ("Wang^XiaoMing=王^小明",)), ("xiao wang", True, ("xiao", "wang")),
    ],
)  # fmt: skip
def test_what_an_index_looks_for_is_in_every_name_that_matches(key: str, fuzzy: bool, literals: tuple[str, ...]) -> None:
    condition = parse_condition("PatientName", "PN", key, fuzzy)
    assert isinstance(condition, Like)
    assert condition.literals == literals
    for name in ("Wang^XiaoMing=王^小明", "WANG^XIAOMING", "王^小明", "wang xiao^ming", "WANG^XIAO", "WANG XIAO"):
        plain = name.translate(str.maketrans("", "", "^= ")).lower()
        if condition.accepts([name]):
            assert all(one.translate(str.maketrans("", "", "^= ")).lower() in plain for one in literals)


@pytest.mark.parametrize(("key", "beginning"), [("Q12*", "Q12"), ("Q?2", "Q"), ("*12", ""), ("Q12", None)])
def test_how_a_number_begins_is_known(key: str, beginning: str | None) -> None:
    condition = parse_condition("PatientID", "LO", key, fuzzy=False)
    assert getattr(condition, "beginning", None) == beginning
