# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rewrites package-lock.json for the packages of package.json, and nothing else.

npm's own lock would name the 1,200 packages that OHIF is built from; none of them is needed, since its package carries the built viewer.
Here OHIF's entry declares no dependencies, so that `npm ci` fetches one archive and checks it against its hash. Needs npm and the network:

    python3 ohif_config/lock.py
"""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
OHIF = "@ohif/app"


def npm(*arguments: str, folder: Path) -> str:
    """What npm prints."""
    return subprocess.run(["npm", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def lock_of_the_others(package: dict[str, Any]) -> dict[str, Any]:
    """npm's own lock of every dependency but OHIF, without registry addresses."""
    others = {name: version for name, version in package["dependencies"].items() if name != OHIF}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "package.json").write_text(json.dumps({**package, "dependencies": others}))
        npm("install", "--package-lock-only", "--ignore-scripts", "--omit-lockfile-registry-resolved", folder=folder)
        lock: dict[str, Any] = json.loads((folder / "package-lock.json").read_text())
    for one in lock["packages"].values():
        one.pop("funding", None)
    return lock


def main() -> None:
    """Asks npm and writes the lock."""
    package = json.loads((FOLDER / "package.json").read_text())
    version = package["dependencies"][OHIF]
    integrity = npm("view", f"{OHIF}@{version}", "dist.integrity", folder=FOLDER).strip()
    lock = lock_of_the_others(package)
    lock["packages"][""]["dependencies"] = package["dependencies"]
    lock["packages"][f"node_modules/{OHIF}"] = {"version": version, "integrity": integrity, "license": "MIT"}
    lock["packages"] = dict(sorted(lock["packages"].items()))
    (FOLDER / "package-lock.json").write_text(json.dumps(lock, indent=2) + "\n")


if __name__ == "__main__":
    main()
