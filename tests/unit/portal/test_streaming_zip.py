# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Iterator

import pytest

from portal.streaming_zip import with_files


def packed(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def portions(content: bytes, size: int) -> Iterator[bytes]:
    return (content[start : start + size] for start in range(0, len(content), size))


@pytest.mark.parametrize("size", [7, 1000, 100_000])
def test_files_are_added_and_the_others_stay_as_they_were(size: int) -> None:
    noise = random.Random(1)
    files = {f"IMAGES/IM{number}": noise.randbytes(3000) for number in range(40)}
    streamed = b"".join(with_files(portions(packed(files), size), {"REPORT1.PDF": b"%PDF-1.7 report"}, end_bytes=8000))
    with zipfile.ZipFile(io.BytesIO(streamed)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == {**files, "REPORT1.PDF": b"%PDF-1.7 report"}


def test_no_more_than_twice_the_end_is_ever_held() -> None:
    noise = random.Random(2)
    content = packed({f"IM{number}": noise.randbytes(3000) for number in range(40)})
    taken = 0

    def counted() -> Iterator[bytes]:
        nonlocal taken
        for portion in portions(content, 500):
            taken += len(portion)
            yield portion

    passed = 0
    for portion in with_files(counted(), {}, end_bytes=8000):
        passed += len(portion)
        assert taken - passed <= 2 * 8000 or passed >= len(content)


@pytest.mark.parametrize("cut", [100, 60_000])
def test_an_archive_that_was_cut_off_is_an_error(cut: int) -> None:
    noise = random.Random(3)
    content = packed({f"IM{number}": noise.randbytes(3000) for number in range(40)})
    with pytest.raises(zipfile.BadZipFile):
        b"".join(with_files(portions(content[:cut], 500), {"REPORT1.PDF": b""}, end_bytes=8000))


def test_a_list_of_files_that_does_not_fit_is_an_error() -> None:
    content = packed({f"a file with a long name {number:0200}": b"" for number in range(100)})
    with pytest.raises(zipfile.BadZipFile):
        b"".join(with_files(portions(content, 500), {"REPORT1.PDF": b""}, end_bytes=1000))
