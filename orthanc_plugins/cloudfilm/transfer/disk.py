# SPDX-License-Identifier: AGPL-3.0-or-later
"""Watermarks of the gateway's disk: when to warn, when to refuse."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DiskState(StrEnum):
    """How full the disk is."""

    GOOD = "good"
    LOW = "low"
    FULL = "full"  # C-STORE is refused


@dataclass(frozen=True, slots=True)
class Watermarks:
    """Bytes that stay free whatever happens, and the share of the disk (percent) below which people are told."""

    reserve_bytes: int
    warn_free_percent: int

    def state(self, free_bytes: int, disk_bytes: int, arriving_bytes: int = 0) -> DiskState:
        """The state with an instance of that many bytes about to be written."""
        if free_bytes - arriving_bytes < self.reserve_bytes:
            return DiskState.FULL
        return DiskState.LOW if free_bytes * 100 < disk_bytes * self.warn_free_percent else DiskState.GOOD
