# SPDX-License-Identifier: AGPL-3.0-or-later
"""package-lock.json: the packages, by hash, from whatever registry the machine uses."""

import json
from typing import Any

import pytest

from tests.unit.ohif.conftest import SOURCE


@pytest.fixture(scope="module")
def lock() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((SOURCE / "package-lock.json").read_text())
    return read


def test_it_names_no_registry(lock: dict[str, Any]) -> None:
    assert not [name for name, package in lock["packages"].items() if "resolved" in package]
    assert "http" not in json.dumps(lock)


def test_every_package_is_checked_by_its_hash(lock: dict[str, Any]) -> None:
    assert not [name for name, package in lock["packages"].items() if name and not package["integrity"].startswith("sha512-")]


def test_it_holds_ohif_esbuild_and_swc_only(lock: dict[str, Any]) -> None:
    dependencies = json.loads((SOURCE / "package.json").read_text())["dependencies"]
    assert lock["packages"][""]["dependencies"] == dependencies
    installed = {name.removeprefix("node_modules/"): package["version"] for name, package in lock["packages"].items() if name}
    assert {
        name: version
        for name, version in installed.items()
        if not name.startswith(("@esbuild/", "@swc/core-", "@swc/types", "@swc/counter"))
    } == dependencies
    assert "dependencies" not in lock["packages"]["node_modules/@ohif/app"]
