# SPDX-License-Identifier: AGPL-3.0-or-later
"""Order messages, lists in CSV, and the later word that counts in whatever order words arrive."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudfilm.db.exam_orders import OrderNumbers
from cloudfilm.db.patient_corrections import Correction, Person
from cloudfilm.db.said import Said, together, values_of, with_word
from cloudfilm.reports.correcting import Outcome, corrected
from cloudfilm.reports.expected_exam import Expected, Shown, is_another_patients
from cloudfilm.reports.hl7_message import MessageRefused, read_message
from cloudfilm.reports.hl7_order import orders_of
from cloudfilm.reports.hl7_patient import MergeWord, correction_of, merges_of
from cloudfilm.reports.hl7_values import parse_time, said_at
from cloudfilm.reports.order_table import TableRefused, orders_in_table

ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 3, 5, tzinfo=UTC)
WORDS = st.lists(
    st.tuples(
        st.integers(0, 30), st.dictionaries(st.sampled_from(["status", "exam", "patient_name"]), st.sampled_from(["", "a", "b", "c"]))
    ),
    max_size=6,
    unique_by=lambda word: word[0],
)


def heard(words: list[tuple[int, dict[str, str]]]) -> Said:
    said: Said = {}
    for minutes, facts in words:
        said = with_word(said, facts, START + timedelta(minutes=minutes))
    return said


@given(WORDS, st.randoms(use_true_random=False))
def test_in_whatever_order_messages_arrive_the_same_is_known(words: list[tuple[int, dict[str, str]]], random: object) -> None:
    shuffled = [*words, *words]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert heard(shuffled) == heard(sorted(words))
    assert together(heard(words[:2]), heard(words[2:])) == heard(words)


def test_the_later_word_counts_field_by_field() -> None:
    new, change, cancel = (0, {"status": "expected", "exam": "头颅"}), (1, {"exam": "胸部"}), (2, {"status": "cancelled"})
    for order in permutations([new, change, cancel]):
        assert values_of(heard(list(order))) == {"status": "cancelled", "exam": "胸部"}


def orders(*segments: str, kind: str = "ORM^O01") -> list[tuple[OrderNumbers, dict[str, str]]]:
    text = "\r".join([f"MSH|^~\\&|RIS|JIA|CF|CF|20260305103200||{kind}|1|P|2.5.1", *segments])
    return [(one.numbers, one.facts) for one in orders_of(read_message(text.encode()), ZONE)]


@pytest.mark.parametrize(
    ("orc", "status"),
    [
        ("NW", "expected"), ("CA", "cancelled"), ("OC", "cancelled"), ("DC", "cancelled"), ("XO", None), ("HD", "held"), ("RL", "expected"),
        ("SC|||| CM", "completed"), ("SC||||IP", "started"), ("XO||||CA", "cancelled"), ("SC||||ZZ", None),
    ],
)  # fmt: skip
def test_the_control_code_and_the_status_say_how_far_an_order_is(orc: str, status: str | None) -> None:
    control, _, rest = orc.partition("|")
    ((_, facts),) = orders(f"ORC|{control}|R1|F1|{rest.removeprefix('||')}")
    assert facts.get("status") == status


def test_one_message_may_hold_several_orders_of_one_patient() -> None:
    found = orders(
        "PID|1||P1||Wang^XiaoMing~王^小明||19800501|M", "ORC|NW|R1|F1", "OBR|1|R1|F1|CT1^头颅", "OBR|2|R2|F2|CT2^胸部", "ORC|NW|R3|F3",
        "TQ1|1||||||20260306080000+0000", "OBR|1|R3|F3|MR1||||||||||||||A3||||||MR", "IPC|A9", kind="OML^O21",
    )  # fmt: skip
    assert [numbers for numbers, _ in found] == [OrderNumbers("", "R1", "F1"), OrderNumbers("", "R2", "F2"), OrderNumbers("A3", "R3", "F3")]
    assert {facts["patient_id"] for _, facts in found} == {"P1"}
    assert found[2][1] == {
        "patient_id": "P1", "patient_name": "Wang^XiaoMing=王^小明", "patient_sex": "M", "patient_birth_date": "1980-05-01", "status": "expected",
        "modality": "MR", "exam": "MR1", "scheduled_at": "2026-03-06T08:00:00+00:00",
    }  # fmt: skip


def test_two_quotes_take_a_value_away_and_nothing_says_nothing() -> None:
    ((_, facts),) = orders('PID|1||P1||||""|""', "ORC|XO|R1")
    assert facts == {"patient_id": "P1", "patient_birth_date": "", "patient_sex": ""}


@pytest.mark.parametrize("between", ["", " ", "\t", "\u3000"])
def test_an_empty_line_between_segments_is_nothing(between: str) -> None:
    assert orders(between, "ORC|NW|R1", between, between) == orders("ORC|NW|R1")


@given(st.text(max_size=200))
def test_whatever_an_order_message_holds_it_is_understood_or_refused(text: str) -> None:
    with suppress(MessageRefused):
        orders(*text.split("\n"))
    with suppress(MessageRefused):
        correction_of(read_message(f"MSH|^~\\&|R|J|C|C|20260305||ADT^A08|1|P|2.5.1\r{text}".encode()))


def test_merges_are_read_group_by_group() -> None:
    text = "MSH|^~\\&|R|J|C|C|20260305||ADT^A40|1|P|2.5.1\rPID|1||N1^^^J~X\rMRG|O1\rPID|1||N2\rPD1|\rMRG|O2^^^J"
    assert merges_of(read_message(text.encode())) == [MergeWord("O1", "N1"), MergeWord("O2", "N2")]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("20260305103200", "2026-03-05T02:32:00"), ("202603051032+0000", "2026-03-05T10:32:00"), ("20260305", "2026-03-04T16:00:00"),
        ("20260305103200.123-0500", "2026-03-05T15:32:00"), ("2026", "2025-12-31T16:00:00"), ("20261305", None), ("x", None), ("", None),
    ],
)  # fmt: skip
def test_times_are_the_hospitals_unless_they_say_otherwise(text: str, utc: str | None) -> None:
    found = parse_time(text, ZONE)
    assert (found.replace(tzinfo=None).isoformat() if found else None) == utc


def test_a_sender_whose_clock_goes_ahead_is_not_believed() -> None:
    message = read_message(b"MSH|^~\\&|R|J|C|C|20990101||ADT^A08|1|P|2.5.1")
    assert said_at(message, ZONE, START) == START


IMAGES = Person("Wang^XiaoMing=王^小明", "M", date(1980, 5, 1))


def said(**facts: str) -> list[Correction]:
    return [Correction("P1", with_word({}, facts, START), "", "adt", START)]


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        ({"patient_name": "王^小明"}, Outcome(IMAGES)),
        ({"patient_name": "王^晓敏", "patient_birth_date": "1980-05-01"}, Outcome(Person("王^晓敏", "M", date(1980, 5, 1)))),
        ({"patient_name": "王^小明", "patient_birth_date": "1981-05-01"}, Outcome(Person(IMAGES.name, "M", date(1981, 5, 1)))),
        ({"patient_name": "李^强", "patient_birth_date": "1955-01-01"}, Outcome(IMAGES, waits=True)),
        ({"patient_name": "李^强"}, Outcome(IMAGES, waits=True)),
        ({"patient_sex": "F"}, Outcome(IMAGES, waits=True)),
    ],
)
def test_the_register_is_believed_where_name_or_birth_date_agree(facts: dict[str, str], outcome: Outcome) -> None:
    assert corrected(IMAGES, said(**facts)) == outcome


ORDERED = Expected("P1", "Wang^XiaoMing=王^小明", "M", date(1980, 5, 1))


@pytest.mark.parametrize(
    ("patient_id", "name", "sex", "born", "differs"),
    [
        ("P1", "王^小明", "M", date(1980, 5, 1), False), ("P9", "王^小明", "M", date(1980, 5, 1), False), ("P9", "", "", None, True),
        ("P1", "李^强", "M", date(1980, 5, 1), True), ("P1", "王^小明", "F", date(1980, 5, 1), True), ("P1", "王^小明", "M", date(1981, 5, 1), True),
        ("P1", "", "", None, False), ("", "", "", None, False),
    ],
)  # fmt: skip
def test_an_order_of_another_patient_is_seen(patient_id: str, name: str, sex: str, born: date | None, differs: bool) -> None:
    shown = Shown(patient_id, (name,), frozenset({sex}), frozenset({born} if born else ()))
    assert is_another_patients(ORDERED, shown) is differs
    assert is_another_patients(ORDERED, Shown("P9", (), frozenset(), frozenset()), {"P1", "P9"}) is False


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_list_is_read_by_its_headings(encoding: str) -> None:
    table = "检查号,影像号,姓名,性别,出生日期,检查类型,检查项目,预约时间,状态,备注\nA1,P1,王小明,男,1980/5/1,CT,头颅,2026-03-05 09:30,已取消,x\n\nA2,,,,,,,,,\n"
    first, second = orders_in_table(table.encode(encoding), ZONE)
    assert first.numbers == OrderNumbers("A1")
    assert first.facts == {
        "patient_id": "P1", "patient_name": "王小明", "patient_sex": "M", "patient_birth_date": "1980-05-01", "modality": "CT", "exam": "头颅",
        "scheduled_at": "2026-03-05T01:30:00+00:00", "status": "cancelled",
    }  # fmt: skip
    assert second.facts == {}


@pytest.mark.parametrize(
    ("table", "trouble"),
    [
        ("name\nx", "Line 1"), ("", "Line 1"), ("检查号,性别\nA1,x\n", "Line 2: patient_sex"), ("检查号,出生日期\nA1,1980-13-01\n", "YYYY-MM-DD"),
        ("检查号,预约时间\nA1,soon\n", "scheduled_at"), ("检查号,状态\nA1,gone\n", "cancelled"), ("检查号,姓名\n,王小明\n", "no number"),
        ("检查号\nA1\nA1\n", "twice"), ("检查号\n" + "9" * 65, "64"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_understood_is_refused_with_the_line(table: str, trouble: str) -> None:
    with pytest.raises(TableRefused) as refused:
        orders_in_table(table.encode(), ZONE)
    assert trouble in str(refused.value)
