# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every page exists in both languages: a key without its Chinese is a failure, and so is a Chinese that nothing shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

PORTAL = Path(__file__).resolve().parents[3] / "portal"


def messages_of_templates() -> set[str]:
    found = extract_from_dir(
        str(PORTAL / "templates"),
        [("**.html", "jinja2.ext:babel_extract")],
        {"**.html": {"extensions": "jinja2.ext.i18n", "trimmed": "true"}},
    )
    return {message[0] if isinstance(message, tuple) else message for _, _, message, _, _ in found}


def test_every_message_has_its_chinese_and_every_chinese_its_message() -> None:
    with (PORTAL / "translations/zh-CN.po").open("rb") as file:
        catalogue = read_po(file, locale="zh_CN")
    translated = {
        message.id[0] if isinstance(message.id, tuple) else message.id
        for message in catalogue
        if message.id and message.string and all(message.string if isinstance(message.string, tuple) else (message.string,))
    }
    used = messages_of_templates()
    assert len(used) > 40, "the extraction has found the templates"
    assert used - translated == set()
    assert translated - used == set()


@pytest.mark.parametrize("template", sorted((PORTAL / "templates").rglob("*.html")), ids=lambda path: path.name)
def test_templates_hold_no_inline_script_or_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\s(style|on[a-z]+)=", text)
    assert "|safe" not in text.replace(" ", "")
    assert "autoescape" not in text
