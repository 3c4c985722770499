# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from cloudfilm.access.grant import ALL_RIGHTS, Grant, GrantKind
from cloudfilm.access.holder import GrantHolder, KioskHolder
from cloudfilm.access.kiosk_proof import KioskProof, masked_name, proves
from cloudfilm.access.policy import AccessRequest, Action, Allow, decide

NOW = datetime(2026, 5, 11, tzinfo=UTC)
NUMBERS = ("A2603050417", "CT20260305017", "MZ0098231", "X1")


@pytest.mark.parametrize(
    ("proof", "typed", "right"),
    [
        (KioskProof.BIRTH_DATE, "19800501", True),
        (KioskProof.BIRTH_DATE, "1980-05-01", True),
        (KioskProof.BIRTH_DATE, "1980年05月01日", True),
        (KioskProof.BIRTH_DATE, "19800502", False),
        (KioskProof.BIRTH_DATE, "0501", False),
        (KioskProof.BIRTH_DATE, "", False),
        (KioskProof.NUMBER_END, "5017", True),
        (KioskProof.NUMBER_END, "8231", True),
        (KioskProof.NUMBER_END, "0417", False),  # of the number that was entered
        (KioskProof.NUMBER_END, "X1", False),  # too short to prove anything
        (KioskProof.NUMBER_END, "017", False),
        (KioskProof.NUMBER_END, "CT20260305017", False),
        (KioskProof.NUMBER_END, "", False),
    ],
)
def test_what_is_typed_proves_whose_report_it_is(proof: KioskProof, typed: str, right: bool) -> None:
    assert proves(proof, typed, "A2603050417", NUMBERS, {date(1980, 5, 1)}) is right


def test_where_no_birth_date_is_known_nothing_proves_it() -> None:
    assert not proves(KioskProof.BIRTH_DATE, "00000000", "A1", NUMBERS, ())
    assert not proves(KioskProof.BIRTH_DATE, "", "A1", NUMBERS, ())


@pytest.mark.parametrize(("name", "shown"), [("张建国", "张*"), ("Wang XiaoMing", "W*"), ("", "*"), (" 李 ", "李*")])
def test_a_name_on_the_screen_is_its_first_character(name: str, shown: str) -> None:
    assert masked_name(name) == shown


@pytest.mark.parametrize("action", list(Action))
def test_a_kiosk_prints_and_does_nothing_else(action: Action) -> None:
    kiosk = KioskHolder(UUID(int=1), "jia", closed=False)
    assert isinstance(decide(AccessRequest(action), kiosk, NOW), Allow) is (action is Action.PRINT_AT_KIOSK)
    assert not isinstance(decide(AccessRequest(action), KioskHolder(UUID(int=1), "jia", closed=True), NOW), Allow)
    assert not isinstance(decide(AccessRequest(action, "yi", report_id=UUID(int=2)), kiosk, NOW), Allow)


@pytest.mark.parametrize("action", [Action.SEE_REPORT_PAGES, Action.DOWNLOAD_REPORT])
def test_a_page_with_the_patients_own_key_on_it_is_the_patients_alone(action: Action) -> None:
    report_id = UUID(int=3)
    own = Grant(UUID(int=1), "jia", GrantKind.PATIENT, ALL_RIGHTS, NOW, report_id, report_ids=frozenset({report_id}))
    share = Grant(UUID(int=2), "jia", GrantKind.SHARE, ALL_RIGHTS, NOW, report_id, report_ids=frozenset({report_id}), parent=own)
    for grant, carries_key, allowed in ((own, True, True), (share, True, False), (share, False, True)):
        asked = AccessRequest(action, "jia", report_id=report_id, carries_key=carries_key)
        assert isinstance(decide(asked, GrantHolder(grant, consented=True), NOW), Allow) is allowed
