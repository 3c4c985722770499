# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the question whether somebody may see a study adds to the latency of one frame."""

from __future__ import annotations

import ssl

from bench.latency import Case, Turn, take_turns
from bench.whole.frames import ACCEPT
from bench.whole.row import Row
from bench.whole.stage import Stage
from bench.whole.stock import TUNED
from machine.installation import TLS

_TOPIC = "One frame after the other"


class AddedByAuthorisation:
    """One connection, one request after the other; each case asks once in turn, so that what the machine does meets all alike."""

    def measure(self, stage: Stage) -> list[Row]:
        """Published with the answer remembered and asked each time; through to Orthanc."""
        tls = ssl.create_default_context(cafile=str(TLS / "certificate.pem"))
        plain = {"Accept": ACCEPT}
        bearer = {**plain, "Authorization": f"Bearer {stage.ours.token}"}
        scale, series = stage.scale, stage.series
        ours, bare = stage.ours.https_port, stage.bare_port
        frames = [f"{path}/frames/1" for path in series.instance_paths]
        cases = (
            Case("published, remembered", ours, "/dicom-web", lambda _: bearer, tls),
            Case("published, asked each time", ours, "/dicom-web", lambda number: {**bearer, "Cookie": f"bench={number}"}, tls),
            Case("stock", bare, "/dicom-web", lambda _: plain, tls),
        )
        published = take_turns(cases, frames, scale.rounds, scale.requests, 60)
        through = take_turns(
            (Case("ours", ours, "/dicom-web", lambda _: bearer, tls), Case("stock", bare, "/dicom-web", lambda _: plain, tls)),
            [f"{path}?stored=1" for path in frames], scale.rounds, scale.requests, 60,
        )  # fmt: skip
        files = [f"/{series.study_instance_uid}/{series.series_instance_uid}/{uid}/1.202" for uid in series.sop_instance_uids]
        (without,) = take_turns((Case("bare", bare, "", lambda _: plain, tls),), files, scale.rounds, scale.requests, 60)
        stock_is, bare_is = f"{TUNED}, behind nginx", "the same files from nginx without authorisation"
        rows = []
        for quantile in ("p50", "p99"):
            bare_ms = _of(without, quantile)
            rows += [
                Row(
                    _TOPIC,
                    f"published, {quantile}",
                    "ms",
                    _of(published[0], quantile),
                    _of(published[2], quantile),
                    bare_ms,
                    stock_is,
                    bare_is,
                ),
                Row(
                    _TOPIC,
                    f"published, the right asked for anew, {quantile}",
                    "ms",
                    _of(published[1], quantile),
                    None,
                    bare_ms,
                    "",
                    bare_is,
                ),
                Row(_TOPIC, f"not published, {quantile}", "ms", _of(through[0], quantile), _of(through[1], quantile), None, stock_is),
            ]
        return rows


def _of(turns: list[Turn], quantile: str) -> tuple[float, ...]:
    return tuple(getattr(turn, quantile) for turn in turns)
