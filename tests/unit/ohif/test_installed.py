# SPDX-License-Identifier: AGPL-3.0-or-later
"""The static files that ohif_config/install made."""

import json
import re

from tests.unit.ohif.conftest import OURS, SOURCE, Installed


def test_it_is_the_version_that_package_json_names(ohif: Installed) -> None:
    assert ohif.text("VERSION").strip() == json.loads((SOURCE / "package.json").read_text())["dependencies"]["@ohif/app"]


def test_every_runtime_loads_below_viewer(ohif: Installed) -> None:
    public_paths = {name: re.findall(r'(?<=[\w$])\.p="([^"]*)"', ohif.text(name)) for name in ohif.names("*.bundle.*.js")}
    assert sum("/viewer/" in paths for paths in public_paths.values()) == 8
    assert not [name for name, paths in public_paths.items() if "/" in paths]
    assert not [name for name in ohif.names("*.js") if "__webpack_require__" in ohif.text(name)]


def test_styles_load_below_viewer(ohif: Installed) -> None:
    urls = {url for name in ohif.names("*.css") for url in re.findall(r"url\((?!['\"]?data:)([^)]*)\)", ohif.text(name))}
    assert urls
    assert all(url.startswith("/viewer/") and (ohif.folder / url.removeprefix("/viewer/")).is_file() for url in urls)


def test_the_page_has_no_inline_script_and_every_file_it_names(ohif: Installed) -> None:
    page = ohif.text("index.html")
    assert not re.findall(r"<script(?![^>]*\bsrc=)", page)
    assert not re.findall(r"\son\w+=", page)
    for name, query in re.findall(r'(?:src|href)="/viewer/([^"?]+)(\??[^"]*)"', page):
        assert (SOURCE / name if name in OURS else ohif.folder / name).is_file(), name
        assert query == ("?@VIEWER_SCRIPTS@" if name in OURS else ""), name


def test_a_chunk_is_missing_only_when_it_was_left_out(ohif: Installed) -> None:
    from selection import UNUSED_CHUNKS

    names, hashes = re.findall(r'\((\{\d+:"[a-zA-Z][^}]*\})\[\w+\]\|\|\w+\)\+"\.bundle\."\+(\{[^}]*\})', ohif.text("app.bundle.*.js"))[0]
    named = dict(re.findall(r'(\d+):"([^"]+)"', names))
    for chunk, digest in re.findall(r'(\d+):"([^"]+)"', hashes):
        present = (ohif.folder / f"{named.get(chunk, chunk)}.bundle.{digest}.js").is_file()
        assert present == (chunk not in UNUSED_CHUNKS), chunk


def test_only_the_basic_viewer_is_loaded(ohif: Installed) -> None:
    assert set(re.findall(r'\.push\("(@ohif/[\w-]+)"\)', ohif.text("app.bundle.*.js"))) == {
        "@ohif/extension-default",
        "@ohif/extension-cornerstone",
        "@ohif/mode-longitudinal",
    }


def test_what_is_not_served_is_not_there(ohif: Installed) -> None:
    assert not [
        path for path in ohif.folder.rglob("*") if path.suffix == ".map" or path.name in {"sw.js", "init-service-worker.js", "google.js"}
    ]
    assert not (ohif.folder / "ort").exists()
    assert not (ohif.folder / "dicom-microscopy-viewer").exists()
    assert not [name for name in ohif.names("*.js") if "sourceMappingURL" in ohif.text(name)]
    assert "serviceWorker.register" not in ohif.text("app.bundle.*.js")


def test_everything_that_can_be_compressed_is(ohif: Installed) -> None:
    for path in ohif.folder.rglob("*"):
        if path.suffix in {".js", ".css", ".wasm", ".svg", ".html"}:
            assert path.with_name(path.name + ".gz").is_file(), path
            assert path.with_name(path.name + ".br").stat().st_size <= path.stat().st_size + 8, path


def test_the_first_load_stays_small(ohif: Installed) -> None:
    (app,) = ohif.folder.glob("app.bundle.*.js.br")
    assert app.stat().st_size < 1_400_000


def test_decoders_carry_nothing_for_debuggers(ohif: Installed) -> None:
    modules = [(ohif.folder / name).read_bytes() for name in ohif.names("*.wasm")]
    assert len(modules) == 5
    assert not [len(one) for one in modules if b".debug_" in one]


def test_the_page_asks_early_for_what_the_first_image_needs(ohif: Installed) -> None:
    page = ohif.text("index.html")
    early = re.findall(r'<link rel="(?:preload|prefetch)"[^>]* href="/viewer/([^"]+)"', page)
    assert len(early) == len(set(early)) > 30
    (decoder,) = (name for name in early if name.endswith(".wasm"))
    assert b"HTJ2KDecoder" in (ohif.folder / decoder).read_bytes()
    assert set(re.findall(r"@\w+@", page)) == {"@VIEWER_SCRIPTS@"}  # filled in at the start (machine/templates.py)


def test_licences_travel_with_the_code(ohif: Installed) -> None:
    assert "Open Health Imaging Foundation" in ohif.text("LICENSE.OHIF.txt")
    assert ohif.names("app.bundle.*.LEGAL.txt")
