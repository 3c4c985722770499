# SPDX-License-Identifier: AGPL-3.0-or-later
"""Multipart bodies, taken apart while they arrive."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

import pytest

from cloudfilm.errors import BadRequest
from cloudfilm.intakes.stow import parts as parts_module
from cloudfilm.intakes.stow.parts import Parts


class Trickle:
    """A body that arrives in portions of any size."""

    def __init__(self, content: bytes, seed: int) -> None:
        self._content, self._random = BytesIO(content), random.Random(seed)

    def read(self, size: int, /) -> bytes:
        return self._content.read(self._random.randint(1, min(size, 70)))


def body(*contents: bytes) -> bytes:
    return b"".join(b"--b\r\nContent-Type: application/dicom\r\n\r\n" + content + b"\r\n" for content in contents) + b"--b--\r\n"


def contents(whole: bytes, folder: Path, seed: int = 1) -> list[bytes]:
    found = []
    for part in Parts(Trickle(whole, seed), b"b", folder):
        assert part.size == len(part.view())
        found.append(b"".join(part.portions()))
        part.close()
    return found


@pytest.mark.parametrize("seed", range(5))
def test_parts_come_whole_in_their_order(tmp_path: Path, seed: int) -> None:
    sent = [random.Random(seed + 10 * number).randbytes(size) for number, size in enumerate((0, 1, 3000, 70))]
    sent.append(b"\r\n-- \r\n--\r\n--a\r\n")
    assert contents(body(*sent), tmp_path, seed) == sent


def test_a_large_part_lies_in_a_file_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "_IN_MEMORY_BYTES", 1000)
    sent = [random.Random(3).randbytes(5000), b"small"]
    assert contents(body(*sent), tmp_path) == sent
    assert list(tmp_path.iterdir()) == []


def test_a_part_above_the_limit_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "MAXIMUM_PART_BYTES", 1000)
    large, small = Parts(BytesIO(body(bytes(5000), b"small")), b"b", tmp_path)
    assert (large.is_too_large, len(large.view())) == (True, 0)
    assert (small.is_too_large, bytes(small.view())) == (False, b"small")


@pytest.mark.parametrize("length", [10, 60, 200, len(body(bytes(300))) - 5])
def test_a_body_that_was_cut_is_refused(tmp_path: Path, length: int) -> None:
    with pytest.raises(BadRequest):
        contents(body(bytes(300))[:length], tmp_path)


def test_a_body_that_is_no_multipart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        contents(b"no multipart at all", tmp_path)


def test_headers_have_a_limit(tmp_path: Path) -> None:
    with pytest.raises(BadRequest):
        contents(b"--b\r\nX: " + b"y" * 20_000 + b"\r\n\r\nx\r\n--b--\r\n", tmp_path)
