# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frames as a viewer asks for them: over TLS and HTTP/2, six connections with ten requests at once."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from bench.http2 import fetch_each, throughput
from bench.installation import BenchInstallation
from bench.storage import read_frames
from bench.whole.page_cache import put_out_of_memory
from bench.whole.row import Beside, Goal, Row
from bench.whole.stage import Stage
from bench.whole.stock import TUNED
from bench.whole.turns import in_turns, taken

ACCEPT = "multipart/related; type=application/octet-stream; transfer-syntax=*"
_OURS, _BARE, _STOCK, _S3 = "ours", "bare", "stock", "S3"
_TOPIC = "Frames, 512x512"
_STOCK_IS, _BARE_IS = f"{TUNED}, behind nginx", "the same files from nginx without authorisation"


class WarmFrames:
    """All from memory, again and again."""

    def measure(self, stage: Stage) -> list[Row]:
        """Frames and megabytes a second."""
        cases = frame_cases(stage)
        for port, paths, headers in cases.values():
            fetch_each(port, paths, headers)
        megabytes: dict[str, list[float]] = {name: [] for name in cases}

        def turn(name: str) -> Callable[[int], float]:
            port, paths, headers = cases[name]

            def ask(_number: int) -> float:
                seen = throughput(port, paths, headers, stage.scale.frame_seconds)
                megabytes[name].append(seen.bytes / 1e6)
                return seen.answers

            return ask

        figures = in_turns(stage.scale.rounds, {name: turn(name) for name in cases})
        of_bytes = {name: tuple(values) for name, values in megabytes.items()}
        goals = (
            Goal("0.85 of the same files without authorisation", Beside.LIMIT, 0.85),
            Goal("25 times stock on PostgreSQL", Beside.STOCK, 25),
        )
        return [
            Row(_TOPIC, "warm", "frames/s", figures[_OURS], figures[_STOCK], figures[_BARE], _STOCK_IS, _BARE_IS, goals),
            Row(
                _TOPIC,
                "warm, on the line",
                "MB/s",
                of_bytes[_OURS],
                of_bytes[_STOCK],
                of_bytes[_BARE],
                f"{_STOCK_IS}: uncompressed",
                _BARE_IS,
            ),
        ]


class ColdFrames:
    """Each once, after the operating system has forgotten the files and stock Orthanc was started anew."""

    def measure(self, stage: Stage) -> list[Row]:
        """Frames a second."""
        cases = frame_cases(stage)
        forget: dict[str, Callable[[], None]] = {
            _OURS: lambda: put_out_of_memory(stage.frames_folder(stage.series)),
            _BARE: lambda: put_out_of_memory(stage.frames_folder(stage.series)),
            _STOCK: stage.tuned.forget,
        }

        def turn(name: str) -> Callable[[int], float]:
            def ask(_number: int) -> float:
                forget[name]()
                return fetch_each(*cases[name]).answers

            return ask

        figures = in_turns(stage.scale.rounds, {name: turn(name) for name in cases})
        stock_is = f"{_STOCK_IS}, just started"
        return [
            Row(
                _TOPIC, "cold: the files are not in memory", "frames/s", figures[_OURS], figures[_STOCK], figures[_BARE], stock_is, _BARE_IS
            )
        ]


class FramesFromS3:
    """What Orthanc gives while a study is not published: from S3's read cache beside the local disk, and from S3 itself."""

    def measure(self, stage: Stage) -> list[Row]:
        """Two rows."""
        paths = [path for one in stage.sent for path in one.instance_paths]
        fits = sum(path.stat().st_size for path in stage.series.files[:1]) * len(paths) < 256e6
        where = "from Orthanc's memory, for which these are too few" if fits else "from the read cache"
        cold = []

        def turn(one: BenchInstallation) -> Callable[[int], float]:
            return lambda _number: len(paths) / taken(lambda: read_frames(one, paths))

        def cold_turn() -> None:
            for cached in (stage.s3.data / "cache/s3").glob("??"):
                shutil.rmtree(cached)
            cold.append(len(paths) / taken(lambda: read_frames(stage.s3, paths)))

        cold_turn()
        read_frames(stage.ours, paths)
        figures = in_turns(stage.scale.rounds, {_OURS: turn(stage.ours), _S3: turn(stage.s3)})
        goal = Goal("S3's read cache at least 0.9 of the local disk", Beside.LIMIT, 0.9)
        local = "ours on the local disk"
        return [
            Row(_TOPIC, f"not published, S3, warm ({where})", "frames/s", figures[_S3], None, figures[_OURS], "", local, (goal,)),
            Row(_TOPIC, "not published, S3, cold (prefetched), one round", "frames/s", tuple(cold), None, figures[_OURS][:1], "", local),
        ]


def frame_cases(stage: Stage) -> dict[str, tuple[int, list[str], dict[str, str]]]:
    """Port, paths and headers of each way to a frame."""
    frames = [f"/dicom-web{path}/frames/1" for path in stage.series.instance_paths]
    files = [f"/{stage.series.study_instance_uid}/{stage.series.series_instance_uid}/{uid}/1.202" for uid in stage.series.sop_instance_uids]
    plain = {"accept": ACCEPT}
    return {
        _OURS: (stage.ours.https_port, frames, {**plain, "authorization": f"Bearer {stage.ours.token}"}),
        _BARE: (stage.bare_port, files, plain),
        _STOCK: (stage.bare_port, frames, plain),
    }
