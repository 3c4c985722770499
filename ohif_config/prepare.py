# SPDX-License-Identifier: AGPL-3.0-or-later
"""From OHIF's npm package to the folder that esbuild minifies: selects, patches and copies.

    python3 prepare.py PACKAGE DEST

PACKAGE is node_modules/@ohif/app, DEST a new folder. Our own scripts are not copied: nginx serves them from here.
"""

import json
import shutil
import sys
from pathlib import Path

from patch import apply_patches
from selection import served_files

OURS = Path(__file__).resolve().parent
PATCHED_SUFFIXES = {".js", ".css"}


def start_page(template: str, names: list[str]) -> str:
    """Our page, with the name of OHIF's main script filled in; the name carries its hash."""
    (app_bundle,) = [name for name in names if name.startswith("app.bundle.") and name.endswith(".js")]
    return template.replace("@APP_BUNDLE@", app_bundle)


def prepare(package: Path, dest: Path) -> None:
    """Copy and patch what is served."""
    """Writes the selected, patched files and our page into `dest`."""
    dist = package / "dist"
    paths = served_files(dist)
    texts = {str(path): (dist / path).read_text(encoding="utf-8") for path in paths if path.suffix in PATCHED_SUFFIXES}
    patched = apply_patches(texts)
    for path in paths:
        target = dest / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if str(path) in patched:
            target.write_text(patched[str(path)], encoding="utf-8")
        else:
            shutil.copyfile(dist / path, target)
    (dest / "index.html").write_text(start_page((OURS / "index.html").read_text(encoding="utf-8"), list(patched)), encoding="utf-8")
    shutil.copyfile(OURS / "favicon.svg", dest / "favicon.svg")
    shutil.copyfile(package / "LICENSE", dest / "LICENSE.OHIF.txt")
    (dest / "VERSION").write_text(json.loads((package / "package.json").read_text())["version"] + "\n")


if __name__ == "__main__":
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
