# SPDX-License-Identifier: AGPL-3.0-or-later
"""docs/security.md names a test for every attack: each of them exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / "docs/security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT)


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED)))
def test_a_named_test_exists(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_line_about_an_attack_names_a_test() -> None:
    attacks = DOCUMENT.split("## Attacks")[1].split("\n## ")[0]
    rows = [line for line in attacks.splitlines() if line.startswith("| ") and not line.startswith("| Attack |")]
    assert len(rows) >= 30
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py::\w+` \|$", row)] == []
