# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from cloudfilm.transfer.comparing import Differences, Told, compare
from cloudfilm.transfer.queue_state import State

ONE, OTHER = "a" * 64, "b" * 64


def test_the_same_on_both_sides_is_no_difference() -> None:
    assert compare({"1": Told(ONE, State.CONFIRMED)}, {"1": {ONE}}, {"1"}) == Differences()


def test_what_is_confirmed_and_not_here_is_safe_to_send_again() -> None:
    found = compare({"1": Told(ONE, State.CONFIRMED), "2": Told("", State.SET_ASIDE)}, {}, set())
    assert found == Differences(missing_in_cloud=("1", "2"), safe_to_send_again=("1",))


def test_what_is_on_its_way_is_no_difference_yet() -> None:
    told = {"1": Told("", State.WAITING), "2": Told(OTHER, State.SENDING)}
    assert compare(told, {"2": {ONE}}, {"1", "2"}) == Differences()


def test_other_bytes_are_found_and_never_sent_again_by_itself() -> None:
    told = {"1": Told(ONE, State.CONFIRMED), "2": Told(ONE, State.CONFLICT), "3": Told(ONE, State.CONFIRMED)}
    assert compare(told, {"1": {OTHER}, "2": {OTHER}, "3": {""}}, set()) == Differences(other_content=("1", "2", "3"))


def test_two_files_under_one_uid_equal_either() -> None:
    assert compare({"1": Told(ONE, State.CONFIRMED)}, {"1": {ONE, OTHER}}, set()) == Differences()


def test_what_the_gateway_should_still_have_is_missed_there() -> None:
    assert compare({}, {"1": {ONE}}, {"1"}) == Differences(missing_on_gateway=("1",))
