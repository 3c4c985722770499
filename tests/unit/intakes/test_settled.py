# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import os
from pathlib import Path

from cloudfilm.intakes.settled import Settled


def test_a_file_is_whole_when_it_has_not_changed_for_long_enough(tmp_path: Path) -> None:
    settled, file = Settled(2.0), tmp_path / "a.pdf"
    file.write_bytes(b"%PDF")
    assert settled.among([file], 10.0) == []
    assert settled.among([file], 11.9) == []
    file.write_bytes(b"%PDF-1.7")
    assert settled.among([file], 12.5) == []
    assert settled.among([file], 14.4) == []
    assert settled.among([file], 14.5) == [file]


def test_an_empty_file_never_is_and_one_that_goes_is_forgotten(tmp_path: Path) -> None:
    settled, empty, gone = Settled(1.0), tmp_path / "empty", tmp_path / "gone"
    empty.touch()
    gone.write_bytes(b"x")
    settled.among([empty, gone], 0.0)
    gone.unlink()
    assert settled.among([empty, gone], 100.0) == []


def test_the_oldest_comes_first(tmp_path: Path) -> None:
    settled = Settled(0.0)
    files = [tmp_path / name for name in ("b", "a", "c")]
    for number, file in enumerate(files):
        file.write_bytes(b"x")
        os.utime(file, (number, number))
    settled.among(files, 0.0)
    assert settled.among(reversed(files), 1.0) == files
