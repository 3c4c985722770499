# SPDX-License-Identifier: AGPL-3.0-or-later
"""Refused files are kept with their reasons, and no more of them than there is room for."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

from cloudfilm.transfer.quarantine import Quarantine


def test_a_refused_file_is_kept_with_its_sender_and_reason(tmp_path: Path) -> None:
    quarantine = Quarantine(tmp_path, 1000, lambda: 5.0)
    quarantine.keep(b"bad", "CT1", "too deep")
    (told,) = quarantine.newest(10)
    assert (told.sender, told.reason, told.at) == ("CT1", "too deep", 5.0)
    assert (tmp_path / f"{told.sha256}.dcm").read_bytes() == b"bad"


def test_the_oldest_makes_room_and_of_what_is_larger_than_all_room_the_reason_stays(tmp_path: Path) -> None:
    clock = count(1)
    quarantine = Quarantine(tmp_path, 1000, lambda: float(next(clock)))
    for number in range(4):
        quarantine.keep(bytes([number]) * 400, "CT1", str(number))
        newest = quarantine.newest(1)[0].sha256
        os.utime(tmp_path / f"{newest}.dcm", (number, number))
    assert [one.reason for one in quarantine.newest(10)] == ["3", "2"]
    quarantine.keep(bytes(5000), "CT1", "large")
    assert [one.reason for one in quarantine.newest(10)] == ["large", "3", "2"]
    assert sum(path.stat().st_size for path in tmp_path.glob("*.dcm")) <= 1000
