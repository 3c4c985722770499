# SPDX-License-Identifier: AGPL-3.0-or-later
"""Another OHIF makes the install step fail instead of the viewer."""

import re
from pathlib import Path, PurePosixPath

import pytest
from patch import PATCHES, Patch, PatchMismatch, apply_patches
from prepare import new_hashes, renamed, start_page
from selection import is_served, served_files

PATCH = Patch("greet", "*.js", "hello", "goodbye", {"a.*.js": 2})


def test_it_replaces_what_it_names() -> None:
    assert apply_patches({"a.1.js": "hello hello", "b.js": "-", "c.css": "hello"}, (PATCH,)) == {
        "a.1.js": "goodbye goodbye",
        "b.js": "-",
        "c.css": "hello",
    }


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param({"a.1.js": "hello"}, id="fewer matches"),
        pytest.param({"a.1.js": "hello hello hello"}, id="more matches"),
        pytest.param({"a.1.js": "hello hello", "b.js": "hello"}, id="a match in another file"),
        pytest.param({"b.js": "-"}, id="the file is gone"),
    ],
)
def test_it_fails_loudly(texts: dict[str, str]) -> None:
    with pytest.raises(PatchMismatch, match="greet"):
        apply_patches(texts, (PATCH,))


def test_every_patch_says_why() -> None:
    assert all(patch.what and patch.matches for patch in PATCHES)


@pytest.mark.parametrize("name", ["app.bundle.0f61.js", "89.bundle.b3.js", "5130.wasm", "assets/images/CT-Bone.png", "781.css", "a3.woff2"])
def test_the_viewer_is_served(name: str) -> None:
    assert is_served(PurePosixPath(name))


@pytest.mark.parametrize(
    "name", ["ort/ort.js", "sw.js", "8832.bundle.0e.js", "8832.css", "google.js", "x.js.map", "assets/favicon.ico", "index.html"]
)
def test_the_rest_is_not(name: str) -> None:
    assert not is_served(PurePosixPath(name))


def test_a_list_made_for_another_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "app.bundle.1.js").write_text("")
    with pytest.raises(ValueError, match="not in this OHIF"):
        served_files(tmp_path)


def test_bundles_name_each_other_by_new_hashes() -> None:
    texts = {"app.bundle.0000000000000001.js": 'load("7.bundle.0000000000000002.js")', "7.bundle.0000000000000002.js": "7", "7.css": "-"}
    hashes = new_hashes(texts, [b"esbuild 1"])
    assert renamed(texts, hashes) == {
        f"app.bundle.{hashes['0000000000000001']}.js": f'load("7.bundle.{hashes["0000000000000002"]}.js")',
        f"7.bundle.{hashes['0000000000000002']}.js": "7",
        "7.css": "-",
    }
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in hashes.values())


def test_a_hash_changes_with_every_change() -> None:
    texts = {"app.bundle.0000000000000001.js": "a", "7.bundle.0000000000000002.js": "7"}
    before = new_hashes(texts, [b"esbuild 1"])
    assert before == new_hashes(texts, [b"esbuild 1"])
    for after in (new_hashes({**texts, "7.bundle.0000000000000002.js": "8"}, [b"esbuild 1"]), new_hashes(texts, [b"esbuild 2"])):
        assert not set(before.values()) & set(after.values())


def test_the_page_names_only_what_is_there() -> None:
    with pytest.raises(ValueError, match=r"app\.bundle"):
        start_page("@APP_BUNDLE@", ["7.bundle.0000000000000002.js"])
