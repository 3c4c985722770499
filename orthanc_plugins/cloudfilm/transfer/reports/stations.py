# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gateway's stations, in a small file: written by the administrator's command, read at each look by whoever takes something."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cloudfilm.db.intake_sources import IntakeSource
from cloudfilm.db.origin import Way
from cloudfilm.errors import Conflict, Unavailable
from cloudfilm.storage.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class StationFile:
    """One JSON file. Whose a station is needs no saying: the gateway's hospital's."""

    path: Path

    def all(self) -> list[IntakeSource]:
        """Every station, by name."""
        try:
            listed = json.loads(self.path.read_text(encoding="utf-8"))
            return [IntakeSource(**{**one, "created_at": datetime.fromisoformat(one["created_at"])}) for one in listed]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Unavailable("The gateway's list of stations cannot be read.") from error

    def of_kind(self, kind: Way) -> list[IntakeSource]:
        """The stations of one kind, by name."""
        return [one for one in self.all() if one.kind == kind]

    def named(self, name: str) -> IntakeSource | None:
        """The station with this name."""
        return next((one for one in self.all() if one.name == name), None)

    def add(self, station: IntakeSource) -> None:
        """Add a station, or change it.

        Raises
        ------
        Conflict
            One of another kind has its name.
        """
        known = self.named(station.name)
        if known is not None and known.kind != station.kind:
            raise Conflict(f"The name {station.name} is taken: choose another for this station.")
        kept = replace(station, created_at=known.created_at) if known else station
        self._write([one for one in self.all() if one.name != station.name] + [kept])

    def _write(self, stations: list[IntakeSource]) -> None:
        facts = [_facts(one) for one in sorted(stations, key=lambda one: one.name)]
        write_whole(self.path, json.dumps(facts, ensure_ascii=False, indent=1).encode())


def _facts(station: IntakeSource) -> dict[str, Any]:
    facts = {name: value for name, value in asdict(station).items() if name not in ("last_used_at", "gateway_id")}
    return facts | {"created_at": station.created_at.isoformat()}
