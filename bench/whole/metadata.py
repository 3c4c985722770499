# SPDX-License-Identifier: AGPL-3.0-or-later
"""A series' metadata, which a viewer waits for before it shows anything: milliseconds to the last byte."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from http.client import HTTPSConnection
from itertools import count

from bench.failure import BenchFailed
from bench.whole.ct_series import CtSeries
from bench.whole.page_cache import put_out_of_memory
from bench.whole.row import Row
from bench.whole.stage import Stage
from bench.whole.stock import TUNED
from bench.whole.turns import in_turns
from machine.installation import TLS

_ASKED_WARM = 5
_JSON = {"Accept": "application/dicom+json", "Accept-Encoding": "gzip"}


class SeriesMetadata:
    """Over TLS, gzip where the server does that; cold: files out of memory, stock started anew, the subrequest not remembered."""

    def __init__(self, is_long: bool) -> None:
        self._is_long = is_long
        self._never_the_same = count()

    def measure(self, stage: Stage) -> list[Row]:
        """A row warm and one cold."""
        series = stage.long_series if self._is_long else stage.series
        rows = []
        for state, cold in (("warm", False), ("cold", True)):
            figures = in_turns(stage.scale.rounds, self._cases(stage, series, cold))
            stock_is = f"{TUNED}, behind nginx" + (", just started; its own metadata cache is made" if cold else "")
            rows.append(
                Row(
                    "Series metadata",
                    f"{len(series.files)} slices, {state}",
                    "ms",
                    figures["ours"],
                    figures["stock"],
                    figures["bare"],
                    stock_is,
                    "the same file from nginx without authorisation",
                )
            )
        return rows

    def _cases(self, stage: Stage, series: CtSeries, cold: bool) -> dict[str, Callable[[int], float]]:
        below = f"/dicom-web{series.series_path}/metadata"
        bearer = {**_JSON, "Authorization": f"Bearer {stage.ours.token}"}
        bare = f"/{series.study_instance_uid}/{series.series_instance_uid}/metadata.gz"

        def ours(_number: int) -> float:
            if cold:
                put_out_of_memory(stage.frames_folder(series))
            return self._asked(stage.ours.https_port, below, bearer, cold)

        def stock(_number: int) -> float:
            if cold:
                stage.tuned.forget()
            return self._asked(stage.bare_port, below, _JSON, cold)

        def file(_number: int) -> float:
            if cold:
                put_out_of_memory(stage.frames_folder(series))
            return self._asked(stage.bare_port, bare, _JSON, cold)

        return {"ours": ours, "stock": stock, "bare": file}

    def _asked(self, port: int, path: str, headers: dict[str, str], cold: bool) -> float:
        """The median of a few; cold, of one. The connection is there already."""
        connection = HTTPSConnection(
            "localhost", port, timeout=300, context=ssl.create_default_context(cafile=str(TLS / "certificate.pem"))
        )
        connection.connect()
        milliseconds = []
        for place in range(1 if cold else 1 + _ASKED_WARM):
            cookie = {"Cookie": f"bench={next(self._never_the_same)}"} if cold else {}
            began = time.perf_counter()
            connection.request("GET", path, headers={**headers, **cookie})
            answer = connection.getresponse()
            size = len(answer.read())
            if answer.status != 200 or size < 1000:
                raise BenchFailed(f"metadata were answered {answer.status} with {size} bytes")
            if cold or place:
                milliseconds.append((time.perf_counter() - began) * 1000)
        connection.close()
        return sorted(milliseconds)[len(milliseconds) // 2]
