# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processor time of each part of an installation, to find out what limits it."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from bench.installation import process_tree

_MODULES = {"cloudfilm.transfer": "forwarder", "cloudfilm.jobs": "worker", "cloudfilm.intakes": "intake"}


def seconds_by_part(root: int) -> Counter[str]:
    """Until now, by the name of the program; our own Python processes by what they are."""
    found: Counter[str] = Counter()
    for pid in process_tree(root):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text()
            command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
        except OSError:
            continue
        # Its own, and that of its children that have ended.
        ticks = sum(map(int, fields.rpartition(")")[2].split()[11:15]))
        found[_name(fields, command)] += ticks / os.sysconf("SC_CLK_TCK")  # type: ignore[assignment]
    return found


def _name(stat: str, command: str) -> str:
    for module, name in _MODULES.items():
        if f"-m {module}" in command:
            return name
    return stat[stat.index("(") + 1 : stat.rindex(")")].split(":")[0].lower()
