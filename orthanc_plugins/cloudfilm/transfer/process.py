# SPDX-License-Identifier: AGPL-3.0-or-later
"""The forwarder: follows the archive, sends by several connections, tells the cloud how it is, forgets what was confirmed long ago."""

from __future__ import annotations

import logging
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from cloudfilm.dicom.preflight import Unsound, check
from cloudfilm.errors import CloudFilmError
from cloudfilm.intakes.places import Places
from cloudfilm.orthanc_api.rest_client import OrthancClient
from cloudfilm.settings import load_settings
from cloudfilm.storage.key_files import KeyFiles
from cloudfilm.transfer.cloud import Cloud, LineFailure
from cloudfilm.transfer.conflicts import Conflicts
from cloudfilm.transfer.disk import DiskState, Watermarks
from cloudfilm.transfer.following import Follower
from cloudfilm.transfer.forwarding import Line, Sender
from cloudfilm.transfer.inventory import Inventory
from cloudfilm.transfer.log_excerpt import excerpt
from cloudfilm.transfer.maintenance import Maintenance
from cloudfilm.transfer.pairing import Pairing, PairingFile, exchange_code
from cloudfilm.transfer.places import GatewayPlaces
from cloudfilm.transfer.quarantine import Quarantine
from cloudfilm.transfer.queue import Queue
from cloudfilm.transfer.remote import Remote
from cloudfilm.transfer.reports.arrivals import Arrivals
from cloudfilm.transfer.reports.desk import ReportDesk
from cloudfilm.transfer.reports.returning import CopyReturn
from cloudfilm.transfer.reports.sending import ReportSender
from cloudfilm.transfer.reports.stations import StationFile
from cloudfilm.transfer.speed import Speed, limit_at
from cloudfilm.transfer.status import Status
from cloudfilm.transfer.status_page import StatusPage, serve_status
from cloudfilm.version import VERSION

_LOOK_EVERY_SECONDS, _TIDY_EVERY_SECONDS, _IDLE_SECONDS = 0.3, 60.0, 0.2
_LOOK_FOR_COPIES_SECONDS, _TROUBLE_SECONDS = 0.5, 5.0
_PURGED_AT_ONCE = 200
_LARGEST_INSTANCE_BYTES = 4 * 1024**3
_log = logging.getLogger(__name__)


class Forwarder:
    """The parts, wired, each in a thread that never ends."""

    def __init__(self, orthanc_json: Path) -> None:
        self._settings = load_settings(orthanc_json)
        self._gateway = self._settings.gateway
        self._places = GatewayPlaces(self._settings.data_directory)
        self._stop = threading.Event()
        self._known_orthanc_version = ""
        self._orthanc = self._client()
        self._queue, self._line = Queue(self._places.queue), Line()
        self._arrivals, self._stations = Arrivals(self._places.reports), StationFile(self._places.stations)
        self._pairing_file = PairingFile(self._places.pairing)
        self._pairing = self._pairing_file.read()
        self._remote = Remote(self._places.remote, self._gateway, time.time)
        self._speed = Speed(self._allowed_speed, time.monotonic, self._stop.wait)
        marks = Watermarks(self._gateway.reserve_megabytes * 1_000_000, self._gateway.warn_free_percent)
        self.status = Status(
            self._queue,
            self._arrivals,
            self._line,
            self._speed,
            marks,
            self._places,
            self._remote,
            self._orthanc_version,
            lambda: self._pairing,
        )

    def run(self) -> None:
        """Until SIGTERM; ends with an error when a part of it does, and is started again."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: self._stop.set())
        follower = Follower(
            self._client(), self._queue, self._gateway.emergency_aets, self._gateway.backfill_days, lambda: datetime.now(UTC)
        )
        parts: list[Callable[[], None]] = [lambda: self._follow(follower), self._tell, self._tidy, self._follow_conflicts]
        parts += [self._send_reports, self._return_copies]
        parts += [self._send for _ in range(self._gateway.connections)]
        threads = [threading.Thread(target=part, daemon=True) for part in parts]
        quarantine = Quarantine(self._places.refused, self._settings.set_aside_megabytes * 1_000_000, time.time)
        page = StatusPage(self.status, self._queue, self._remote, quarantine, self._pair, self._settings.time_zone)
        status, server = serve_status(page, int(os.environ["CLOUDFILM_GATEWAY_STATUS_PORT"]))
        for thread in threads:
            thread.start()
        try:
            while not self._stop.wait(1.0):
                if not status.is_alive() or not all(thread.is_alive() for thread in threads):
                    raise SystemExit("a part of the forwarder ended")
        finally:
            server.stop()

    def _client(self) -> OrthancClient:
        return OrthancClient(self._settings.orthanc_url, KeyFiles(self._settings.keys_directory), "forwarder", lambda: datetime.now(UTC))

    def _cloud(self) -> Cloud:
        return Cloud(self._paired, self._gateway.ca_file, self._gateway.proxy, self._speed)

    def _paired(self) -> Pairing:
        if self._pairing is None:
            raise LineFailure("This gateway is not paired with a cloud yet.")
        return self._pairing

    def _pair(self, cloud_url: str, code: str) -> None:
        """Somebody typed a code on the gateway's own page."""
        pairing = exchange_code(cloud_url, code, self._gateway.ca_file, self._gateway.proxy)
        self._pairing_file.write(pairing)
        self._pairing = pairing
        self._line.good(0)
        self._queue.release()
        _log.info("paired with %s", pairing.cloud_url)

    def _allowed_speed(self) -> float:
        return limit_at(self._remote.speed_limits(), datetime.now(self._settings.time_zone))

    def _orthanc_version(self) -> str:
        """Asked once; empty while our own archive is not up."""
        if not self._known_orthanc_version:
            try:
                self._known_orthanc_version = self._client().version()
            except CloudFilmError:
                return ""
        return self._known_orthanc_version

    def _follow(self, follower: Follower) -> None:
        is_first = True
        while not self._stop.is_set():
            try:
                if is_first:
                    self._adopt_orphans()
                    is_first = False
                follower.look()
            except CloudFilmError as error:
                _log.warning("%s", error.public_message)
                follower.start_anew()
                self._stop.wait(1.0)
            self._stop.wait(_LOOK_EVERY_SECONDS)

    def _adopt_orphans(self) -> None:
        for file in list(self._places.orphans.iterdir()):
            if file.suffix:
                continue
            try:
                check(content := file.read_bytes())
            except Unsound as unsound:
                _log.warning("a file that the index does not know is not whole and stays in gateway/orphans: %s", unsound)
                file.rename(file.with_suffix(".unsound"))
                continue
            self._orthanc.store_instance(content)
            file.unlink()

    def _send(self) -> None:
        client = self._client()
        sender = Sender(
            self._queue,
            self._cloud(),
            self._line,
            lambda orthanc_id: client.file_of_instance(orthanc_id, _LARGEST_INSTANCE_BYTES),
            self._gateway.batch_megabytes * 1_000_000,
            self._gateway.tries,
            time.time,
            random.random,
            self._line_is_back,
        )
        while not self._stop.is_set():
            if self._pairing is None:
                self._pairing = self._pairing_file.read()
            if self._pairing is None or not sender.send_next():
                self._stop.wait(_IDLE_SECONDS)

    def _line_is_back(self) -> None:
        self._queue.release()
        self._arrivals.release()

    def _send_reports(self) -> None:
        desk = ReportDesk(self._cloud(), time.time)
        sender = ReportSender(
            self._arrivals, self._stations, desk, self._line, self._line_is_back, self._gateway.tries, time.time, random.random
        )
        while not self._stop.is_set():
            try:
                if self._pairing is None or not sender.send_next():
                    self._stop.wait(_IDLE_SECONDS)
            except CloudFilmError as error:
                _log.warning("%s", error.public_message)
                self._stop.wait(_TROUBLE_SECONDS)

    def _return_copies(self) -> None:
        copies = CopyReturn(
            self._arrivals, self._stations, ReportDesk(self._cloud(), time.time), Places(self._places.data), time.time, random.random
        )
        while not self._stop.is_set():
            try:
                if self._pairing is not None:
                    copies.look()
                self._stop.wait(_LOOK_FOR_COPIES_SECONDS)
            except LineFailure as failure:
                _log.warning("%s", failure)
                self._stop.wait(_TROUBLE_SECONDS)
            except CloudFilmError as error:
                _log.warning("%s", error.public_message)
                self._stop.wait(_TROUBLE_SECONDS)

    def _tell(self) -> None:
        cloud = self._cloud()
        inventory = Inventory(
            self._queue, cloud, self._gateway.compare_at, lambda: datetime.now(self._settings.time_zone), self._client().instance_ids
        )
        maintenance = Maintenance(self._remote, cloud, lambda: excerpt(self._places.logs))
        while not self._stop.is_set():
            if (pairing := self._pairing) is not None:
                try:
                    answer = cloud.heartbeat(self.status.told())
                    if isinstance(token := answer.get("token"), str):
                        self._pairing = self._pairing_file.renew(pairing, token)
                    maintenance.follow(answer)
                    inventory.follow(answer)
                except LineFailure as failure:
                    _log.warning("%s", failure)
                except CloudFilmError as error:
                    _log.warning("%s", error.public_message)
            self._stop.wait(self._gateway.heartbeat_seconds)

    def _follow_conflicts(self) -> None:
        conflicts = Conflicts(self._queue, self._cloud(), self._places.conflicts, time.time)
        while not self._stop.is_set():
            if self._pairing is not None:
                try:
                    conflicts.follow()
                except LineFailure as failure:
                    _log.warning("%s", failure)
            self._stop.wait(self._gateway.heartbeat_seconds * 2)

    def _tidy(self) -> None:
        """Delete what was confirmed long enough ago; what was confirmed goes earlier before anything that arrives has to be refused."""
        while not self._stop.is_set():
            is_full = self.status.disk_state() is DiskState.FULL
            before = time.time() - (0 if is_full else self._remote.keep_days() * 86_400)
            try:
                old = self._queue.confirmed_before(before, _PURGED_AT_ONCE)
                for orthanc_id in old:
                    self._orthanc.delete_instance(orthanc_id)
                    self._queue.forget_confirmed(orthanc_id)
                self._arrivals.forget_before(before)
                if len(old) == _PURGED_AT_ONCE:
                    continue  # a busy hospital's day is more than a page a minute
            except CloudFilmError as error:
                _log.warning("%s", error.public_message)
            self._stop.wait(5.0 if is_full else _TIDY_EVERY_SECONDS)


def main() -> None:
    """Run until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    _log.info("CloudFilm %s: the forwarder starts", VERSION)
    Forwarder(Path(os.environ.get("CLOUDFILM_APP", "/opt/cloudfilm/app")) / "orthanc.json").run()
