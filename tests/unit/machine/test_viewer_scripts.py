# SPDX-License-Identifier: AGPL-3.0-or-later
"""The version by which browsers keep the viewer's scripts of ours."""

import re
from pathlib import Path

from machine.configuration import version_of


def test_it_changes_with_a_script_its_name_and_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    (tmp_path / "README.md").write_text("1")
    versions = [version_of(tmp_path)]
    (tmp_path / "a.js").write_text("2")
    versions.append(version_of(tmp_path))
    (tmp_path / "a.js").rename(tmp_path / "b.js")
    versions.append(version_of(tmp_path))
    (tmp_path / "c.js").write_text("")
    versions.append(version_of(tmp_path))
    assert len(set(versions)) == 4
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in versions)


def test_it_stays_while_only_others_change(tmp_path: Path) -> None:
    (tmp_path / "a.js").write_text("1")
    before = version_of(tmp_path)
    (tmp_path / "README.md").write_text("2")
    assert version_of(tmp_path) == before
