# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from cloudfilm.transfer.backoff import is_over, pause_seconds
from cloudfilm.transfer.cloud import Receipt, Refusal, Wanted
from cloudfilm.transfer.forwarding import Line, Sender
from cloudfilm.transfer.queue import Arrived, CameIn, Priority, Queue, State

NOW = 1_800_000_000.0
HOUR = 3600.0


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path / "queue.db")
    queue.add([arrived("a")])
    return queue


def arrived(name: str) -> Arrived:
    return Arrived(name, "1.2", f"1.2.{ord(name)}", 1000, NOW, Priority.NORMAL)


@pytest.mark.parametrize("step", [-24 * HOUR, -HOUR, HOUR, 24 * HOUR])
def test_a_clock_that_is_set_stops_no_sending(queue: Queue, step: float) -> None:
    (one,) = queue.take(NOW, 10**6, 10)
    queue.put_back(one, NOW + pause_seconds(9, 1.0), "the line is down", is_its_own_fault=False)
    assert queue.take(NOW + 1, 10**6, 10) == []
    assert len(queue.take(NOW + step, 10**6, 10)) == 1
    assert is_over(NOW + 300, NOW + step)


def test_connections_that_fail_at_once_are_one_failure() -> None:
    line = Line()
    for _ in range(4):
        line.bad("the line is down", NOW, 1.0)
    assert line.still_until == NOW + 1
    line.bad("the line is down", NOW + 1, 1.0)
    assert line.still_until == NOW + 3


def test_when_an_outage_ends_what_waited_for_it_goes_on_at_once(queue: Queue) -> None:
    queue.add([arrived("b")])
    one, other = queue.take(NOW, 10**6, 10)
    queue.put_back(one, NOW + 300, "the line is down", is_its_own_fault=False)
    queue.put_back(other, NOW + 300, "refused", is_its_own_fault=True)
    queue.release()
    assert [row.orthanc_instance_id for row in queue.take(NOW, 10**6, 10)] == ["a"]


def test_what_has_its_verdict_is_not_put_back(queue: Queue) -> None:
    (one,) = queue.take(NOW, 10**6, 10)
    queue.settle(one, State.CONFIRMED, "sha256", "", NOW)
    queue.put_back(one, NOW, "the line was cut after the verdict", is_its_own_fault=False)
    assert queue.counts()[State.CONFIRMED].instances == 1


class Cloud:
    """The cloud's verdicts, as a test wants them."""

    def __init__(self) -> None:
        self.refusal, self.receipt = Refusal("the cloud could not take this file", may_pass=True), Receipt()

    def store(self, files: Sequence[bytes]) -> dict[str, Refusal]:
        return {"1.2.97": self.refusal} if files else {}

    def receipts(self, wanted: Sequence[Wanted]) -> dict[Wanted, Receipt]:
        return dict.fromkeys(wanted, self.receipt)


def send(queue: Queue, cloud: Cloud, times: int) -> None:
    for number in range(times):
        moment = NOW + number * HOUR
        Sender(
            queue, cloud, Line(), lambda _id: b"an image", 10**6, 3, lambda moment=moment: moment, lambda: 0.5, queue.release
        ).send_next()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("refusal", "receipt", "state"),
    [
        (Refusal("the cloud could not take this file", may_pass=True), Receipt(), State.WAITING),
        (Refusal("the cloud could not take this file", may_pass=True), Receipt(refused="the study belongs to another hospital"), State.SET_ASIDE),
        (Refusal("the cloud cannot understand this file", may_pass=False), Receipt(), State.SET_ASIDE),
        (Refusal("the cloud could not take this file", may_pass=True), Receipt(stored=frozenset({"other"})), State.CONFLICT),
    ],
)  # fmt: skip
def test_only_what_the_cloud_will_never_take_is_set_aside(queue: Queue, refusal: Refusal, receipt: Receipt, state: State) -> None:
    cloud = Cloud()
    cloud.refusal, cloud.receipt = refusal, receipt
    send(queue, cloud, 10)
    assert [name for name, count in queue.counts().items() if count.instances] == [state]


def test_emergencies_go_first_then_the_newest_study_and_old_exams_last(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "empty.db")

    def arrived(name: str, study: str, at: float, priority: int) -> Arrived:
        return Arrived(name, study, f"1.2.{ord(name)}", 1000, at, priority)

    queue.add([
        arrived("a", "1.1", NOW, Priority.NORMAL), arrived("b", "1.2", NOW + 1, Priority.BACKFILL), arrived("c", "1.3", NOW + 2, Priority.NORMAL),
        arrived("d", "1.4", NOW - 5, Priority.EMERGENCY), arrived("e", "1.1", NOW + 1, Priority.NORMAL),
    ])  # fmt: skip
    order = []
    while batch := queue.take(NOW + 10, 10_000, 10):
        order.append("".join(one.orthanc_instance_id for one in batch))
    assert order == ["d", "c", "ae", "b"]


def test_what_was_confirmed_first_is_forgotten_first(queue: Queue) -> None:
    queue.add([Arrived(name, "1.2", f"1.2.{ord(name)}", 1000, NOW, Priority.NORMAL) for name in "abc"])
    taken = {one.orthanc_instance_id: one for one in queue.take(NOW, 10_000, 10)}
    for moment, name in enumerate("bca"):
        queue.confirm([(taken[name], "00")], NOW + moment)
    assert queue.confirmed_before(NOW + 2, 10) == ["b", "c"]
    assert queue.confirmed_before(NOW + 9, 1) == ["b"]


def test_what_came_in_is_counted_since_a_moment(tmp_path: Path) -> None:
    queue = Queue(tmp_path / "empty.db")
    assert queue.came_in(0.0) == CameIn(0, 0, 0.0)
    queue.add([Arrived(name, "1.2", f"1.2.{ord(name)}", 1000, NOW + ord(name), Priority.NORMAL) for name in "abc"])
    assert queue.came_in(NOW + ord("b")) == CameIn(2, 2000, NOW + ord("c"))
