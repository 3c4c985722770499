# SPDX-License-Identifier: AGPL-3.0-or-later
"""A stamped copy as a file in a station's folder."""

from __future__ import annotations

import re


def stamped_file_name(title: str, arrival_id: str) -> str:
    """What the station called it, without what a file's name cannot hold, and never twice the same."""
    kept = re.sub(r"[^\w.()-]+", "_", title, flags=re.UNICODE).strip("._")[:80]
    return f"{kept or 'report'}-{arrival_id[:8]}.pdf"
