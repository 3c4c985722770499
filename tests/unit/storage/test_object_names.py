# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names in the bucket are the official plugin's."""

from __future__ import annotations

from uuid import UUID

import pytest

from cloudfilm.storage.object_names import attachment_of, object_name, possible_names

ONE = UUID("5130922a-ac27-4541-9cdb-5c2dd2202f45")


@pytest.mark.parametrize(
    ("root", "content_type", "encrypted", "name"),
    [
        ("", 1, False, "5130922a-ac27-4541-9cdb-5c2dd2202f45.dcm"),
        ("", 2, False, "5130922a-ac27-4541-9cdb-5c2dd2202f45.json"),
        ("pacs/a", 3, False, "pacs/a/5130922a-ac27-4541-9cdb-5c2dd2202f45.dcm.head"),
        ("pacs", 0, False, "pacs/5130922a-ac27-4541-9cdb-5c2dd2202f45.unk"),
        ("pacs", 1, True, "pacs/5130922a-ac27-4541-9cdb-5c2dd2202f45.dcm.enc"),
        ("", 4301, False, "5130922a-ac27-4541-9cdb-5c2dd2202f45.unk"),
    ],
)
def test_names(root: str, content_type: int, encrypted: bool, name: str) -> None:
    assert object_name(root, ONE, content_type, encrypted) == name
    assert attachment_of(name) == ONE
    assert name in possible_names(root, ONE, content_type)


def test_headers_are_also_looked_for_where_the_plugin_of_2021_put_them() -> None:
    assert possible_names("", ONE, 3)[2:] == [f"{ONE}.unk", f"{ONE}.unk.enc"]


@pytest.mark.parametrize("name", ["readme.txt", "51/30/5130922a-ac27-4541-9cdb-5c2dd2202f45", f"{ONE}.dcm.bak", f"x{ONE}.dcm", ""])
def test_other_objects_are_nobodys(name: str) -> None:
    assert attachment_of(name) is None
