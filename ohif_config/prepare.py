# SPDX-License-Identifier: AGPL-3.0-or-later
"""From OHIF's npm package to the folder that esbuild minifies: selects, patches and copies.

    python3 prepare.py PACKAGE DEST

PACKAGE is node_modules/@ohif/app, DEST a new folder. Our own scripts are not copied: nginx serves them from here.
"""

import hashlib
import json
import re
import shutil
import sys
from collections.abc import Collection, Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path

from patch import STYLES_HASH, apply_patches
from selection import served_files
from wasm import without_debugging

OURS = Path(__file__).resolve().parent
PATCHED_SUFFIXES = {".js", ".css"}

HASHED = re.compile(r"\.bundle\.([0-9a-f]{16})\.")
# Asked for while the browser is busy with the main script, which would name them one after the other: the viewer's mode and its extensions, then, by
# first_frames.js, the worker that decodes frames and OpenJPH, which decodes HTJ2K.
SCRIPTS_NEXT = (
    1673, 6938, 6489, 6495, 8478, 89, 2623, 6749, 5696, 9383, 7248, 781, 9415, 3500, 9116, 100, 5406, 3760, 5910, 7463, 9068, 899, 5448, 1206,
)  # fmt: skip
STYLES_NEXT = (6214, 2623, 3833, 781, 9415, 3760, 5910, 7463)
WORKERS_NEXT = ("8097.bundle.*.js", "37fa160cc3a47cfd.wasm")


def start_page(template: str, names: Collection[str]) -> str:
    """Our page, with the names of OHIF's files filled in; they carry hashes."""
    page = template.replace("@APP_BUNDLE@", _named(names, "app.bundle.*.js")).replace("@APP_STYLES@", _named(names, "app.bundle.*.css"))
    next_ones = [
        *(_preload("style", _named(names, f"{chunk}.bundle.*.css")) for chunk in STYLES_NEXT),
        *(_preload("script", _named(names, f"{chunk}.bundle.*.js")) for chunk in SCRIPTS_NEXT),
        *(f'<link rel="prefetch" href="/viewer/{_named(names, pattern)}">' for pattern in WORKERS_NEXT),
    ]
    return page.replace("@NEEDED_NEXT@", "\n".join(next_ones))


def _preload(kind: str, name: str) -> str:
    return f'<link rel="preload" as="{kind}" fetchpriority="low" href="/viewer/{name}">'


def _named(names: Collection[str], pattern: str) -> str:
    found = [name for name in names if fnmatch(name, pattern)]
    if len(found) != 1:
        raise ValueError(f"prepare: {pattern} is {found} in this OHIF; see ohif_config/README.md on new versions")
    return found[0]


def with_place_for_hash(name: str) -> str:
    """A style sheet's name as our runtime asks for it (patch.py): OHIF gives only scripts a hash."""
    return re.sub(r"^(\w+)(\.bundle)?\.css$", rf"\1.bundle.{STYLES_HASH}.css", name)


def new_hashes(texts: Mapping[str, str], also: Iterable[bytes] = ()) -> dict[str, str]:
    """For each hash in a bundle's name another one, which changes with whatever we change in any of them: browsers may keep these files for ever.

    ``also`` is what else decides on their content.
    """
    of_all = hashlib.sha256(b"\0".join([*(part.encode() for name in sorted(texts) for part in (name, texts[name])), *also])).hexdigest()
    old = {found[1] for name in texts if (found := HASHED.search(name))}
    return {one: hashlib.sha256(f"{one}{of_all}".encode()).hexdigest()[:16] for one in old}


def renamed(texts: Mapping[str, str], hashes: Mapping[str, str]) -> dict[str, str]:
    """The texts under their new names, naming each other so."""
    pattern = re.compile("|".join(hashes))
    return {pattern.sub(lambda old: hashes[old[0]], name): pattern.sub(lambda old: hashes[old[0]], text) for name, text in texts.items()}


def prepare(package: Path, dest: Path) -> None:
    """Write the selected, patched files and our page into ``dest``."""
    dist = package / "dist"
    paths = served_files(dist)
    texts = apply_patches({str(path): (dist / path).read_text(encoding="utf-8") for path in paths if path.suffix in PATCHED_SUFFIXES})
    texts = {with_place_for_hash(name): text for name, text in texts.items()}
    minified_by = [(OURS / name).read_bytes() for name in ("install", "shake.mjs", "package-lock.json")]
    patched = renamed(texts, new_hashes(texts, minified_by))
    for name, text in patched.items():
        _made(dest / name).write_text(text, encoding="utf-8")
    copied = [str(path) for path in paths if path.suffix not in PATCHED_SUFFIXES]
    for name in copied:
        content = (dist / name).read_bytes()
        _made(dest / name).write_bytes(without_debugging(content) if name.endswith(".wasm") else content)
    page = start_page((OURS / "index.html").read_text(encoding="utf-8"), [*patched, *copied])
    (dest / "index.html").write_text(page, encoding="utf-8")
    shutil.copyfile(OURS / "favicon.svg", dest / "favicon.svg")
    shutil.copyfile(package / "LICENSE", dest / "LICENSE.OHIF.txt")
    (dest / "VERSION").write_text(json.loads((package / "package.json").read_text())["version"] + "\n")


def _made(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
