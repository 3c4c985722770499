# SPDX-License-Identifier: AGPL-3.0-or-later
"""All that the lines are measured on: our two installations, two stock Orthancs, a plain nginx, and two series that are in each of them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.failure import BenchFailed
from bench.installation import BenchInstallation, bench_installation
from bench.plain_nginx import plain_nginx
from bench.whole.ct_series import CtSeries, write_series
from bench.whole.scale import Scale
from bench.whole.stock import AS_IT_COMES, TUNED, StockOrthanc, stock
from machine.installation import DATA

LARGE, SMALL = 512, 64
# As ours has it: files by sendfile, a line in a log for each request, answers compressed.
_HTTP = """
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    http2_chunk_size 16k;
    output_buffers 1 64k;
    gzip on;
    gzip_types application/dicom+json application/json text/css text/javascript application/javascript;
    gzip_proxied any;
    include /etc/nginx/mime.types;
    log_format private '$remote_addr [$time_iso8601] "$request_method $uri $server_protocol" $status $body_bytes_sent $request_time';
    access_log {memory}/access.log private;
"""
# Published files as they lie there; the stock Orthanc behind the same TLS and HTTP/2; OHIF's own files with a configuration beside them.
_SERVER = """
        http2 on;
        client_max_body_size 0;
        location / {{ root {data}/published; }}
        location ~ /metadata.gz$ {{ root {data}/published; add_header Content-Encoding gzip; default_type application/dicom+json; }}
        location /dicom-web/ {{
            proxy_pass http://stock;
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_set_header X-Forwarded-Host $http_host;
        }}
        location ~ ^/([^/]+[.](js|css|wasm|woff2|svg|json)|assets/.*)$ {{ root {folder}/ohif; gzip_static on; }}
        location = /viewer {{ default_type text/html; alias {folder}/ohif/index.html; }}
        location = /app-config.js {{ alias {folder}/app-config.js; }}
"""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is there. ``bare_port`` is the plain nginx's: published files without authorisation, and the tuned stock Orthanc behind TLS."""

    scale: Scale
    folder: Path
    ours: BenchInstallation
    s3: BenchInstallation
    shipped: StockOrthanc
    tuned: StockOrthanc
    bare_port: int
    series: CtSeries
    long_series: CtSeries
    browser_series: dict[int, CtSeries]  # by the number of slices
    sent: list[CtSeries] = field(default_factory=list)  # also sent to ours and to S3

    @property
    def published(self) -> Path:
        """Our tree."""
        return DATA / "published"

    def frames_folder(self, series: CtSeries) -> Path:
        """Where a series' published answers lie."""
        return self.published / series.study_instance_uid / series.series_instance_uid


@contextmanager
def stage(scale: Scale) -> Iterator[Stage]:
    """Start all, stop all."""
    if DATA.exists() and any(DATA.iterdir()):
        raise BenchFailed("the data folder is not empty: start the measurement by scripts/bench")
    with tempfile.TemporaryDirectory(prefix="cloudfilm-bench-") as temporary, ExitStack() as started:
        folder = Path(temporary)
        folder.chmod(0o711)  # each server runs under its own user
        memory = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="cloudfilm-bench-", dir="/dev/shm")))
        (folder / "s3").mkdir()
        (folder / "s3" / "s3").symlink_to(memory)
        ours = started.enter_context(bench_installation("CloudFilm", DATA, folder / "cloudfilm.log"))
        s3 = started.enter_context(bench_installation("CloudFilm on S3", folder / "s3", folder / "s3.log", "--s3"))
        shipped = started.enter_context(stock(AS_IT_COMES, folder / "shipped", None))
        tuned = started.enter_context(stock(TUNED, folder / "tuned", "stock"))
        series = write_series(folder / "series", "looked at", scale.slices, LARGE)
        long_series = write_series(folder / "long", "long", scale.long_slices, SMALL)
        browser_series = {scale.slices: series}
        for slices in {line.slices for line in scale.lines} - {scale.slices}:
            browser_series[slices] = write_series(folder / f"browser {slices}", f"browser {slices}", slices, LARGE)
        nginx = folder / "nginx"
        server = _SERVER.format(data=DATA, folder=nginx)
        bare = started.enter_context(plain_nginx(nginx, tuned.http_port, _HTTP.format(memory=memory), server))
        yield Stage(scale, folder, ours, s3, shipped, tuned, bare, series, long_series, browser_series)


def wait_until_published(ours: BenchInstallation, series: CtSeries, seconds: float = 900) -> None:
    """Until nginx has the series' metadata, which come last."""
    marker = ours.data / "published" / series.study_instance_uid / series.series_instance_uid / "metadata"
    _wait(marker.exists, f"{ours.name}: a series was not published", seconds)


def wait_until_frames(ours: BenchInstallation, series: CtSeries, seconds: float = 900) -> None:
    """Until the worker has nothing to do with the frames any more."""
    folder = ours.data / "published" / series.study_instance_uid / series.series_instance_uid
    _wait(lambda: all((folder / uid).exists() for uid in series.sop_instance_uids), f"{ours.name}: frames were not published", seconds)


def _wait(done: Callable[[], bool], otherwise: str, seconds: float) -> None:
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise BenchFailed(f"{otherwise} within {seconds:.0f} s")
        time.sleep(0.2)
