# SPDX-License-Identifier: AGPL-3.0-or-later
"""Images that come in: C-STORE on one and on eight associations, to the disk and to S3, and STOW-RS."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from bench.failure import BenchFailed
from bench.storage import s3_own_speed
from bench.whole.ct_series import CtSeries, write_series
from bench.whole.row import Beside, Goal, Row
from bench.whole.stage import LARGE, Stage, wait_until_frames
from bench.whole.stock import AS_IT_COMES, TUNED
from bench.whole.turns import in_turns, taken
from machine.installation import TLS

ASSOCIATIONS = 8
_OURS, _S3, _DISK, _S3_ITSELF = "ours", "S3", "the disk", "the S3 server"
_TOPIC, _UNIT = "Receiving", "images/s"


class Storing:
    """C-STORE. What ours publishes meanwhile is waited for before the next has its turn, so that it does not slow that down."""

    def __init__(self, associations: int) -> None:
        self._associations = associations

    def measure(self, stage: Stage) -> list[Row]:
        """A row beside each stock Orthanc, and one for S3."""
        number = stage.scale.sent_by_one if self._associations == 1 else stage.scale.sent_by_each
        images = number * self._associations
        work = stage.folder / f"sent by {self._associations}"
        written: dict[int, list[CtSeries]] = {}

        def studies(turn: int) -> list[CtSeries]:
            if turn not in written:
                for old in written.values():
                    shutil.rmtree(old[0].folder.parent)
                written.clear()
                seeds = [f"{self._associations} {turn} {one}" for one in range(self._associations)]
                written[turn] = [write_series(work / str(turn) / seed.replace(" ", "-"), seed, number, LARGE) for seed in seeds]
                stage.sent.extend(written[turn])
            return written[turn]

        def sending(send: Callable[[list[Path]], None], ours: bool) -> Callable[[int], float]:
            def turn(at: int) -> float:
                sent = studies(at)
                figure = images / taken(lambda: send([one.folder for one in sent]))
                if ours:
                    for one in sent:
                        wait_until_frames(stage.ours if send == stage.ours.send else stage.s3, one)
                return figure

            return turn

        cases = {
            _OURS: sending(stage.ours.send, ours=True),
            AS_IT_COMES: sending(stage.shipped.send, ours=False),
            TUNED: sending(stage.tuned.send, ours=False),
            _S3: sending(stage.s3.send, ours=True),
            _DISK: lambda at: images / taken(lambda: _write_synced(studies(at), stage.folder / "disk", self._associations)),
            _S3_ITSELF: lambda at: s3_own_speed(stage.s3, studies(at)[0].files[0], images, self._associations),
        }
        figures = in_turns(stage.scale.rounds, cases)
        for one in (stage.shipped, stage.tuned):
            if one.count() < images * stage.scale.rounds:
                raise BenchFailed(f"{one.name} does not have all that was sent to it")
        shutil.rmtree(work)
        return self._rows(figures)

    def _rows(self, figures: dict[str, tuple[float, ...]]) -> list[Row]:
        name = "C-STORE, 1 association" if self._associations == 1 else f"C-STORE, {self._associations} associations"
        disk = {"limit": figures[_DISK], "limit_is": "the same files written to the same disk and synced"}
        tenfold = Goal("10 times stock as Debian ships it", Beside.STOCK, at_least=10)
        no_slower = Goal("no slower than tuned stock", Beside.STOCK, at_least=1)
        half = Goal("S3 at least half of the local disk", Beside.LIMIT, at_least=0.5)
        one = self._associations == 1
        return [
            Row(_TOPIC, name, _UNIT, figures[_OURS], figures[AS_IT_COMES], stock_is=AS_IT_COMES, goals=(tenfold,) if one else (), **disk),  # type: ignore[arg-type]
            Row(_TOPIC, name, _UNIT, figures[_OURS], figures[TUNED], stock_is=TUNED, goals=() if one else (no_slower,), **disk),  # type: ignore[arg-type]
            Row(
                _TOPIC, f"{name}, to S3", _UNIT, figures[_S3], figures[TUNED], figures[_OURS], f"{TUNED}, on the disk: Debian has no S3 plugin",
                "ours on the local disk", () if one else (half,),
            ),
            Row(
                _TOPIC, f"{name}, to S3", _UNIT, figures[_S3], None, figures[_S3_ITSELF], "",
                "the S3 server itself (radosgw, its files in memory): two objects for each image",
            ),
        ]  # fmt: skip


class StoringOverHttp:
    """STOW-RS: one request with all images."""

    def measure(self, stage: Stage) -> list[Row]:
        """One row."""
        number, folder = stage.scale.sent_by_one, stage.folder / "stow"
        token = stage.ours.admin("token", "issue", "--hospital", "bench", "--scope", "store", "--days", "1")["token"]
        written: dict[int, CtSeries] = {}

        def series(turn: int) -> CtSeries:
            if turn not in written:
                written[turn] = write_series(folder / str(turn), f"stow {turn}", number, LARGE)
            return written[turn]

        def ours(turn: int) -> float:
            url = f"https://localhost:{stage.ours.https_port}/dicom-web/studies"
            figure = number / taken(lambda: _stow(url, series(turn), {"Authorization": f"Bearer {token}"}))
            wait_until_frames(stage.ours, series(turn))
            return figure

        def stock(turn: int) -> float:
            return number / taken(lambda: _stow(f"https://localhost:{stage.bare_port}/dicom-web/studies", series(turn), {}))

        figures = in_turns(
            stage.scale.rounds,
            {
                _OURS: ours,
                TUNED: stock,
                _DISK: lambda at: number / taken(lambda: _write_synced([series(at)], stage.folder / "disk", 1)),
            },
        )
        shutil.rmtree(folder)
        limit_is = "the same files written to the same disk and synced"
        return [
            Row(_TOPIC, "STOW-RS, one request", _UNIT, figures[_OURS], figures[TUNED], figures[_DISK], f"{TUNED}, behind nginx", limit_is)
        ]


def _stow(url: str, series: CtSeries, headers: dict[str, str]) -> None:
    boundary = "cloudfilm-bench"
    parts = (f"--{boundary}\r\nContent-Type: application/dicom\r\n\r\n".encode() + path.read_bytes() + b"\r\n" for path in series.files)
    body = b"".join(parts) + f"--{boundary}--\r\n".encode()
    kind = f'multipart/related; type="application/dicom"; boundary={boundary}'
    headers = {**headers, "Content-Type": kind, "Accept": "application/dicom+json"}
    answer = requests.post(url, data=body, headers=headers, timeout=600, verify=str(TLS / "certificate.pem"))
    if answer.status_code != 200:
        raise BenchFailed(f"STOW-RS was answered {answer.status_code}")


def _write_synced(sent: list[CtSeries], folder: Path, at_once: int) -> None:
    """Each file written and synced, as Orthanc does with SyncStorageArea."""
    folder.mkdir(exist_ok=True)
    contents = [path.read_bytes() for one in sent for path in one.files[:4]]
    number = sum(len(one.files) for one in sent)

    def write(place: int) -> None:
        with open(folder / str(place), "wb") as file:
            file.write(contents[place % len(contents)])
            file.flush()
            os.fsync(file.fileno())

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(write, range(number)))
    shutil.rmtree(folder)
