# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reference in a message is the name of a file, and nothing that leads anywhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cloudfilm.errors import CloudFilmError, Unavailable
from cloudfilm.intakes.references import read_reference
from cloudfilm.reports.hl7_message import MessageRefused
from cloudfilm.reports.hl7_report import file_name


@pytest.mark.parametrize(
    "pointer",
    ["../secret.pdf", "/etc/passwd", "a/b.pdf", "..", ".hidden", "http://host/x.pdf", "file:x", "C:\\x.pdf", "\\\\host\\x", "", "a\nb", "x" * 201, "王" * 67],
)  # fmt: skip
def test_no_path_and_no_address(pointer: str) -> None:
    with pytest.raises(MessageRefused, match=r"OBX-5\.1"):
        file_name(pointer)


def test_a_plain_name_may_be_chinese() -> None:
    assert file_name("王小明 CT.pdf") == "王小明 CT.pdf"


def test_links_folders_pipes_and_large_files_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "folder").mkdir()
    os.mkfifo(folder / "pipe")
    with open(folder / "large", "wb") as file:
        file.truncate(2 << 20)
    for name in ("link", "folder", "pipe", "large"):
        with pytest.raises(CloudFilmError, match=r"OBX-5\.1"):
            read_reference(folder, name, 1)
    with pytest.raises(Unavailable):
        read_reference(folder, "later.pdf", 1)
    (folder / "later.pdf").write_bytes(b"%PDF-")
    assert read_reference(folder, "later.pdf", 1) == b"%PDF-"
