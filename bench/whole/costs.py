# SPDX-License-Identifier: AGPL-3.0-or-later
"""What it costs: processor time, bytes and objects of publishing and of S3, memory under load."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from bench.http2 import throughput
from bench.installation import BenchInstallation, process_tree
from bench.whole.ct_series import write_series
from bench.whole.frames import frame_cases
from bench.whole.row import Beside, Goal, Row
from bench.whole.stage import LARGE, Stage, wait_until_published
from bench.whole.stock import TUNED

_IDLE_SECONDS = 5


class Publishing:
    """Processor time of publishing a study beside that of receiving it, and what it takes on the disk."""

    def measure(self, stage: Stage) -> list[Row]:
        """Three rows."""
        publishing, receiving, size, files = [], [], [], []
        slices, idle = max(20, stage.scale.slices // 3), _idle(stage.ours)
        for number in range(stage.scale.cost_rounds):
            series = write_series(stage.folder / "to publish" / str(number), f"to publish {number}", slices, LARGE)
            spent = stage.ours.admin("publish")["cpu_seconds"]
            before, began = stage.ours.cpu_seconds(), time.monotonic()
            stage.ours.send([series.folder])
            wait_until_published(stage.ours, series)
            used = stage.ours.cpu_seconds() - before - idle * (time.monotonic() - began)
            publishing.append(stage.ours.admin("publish")["cpu_seconds"] - spent)
            receiving.append(used - publishing[-1])
            told = stage.ours.admin("publish", series.study_instance_uid)
            stored = sum(path.stat().st_size for path in series.files)
            size.append(told["bytes"] / stored * 100)
            files.append(float(told["files"]))
        topic = f"Publishing a study of {slices} slices"
        no_more = Goal("no more processor time than receiving", Beside.LIMIT, at_most=1)
        thirty = Goal("no more than 30 % of the disk", Beside.ITSELF, at_most=30)
        everything = "everything else until it is published: receiving, index, registration"
        return [
            Row(topic, "processor time", "s", tuple(publishing), None, tuple(receiving), "", everything, (no_more,)),
            Row(topic, "disk beside what was received", "%", tuple(size), goals=(thirty,)),
            Row(topic, "files", "", tuple(files)),
        ]


class S3Costs:
    """Objects and bytes for an image, and processor time beside the local disk."""

    def measure(self, stage: Stage) -> list[Row]:
        """Three rows."""
        ours, s3 = list[float](), list[float]()
        number, idle = stage.scale.sent_by_one, {one.name: _idle(one) for one in (stage.ours, stage.s3)}
        for turn in range(stage.scale.cost_rounds):
            series = write_series(stage.folder / "costs" / str(turn), f"costs {turn}", number, LARGE)
            for one, figures in ((stage.ours, ours), (stage.s3, s3)):
                before, began = one.cpu_seconds(), time.monotonic()
                one.send([series.folder])
                wait_until_published(one, series)
                used = one.cpu_seconds() - before - idle[one.name] * (time.monotonic() - began)
                figures.append(used / number * 1000)
        status = stage.s3.admin("storage", "status")
        images = status["in_bucket"] / 2 if status["in_bucket"] else 1
        size = stage.series.files[0].stat().st_size
        topic = "S3"
        return [
            Row(
                topic,
                "processor time of receiving and publishing an image, the S3 server too",
                "ms",
                tuple(s3),
                None,
                tuple(ours),
                "",
                "ours on the local disk",
            ),
            Row(topic, "objects for each image", "", (status["in_bucket"] / images,)),
            Row(
                topic,
                "bytes in the bucket for each image",
                "",
                (status["bytes_in_bucket"] / images,),
                None,
                (float(size),),
                "",
                "the image's file",
            ),
        ]


def _idle(one: BenchInstallation) -> float:
    """Processor seconds a second while nobody wants anything: what a wait for the series' end costs anyhow."""
    before = one.cpu_seconds()
    time.sleep(_IDLE_SECONDS)
    return (one.cpu_seconds() - before) / _IDLE_SECONDS


class MemoryUnderLoad:
    """Memory of all processes while frames are read as fast as they come: each page counted once (PSS)."""

    def measure(self, stage: Stage) -> list[Row]:
        """One row."""
        cases = frame_cases(stage)
        figures: dict[str, list[float]] = {"ours": [], "stock": []}
        for _ in range(stage.scale.rounds):
            for name, root in (("ours", stage.ours.supervisor_pid), ("stock", stage.tuned.pid)):
                port, paths, headers = cases[name]
                highest = _Highest(root)
                with highest:
                    throughput(port, paths, headers, stage.scale.frame_seconds)
                figures[name].append(highest.megabytes)
        stock_is = f"{TUNED}; its Orthanc alone, without PostgreSQL and nginx, which ours counts"
        return [Row("Memory", "while frames are read", "MB", tuple(figures["ours"]), tuple(figures["stock"]), None, stock_is)]


class _Highest:
    """The largest sum of a process and its children, looked at four times a second."""

    def __init__(self, root: int) -> None:
        self._root, self._over, self.megabytes = root, threading.Event(), 0.0
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> _Highest:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while True:
            self.megabytes = max(self.megabytes, sum(map(_pss_megabytes, process_tree(self._root))))
            if self._over.wait(0.25):
                return
            time.sleep(0)


def _pss_megabytes(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:")), 0.0)
