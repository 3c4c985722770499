# SPDX-License-Identifier: AGPL-3.0-or-later
"""OHIF as its makers publish it, complete, beside a stock Orthanc: only minified and compressed, which their own production build does too."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

from bench.failure import BenchFailed
from machine.installation import APP

_CACHE = Path("/opt/cloudfilm/cache")
_MADE_OF = ("fetch", "package.json", "package-lock.json")
_COMPRESSED = {".js", ".css", ".wasm", ".svg", ".html"}
# Not asked for by any page that is measured, and large: source maps, AI inference, whole slides.
_LEFT_OUT = shutil.ignore_patterns("*.map", "ort", "dicom-microscopy-viewer")


def stock_ohif() -> Path:
    """Its folder, made once for each version (a minute, with network access): a file and ``FILE.gz`` (gzip -9, as in OHIF's own container)."""
    content = b"\0".join([*((APP / "ohif_config" / name).read_bytes() for name in _MADE_OF), Path(__file__).read_bytes()])
    made = _CACHE / f"stock-ohif-{hashlib.sha256(content).hexdigest()[:16]}"
    if not made.exists():
        with tempfile.TemporaryDirectory(prefix="cloudfilm-bench-", dir=_CACHE) as folder:
            _make(Path(folder))
            (Path(folder) / "dist").rename(made)
    return made


def _make(work: Path) -> None:
    _run([str(APP / "ohif_config/fetch"), str(work)])
    published, dist = work / "node_modules/@ohif/app/dist", work / "dist"
    shutil.copytree(published, dist, ignore=_LEFT_OUT)
    texts = [str(path.relative_to(published)) for suffix in ("js", "css") for path in published.glob(f"*.bundle.*{suffix}")]
    esbuild = [
        str(work / "node_modules/.bin/esbuild"),
        "--minify",
        "--log-level=error",
        f"--outdir={dist}",
        "--outbase=.",
        "--allow-overwrite",
    ]
    _run([*esbuild, *texts], published, work / "node/bin")
    _run(["gzip", "-9", "--keep", *(str(path) for path in dist.iterdir() if path.suffix in _COMPRESSED)])
    dist.chmod(0o755)


def _run(command: list[str], folder: Path | None = None, path: Path | None = None) -> None:
    if path is not None:
        command = ["/usr/bin/env", f"PATH={path}:/usr/bin:/bin", *command]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BenchFailed(f"OHIF as its makers publish it could not be made: {(done.stderr or done.stdout)[-500:]}")
