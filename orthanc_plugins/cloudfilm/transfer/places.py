# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a gateway keeps what is its own, below its data folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class GatewayPlaces:
    """Folders and files of a gateway."""

    data: Path

    @property
    def folder(self) -> Path:
        """All of it."""
        return self.data / "gateway"

    @property
    def queue(self) -> Path:
        """The queue."""
        return self.folder / "queue.db"

    @property
    def pairing(self) -> Path:
        """The cloud's address and our token."""
        return self.folder / "pairing.json"

    @property
    def remote(self) -> Path:
        """What the hospital lets the cloud do here, and what the cloud has done."""
        return self.folder / "remote.json"

    @property
    def logs(self) -> Path:
        """What the parts write about themselves."""
        return self.data / "log"

    @property
    def orphans(self) -> Path:
        """Files that Orthanc's index lost with the machine's power, about to be stored again."""
        return self.folder / "orphans"

    @property
    def conflicts(self) -> Path:
        """Instances that came here with a SOPInstanceUID that is here already with other content."""
        return self.folder / "conflicts"

    @property
    def reports(self) -> Path:
        """What stations handed in."""
        return self.folder / "reports.db"

    @property
    def stations(self) -> Path:
        """Who may hand something in."""
        return self.folder / "stations.json"

    @property
    def taken_out(self) -> Path:
        """What people took out of the reports' way, as files."""
        return self.folder / "taken-out"

    @property
    def refused(self) -> Path:
        """Files that were not taken, with their reasons."""
        return self.folder / "refused"
