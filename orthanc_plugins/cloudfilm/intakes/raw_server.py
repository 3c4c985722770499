# SPDX-License-Identifier: AGPL-3.0-or-later
"""Raw TCP ports (9100 and the like) for workstations that know nothing newer: one port for each printer station that has one, its own hosts only.

A connection is a job. It is written down as it came, whole and synced, before it is looked at (`RawIntake`): the protocol has no answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from cloudfilm.db.intake_sources import IntakeSource
from cloudfilm.db.origin import Way
from cloudfilm.errors import CloudFilmError
from cloudfilm.intakes.places import Places
from cloudfilm.intakes.stations import Stations

SUFFIX = ".job"
CUT = ".cut"
IDLE_SECONDS = 30.0
LARGEST_JOB = 64 * 1024 * 1024
MOST_AT_ONCE = 8
_PORTION = 64 * 1024
_LOOK_EVERY_SECONDS = 1.0
_log = logging.getLogger(__name__)


class RawServer:
    """Listens at the port of every printer station that has one; ports come and go with the stations."""

    def __init__(self, stations: Stations, places: Places, host: str) -> None:
        self._stations, self._places, self._host = stations, places, host
        self._servers: dict[int, asyncio.Server] = {}
        self._sources: dict[int, IntakeSource] = {}
        self._unusable: set[int] = set()
        self._connections = asyncio.Semaphore(MOST_AT_ONCE)

    async def serve(self) -> None:
        """Listen until cancelled."""
        try:
            while True:
                with contextlib.suppress(CloudFilmError):  # the ports that are open stay open
                    await self._look()
                await asyncio.sleep(_LOOK_EVERY_SECONDS)
        finally:
            for server in self._servers.values():
                server.close()

    async def _look(self) -> None:
        sources = await asyncio.to_thread(self._with_port)
        self._sources = {source.raw_port: source for source in sources if source.raw_port is not None}
        for port in set(self._servers) - set(self._sources):
            self._servers.pop(port).close()
        for port in set(self._sources) - set(self._servers):
            try:
                self._servers[port] = await asyncio.start_server(partial(self._take, port), self._host, port)
                self._unusable.discard(port)
            except OSError as error:
                if port not in self._unusable:
                    _log.warning("the raw port %d of %s cannot be used: %s", port, self._sources[port].name, error.strerror)
                self._unusable.add(port)

    def _with_port(self) -> list[IntakeSource]:
        return [source for source in self._stations.of_kind(Way.PRINTER) if source.raw_port is not None]

    async def _take(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        source = self._sources.get(port)
        peer = str(writer.get_extra_info("peername")[0])
        try:
            if source is None or peer not in source.raw_hosts.split(","):
                _log.warning("a raw job from an address that may not print here was not taken")
                return
            async with self._connections:
                await self._receive(source, reader)
        finally:
            writer.close()

    async def _receive(self, source: IntakeSource, reader: asyncio.StreamReader) -> None:
        folder = self._places.raw(source.name)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=folder, prefix=".part-")
        ended, size = "", 0
        try:
            with os.fdopen(descriptor, "wb") as file:
                try:
                    while portion := await asyncio.wait_for(reader.read(_PORTION), IDLE_SECONDS):
                        size += len(portion)
                        if size > LARGEST_JOB:
                            ended = f"The job is larger than {LARGEST_JOB >> 20} MB."
                            break
                        await asyncio.to_thread(file.write, portion)
                except TimeoutError:
                    pass  # some keep the line open: what came must be whole by its own word
                except ConnectionError:
                    ended = "The connection was cut in the middle of the job."
                if size == 0:
                    return
                await asyncio.to_thread(_sync, file)
            whole = _name_of(folder, part)
            if ended:
                whole.with_suffix(CUT).write_text(ended, encoding="utf-8")
            Path(part).rename(whole)
            await asyncio.to_thread(_sync_folder, folder)
            part = ""
        except OSError:
            # There is nobody whom it could be told: the workstation believes that it has printed.
            _log.exception("a raw job of %s could not be stored", source.name)
        finally:
            if part:
                Path(part).unlink(missing_ok=True)


def _name_of(folder: Path, part: str) -> Path:
    status = Path(part).stat()
    return folder / f"{status.st_mtime_ns}-{part[-8:]}{SUFFIX}"


def _sync(file: object) -> None:
    file.flush()  # type: ignore[attr-defined]
    os.fsync(file.fileno())  # type: ignore[attr-defined]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def run(server_of: Callable[[], RawServer], is_stopping: Callable[[], bool]) -> None:
    """Serve in this thread until told to stop."""

    async def until_stopped() -> None:
        serving = asyncio.create_task(server_of().serve())
        while not is_stopping() and not serving.done():
            await asyncio.sleep(0.3)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    asyncio.run(until_stopped())
