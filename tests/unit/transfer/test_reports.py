# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reports at the gateway: what is kept, what becomes of it, and its copy's way back."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloudfilm.db.intake_sources import OWN_FOLDER, IntakeSource
from cloudfilm.db.origin import Way
from cloudfilm.errors import Unavailable
from cloudfilm.intakes.places import Places
from cloudfilm.transfer.cloud import LineFailure
from cloudfilm.transfer.forwarding import Line
from cloudfilm.transfer.reports import returning
from cloudfilm.transfer.reports.arrival import Arrival
from cloudfilm.transfer.reports.arrivals import Arrivals
from cloudfilm.transfer.reports.desk import CopyNews, Later, Outcome, Refused, Taken
from cloudfilm.transfer.reports.returning import CopyReturn
from cloudfilm.transfer.reports.sending import ReportSender
from cloudfilm.transfer.reports.stations import StationFile

NOW = 1_800_000_000.0
HOUR = 3600.0


class Desk:
    """The cloud's answers, as a test wants them, by title."""

    def __init__(self) -> None:
        self.outcomes: dict[str, Outcome | LineFailure] = {}
        self.news = CopyNews("ready", "")
        self.handed_in: list[str] = []
        self.fetched = 0

    def hand_in(self, one: Arrival) -> Outcome:
        self.handed_in.append(one.title)
        outcome = self.outcomes.get(one.title, Taken(f"report {one.title}"))
        if isinstance(outcome, LineFailure):
            raise outcome
        return outcome

    def copies(self, report_ids: Sequence[str]) -> dict[str, CopyNews]:
        return dict.fromkeys(report_ids, self.news)

    def fetch_copy(self, report_id: str) -> bytes:
        self.fetched += 1
        return b"%PDF-" + report_id.encode()


@pytest.fixture
def arrivals(tmp_path: Path) -> Arrivals:
    return Arrivals(tmp_path / "reports.db")


@pytest.fixture
def stations(tmp_path: Path) -> StationFile:
    return StationFile(tmp_path / "stations.json")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def station(name: str, kind: Way, return_to: str = "") -> IntakeSource:
    return IntakeSource(name, kind, "", return_to, "", datetime.fromtimestamp(NOW, UTC))


def keep(arrivals: Arrivals, title: str, at: float = NOW, content: bytes = b"") -> bool:
    return arrivals.keep(Arrival(f"id of {title}", "ris", Way.FOLDER, title, "", title, at, content or title.encode()))


def send(arrivals: Arrivals, stations: StationFile, desk: Desk, times: int, line: Line | None = None, begin: float = NOW) -> None:
    """That often, an hour apart."""
    line = line or Line()
    for number in range(times):
        moment = begin + number * HOUR
        ReportSender(
            arrivals, stations, desk, line, arrivals.release, 3, lambda moment=moment: moment, lambda: 0.5  # type: ignore[arg-type, misc]
        ).send_next()  # fmt: skip


def test_the_same_again_is_kept_once_and_what_was_set_aside_is_tried_once_more(
    arrivals: Arrivals, stations: StationFile, desk: Desk
) -> None:
    desk.outcomes["a"] = Refused("too large")
    assert keep(arrivals, "a")
    send(arrivals, stations, desk, 1)
    assert (arrivals.counts().set_aside, arrivals.troubles()[0].reason) == (1, "too large")
    assert not keep(arrivals, "a")
    assert (arrivals.counts().waiting, arrivals.counts().set_aside) == (1, 0)


def test_what_the_cloud_fails_at_is_set_aside_in_the_end_and_holds_up_nothing(
    arrivals: Arrivals, stations: StationFile, desk: Desk
) -> None:
    desk.outcomes["poison"] = Later("The cloud answered 500 to a report.")
    line = Line()
    keep(arrivals, "poison", NOW)
    for number in range(9):
        keep(arrivals, f"sound {number}", NOW + 1 + number)
    send(arrivals, stations, desk, 12, line)
    assert (arrivals.counts().waiting, arrivals.counts().set_aside) == (1, 0)
    for number in range(9, 12):
        keep(arrivals, f"sound {number}", NOW + number)
        send(arrivals, stations, desk, 2, line, NOW + 2 * number * HOUR)
    assert (arrivals.counts().waiting, arrivals.counts().set_aside) == (0, 1)
    assert len(desk.handed_in) == 12 + desk.handed_in.count("poison")


def test_a_cloud_that_takes_nothing_sets_nothing_aside(arrivals: Arrivals, stations: StationFile, desk: Desk) -> None:
    desk.outcomes["a"] = Later("The cloud answered 503 to a report.")
    keep(arrivals, "a")
    send(arrivals, stations, desk, 20)
    desk.outcomes["a"] = LineFailure("The line to the cloud is down or was cut.")
    send(arrivals, stations, desk, 20)
    assert (arrivals.counts().waiting, arrivals.counts().set_aside) == (1, 0)


def test_a_full_disk_keeps_nothing_and_says_so(arrivals: Arrivals, tmp_path: Path) -> None:
    keep(arrivals, "a")
    arrivals._connection.execute("PRAGMA max_page_count = 20")
    with pytest.raises(Unavailable):
        keep(arrivals, "b", content=bytes(1_000_000))
    assert arrivals.counts().waiting == 1
    assert keep(arrivals, "small")
    assert sqlite3.connect(tmp_path / "reports.db").execute("SELECT count(*) FROM arrival").fetchone() == (2,)


@pytest.fixture
def bring(arrivals: Arrivals, stations: StationFile, desk: Desk, tmp_path: Path) -> Callable[[float], None]:
    def bring(moment: float) -> None:
        CopyReturn(arrivals, stations, desk, Places(tmp_path), lambda: moment, lambda: 0.5).look()  # type: ignore[arg-type]

    return bring


def test_a_copy_is_asked_for_until_it_is_there_or_will_not_come(
    arrivals: Arrivals, stations: StationFile, desk: Desk, bring: Callable[[float], None], tmp_path: Path
) -> None:
    stations.add(station("ris", Way.FOLDER, OWN_FOLDER))
    keep(arrivals, "late"), keep(arrivals, "never")
    send(arrivals, stations, desk, 2)
    desk.news = CopyNews("waiting", "")
    bring(NOW + HOUR)
    assert arrivals.counts().copies_expected == 2
    desk.news = CopyNews("ready", "")
    bring(NOW + 2 * HOUR)
    bring(NOW + 3 * HOUR)
    assert desk.fetched == 2
    assert sorted(path.name[:4] for path in (tmp_path / "folders/ris/out").iterdir()) == ["late", "neve"]
    keep(arrivals, "gone")
    send(arrivals, stations, desk, 1)
    desk.news = CopyNews("gone", "the stamped copy is no longer kept")
    bring(NOW + 4 * HOUR)
    assert [(one.reason, one.is_copy) for one in arrivals.troubles()] == [("the stamped copy is no longer kept", True)]
    assert not keep(arrivals, "gone")
    assert (arrivals.counts().copies_expected, arrivals.troubles()) == (1, [])


def test_whoever_dies_after_the_job_was_noted_finds_it_and_prints_no_second_sheet(
    arrivals: Arrivals, stations: StationFile, desk: Desk, bring: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(Exception):
        pass

    let_go: list[str] = []

    def die(job: str) -> None:
        raise Died(job)

    stations.add(station("ris", Way.FOLDER, "ipp://printer/ipp/print"))
    keep(arrivals, "a")
    send(arrivals, stations, desk, 1)
    monkeypatch.setattr(returning, "hold_job", lambda _content, queue, _title: f"{queue}-7")
    monkeypatch.setattr(returning, "release_job", die)
    with pytest.raises(Died):
        bring(NOW)
    monkeypatch.setattr(returning, "release_job", let_go.append)
    bring(NOW)
    bring(NOW + HOUR)
    assert (let_go, desk.fetched, arrivals.counts().copies_expected) == (["return-ris-7"], 1, 0)


def test_a_printer_that_cannot_be_reached_is_tried_ten_times_and_again_when_somebody_asks(
    arrivals: Arrivals, stations: StationFile, desk: Desk, bring: Callable[[float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_content: bytes, queue: str, _title: str) -> str:
        raise Unavailable(f"The printer queue {queue} did not take the stamped copy.")

    stations.add(station("ris", Way.FOLDER, "ipp://printer/ipp/print"))
    keep(arrivals, "a")
    send(arrivals, stations, desk, 1)
    monkeypatch.setattr(returning, "hold_job", refuse)
    for number in range(12):
        bring(NOW + number * HOUR)
    assert (desk.fetched, arrivals.counts().copies_failed) == (10, 1)
    arrivals.try_again()
    assert arrivals.counts().copies_expected == 1


def test_what_is_delivered_is_forgotten_in_time_and_what_somebody_waits_for_is_not(
    arrivals: Arrivals, stations: StationFile, desk: Desk, bring: Callable[[float], None]
) -> None:
    stations.add(station("ris", Way.FOLDER, OWN_FOLDER))
    keep(arrivals, "a")
    send(arrivals, stations, desk, 1)
    arrivals.forget_before(NOW + HOUR)
    assert not keep(arrivals, "a")
    bring(NOW)
    arrivals.forget_before(NOW + HOUR)
    assert keep(arrivals, "a")
