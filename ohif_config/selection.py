# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which files of OHIF's dist/ CloudFilm serves.

Left out is what only another mode needs (whole-slide microscopy, PET quantification, 4D, segmentation editing, ultrasound annotation, AI inference),
sign-in by OpenID Connect, the service worker, OHIF's icons, sample configurations and source maps. The tests open the viewer and fail on a missing file.
"""

from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

# Bundles are named by their chunk's number; the comment says whose chunk it is.
UNUSED_CHUNKS = {
    "976": "tmtv extension (style)",
    "1180": "ultrasound pleura B-line mode",
    "1483": "segmentation mode",
    "1602": "dynamic volume extension",
    "2779": "ultrasound pleura B-line extension",
    "4556": "basic development mode",
    "4683": "preclinical 4D mode",
    "5189": "dicom-microscopy extension, lazily",
    "5731": "dicom-microscopy extension",
    "7499": "tmtv extension",
    "8423": "test extension",
    "8492": "tmtv mode",
    "8832": "dicom-microscopy extension",
    "9290": "microscopy mode",
    "9437": "test mode",
}

UNUSED_FILES = (
    "ort/*",
    "dicom-microscopy-viewer/*",
    "customizations/*",
    "assets/*.png",
    "assets/*.ico",
    "assets/*.json",
    "assets/*.xml",
    "assets/*.webapp",
    "*.map",
    "_headers",
    "_redirects",
    "app-config.js",
    "es6-shim.min.js",
    "google.js",
    "index.html",
    "init-service-worker.js",
    "manifest.json",
    "ohif-logo*.svg",
    "oidc-client.min.js",
    "polyfill.min.js",
    "serve.json",
    "silent-refresh.html",
    "sw.js",
)

# Pictures of the 3D rendering presets: they are shown in a menu.
KEPT_FILES = ("assets/images/*",)


def is_served(path: PurePosixPath) -> bool:
    """Whether a file, by its path inside dist/, belongs to the viewer that CloudFilm serves."""
    name = str(path)
    if any(fnmatch(name, pattern) for pattern in KEPT_FILES):
        return True
    if path.name.split(".")[0] in UNUSED_CHUNKS and path.suffix in {".js", ".css"}:
        return False
    return not any(fnmatch(name, pattern) for pattern in UNUSED_FILES)


def served_files(dist: Path) -> list[PurePosixPath]:
    """The files to serve, as paths inside `dist`.

    Raises
    ------
    ValueError
        When a chunk that should be left out is not there: this is another version of OHIF, and the list must be made anew.
    """
    paths = [PurePosixPath(path.relative_to(dist).as_posix()) for path in sorted(dist.rglob("*")) if path.is_file()]
    absent = set(UNUSED_CHUNKS) - {path.name.split(".")[0] for path in paths}
    if absent:
        raise ValueError(f"selection: chunks {sorted(absent)} are not in this OHIF; see ohif_config/README.md on new versions")
    return [path for path in paths if is_served(path)]
