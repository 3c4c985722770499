# SPDX-License-Identifier: AGPL-3.0-or-later
"""A clock of an installation's own, that can be set: libfaketime in each of its processes. The machine's clock is not touched.

What counts from the machine's start (CLOCK_MONOTONIC) goes on, as it does when somebody sets a real clock. Times of files are the kernel's and do
not step.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_LIBRARIES = os.environ.get("CLOUDFILM_TEST_FAKETIME", "/usr/lib/*/faketime/libfaketimeMT.so.1")
_NAME = "clock"


@dataclass(frozen=True, slots=True)
class SteppedClock:
    """The clock of what runs on this data folder."""

    data: Path

    def environment(self) -> dict[str, str]:
        """What scripts/run is started with."""
        (library,) = Path("/").glob(_LIBRARIES.lstrip("/"))
        self.set(0)
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": f"/var/lib/cloudfilm/{_NAME}",
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }

    def set(self, seconds: int) -> None:
        """So much before or behind the machine's clock, in all processes within a second."""
        self.data.mkdir(parents=True, exist_ok=True)
        part = self.data / f"{_NAME}.part"
        part.write_text(f"{seconds:+d}s\n", encoding="ascii")
        part.chmod(0o644)
        part.rename(self.data / _NAME)
