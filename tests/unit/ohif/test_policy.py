# SPDX-License-Identifier: AGPL-3.0-or-later
"""The Content-Security-Policy of the viewer: nothing from elsewhere, and code from text only in the workers that cannot do without."""

import re

import pytest

from tests.unit.ohif.conftest import SOURCE, Installed

NGINX = SOURCE.parent / "docker" / "nginx"
# Emscripten's embind: what it calls its constructors by, and builds with `new Function`.
EMBIND = "new_ called with constructor"


@pytest.fixture(scope="module")
def policy() -> dict[str, list[str]]:
    (text,) = re.findall(r'Content-Security-Policy "([^"]*)"', (NGINX / "ohif.conf").read_text(encoding="utf-8"))
    return {name: sources for name, *sources in (directive.split() for directive in text.replace("$ohif_eval", "").split(";"))}


@pytest.fixture(scope="module")
def may_evaluate() -> re.Pattern[str]:
    """The addresses that nginx sends with 'unsafe-eval'."""
    template = (NGINX / "nginx.conf.template").read_text(encoding="utf-8")
    (pattern,) = re.findall(r"location ~ (\S+) \{\s*set \$ohif_eval \" 'unsafe-eval'\";", template)
    return re.compile(pattern)


def test_everything_comes_from_our_own_origin(policy: dict[str, list[str]]) -> None:
    assert policy["default-src"] == ["'none'"]
    assert not [source for sources in policy.values() for source in sources if source[0] != "'" and source not in {"blob:", "data:"}]


def test_no_script_is_inline_or_made_from_text(policy: dict[str, list[str]]) -> None:
    assert policy["script-src"] == ["'self'", "'wasm-unsafe-eval'"]


def test_the_codecs_worker_may_evaluate(may_evaluate: re.Pattern[str], ohif: Installed) -> None:
    allowed = [name for name in ohif.names("*.js") if may_evaluate.match(f"/viewer/{name}")]
    assert [name.split(".")[0] for name in allowed] == ["8097", "polySeg"]
    assert EMBIND in ohif.text(allowed[0])


def test_the_page_may_not(may_evaluate: re.Pattern[str], ohif: Installed) -> None:
    assert not [name for name in ["viewer", "index.html", *ohif.names("app.bundle.*.js")] if may_evaluate.match(f"/viewer/{name}")]


def test_the_readme_shows_it(policy: dict[str, list[str]]) -> None:
    written = "; ".join(" ".join([name, *sources]) for name, sources in policy.items())
    assert f"    {written}\n" in (SOURCE / "README.md").read_text(encoding="utf-8")
