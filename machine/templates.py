# SPDX-License-Identifier: AGPL-3.0-or-later
"""Configuration files from the templates in docker/: ``@NAME@`` becomes a value. The containers use the same templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

_NAME = re.compile(r"@([A-Z_]+)@")


def render(template: Path, values: Mapping[str, str]) -> str:
    """The template with every name replaced; KeyError names one that has no value."""
    return _NAME.sub(lambda match: values[match[1]], template.read_text(encoding="utf-8"))


def render_nginx(source: Path, destination: Path, values: Mapping[str, str]) -> None:
    """nginx.conf, the snippets that it includes, and the viewer's page, which names our scripts by their version."""
    destination.mkdir(parents=True, exist_ok=True)
    known = {**values, "NGINX": str(destination)}
    (destination.parent / "nginx.conf").write_text(render(source / "nginx.conf.template", known), encoding="utf-8")
    for snippet in [*source.glob("*.conf"), source / "unavailable.html"]:
        (destination / snippet.name).write_text(render(snippet, known), encoding="utf-8")
    (destination / "viewer.html").write_text(render(Path(values["OHIF"]) / "index.html", known), encoding="utf-8")
