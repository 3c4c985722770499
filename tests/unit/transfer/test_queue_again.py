# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from pathlib import Path

import pytest

from cloudfilm.transfer.queue import Arrived, Queue
from cloudfilm.transfer.queue_state import State


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    one = Queue(tmp_path / "queue.db")
    one.add([Arrived(f"orthanc-{number}", "1.2", f"1.2.{number}", 10, float(number), 1) for number in (1, 2)])
    for row in one.take(100.0, 1000, 10):
        one.settle(row, State.CONFIRMED, "a" * 64, "", 100.0)
    return one


def states(queue: Queue) -> list[str]:
    return [one.state.value for one in queue.held_of("1.2")]


def test_what_the_cloud_asks_for_is_queued_once_until_it_was_told_how_that_ended(queue: Queue) -> None:
    assert queue.send_again([("1.2", "1.2.1")]) == 1
    assert states(queue) == ["waiting", "confirmed"]
    assert queue.owed() == [], "it is on its way"
    (row,) = queue.take(200.0, 1000, 10)
    queue.settle(row, State.CONFIRMED, "a" * 64, "", 200.0)
    # The cloud repeats itself with each heartbeat.
    assert queue.send_again([("1.2", "1.2.1")]) == 0
    assert queue.owed() == ["1.2"]
    queue.told_of("1.2")
    assert queue.owed() == []
    assert queue.send_again([("1.2", "1.2.1")]) == 1


def test_what_was_kept_long_enough_moves_the_time_from_which_everything_is_here(queue: Queue) -> None:
    before = queue.forgotten_until()
    assert before > 100.0, "a new queue knows of nothing earlier"
    (later,) = queue.confirmed_before(1e12, 1)
    queue.forget_confirmed(later)
    assert queue.forgotten_until() == before
    queue.add([Arrived("orthanc-3", "1.3", "1.3.1", 10, 3.0, 1)])
    (row,) = queue.take(before, 1000, 10)
    queue.settle(row, State.CONFIRMED, "a" * 64, "", before + 10)
    queue.forget_confirmed("orthanc-3")
    assert queue.forgotten_until() == before + 10


def test_a_conflict_is_asked_about_in_turn(queue: Queue) -> None:
    queue.send_again([("1.2", "1.2.1"), ("1.2", "1.2.2")])
    for row in queue.take(200.0, 1000, 10):
        queue.settle(row, State.CONFLICT, "b" * 64, "other", 200.0)
    ((first, _),) = queue.in_conflict(1)
    ((second, sha256),) = queue.in_conflict(1)
    assert {first.sop_instance_uid, second.sop_instance_uid} == {"1.2.1", "1.2.2"}
    assert sha256 == "b" * 64
