# SPDX-License-Identifier: AGPL-3.0-or-later
"""On what was measured, and what else it did."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path

_BUSY = 0.5


def machine_facts() -> dict[str, object]:
    """Processor, memory, packages, date, and how busy it was before the measurement began."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    kilobytes = int(Path("/proc/meminfo").read_text().split()[1])
    names = ["orthanc", "orthanc-dicomweb", "orthanc-postgresql", "postgresql-17", "nginx"]
    versions = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}\n", *names], capture_output=True, text=True, check=False)
    load = os.getloadavg()[0]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": f"{os.cpu_count()} x {model}",
        "memory_gigabytes": round(kilobytes / 1e6, 1),
        "packages": versions.stdout.strip().splitlines(),
        "load_before": round(load, 2),
        "is_busy": load > _BUSY * (os.cpu_count() or 1),
    }
