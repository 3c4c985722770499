# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sample paths for a route's pattern: one for each alternative, with real objects where it takes any value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

_ANY_VALUE = "\0"
_PARAMETER = re.compile(r"\{[^}]*\}|<[^>]*>")
_UNLIMITED_CLASSES = ("ANY", "NOT_LITERAL")


def paths_of_expression(expression: str, values: Mapping[str, str]) -> list[str]:
    """Paths that a regular expression matches, one for each of its alternatives."""
    return sorted({with_values(path, values) for path in _alternatives(re._parser.parse(expression))})  # type: ignore[attr-defined]


def with_values(template: str, values: Mapping[str, str]) -> str:
    """A path with each ``{parameter}`` replaced by the value that is known under the segment before it (``studies`` …), else by ``sample``."""
    segments = _PARAMETER.sub(_ANY_VALUE, template).split("/")
    for place, segment in enumerate(segments):
        if segment == _ANY_VALUE:
            segments[place] = values.get(segments[place - 1], "sample")
    return "/".join(segments).replace(_ANY_VALUE, "0")


def _alternatives(parsed: Iterable[tuple[Any, Any]]) -> list[str]:
    return ["".join(parts) for parts in product(*(_alternatives_of_one(str(kind), argument) for kind, argument in parsed))]


def _alternatives_of_one(kind: str, argument: Any) -> list[str]:
    if kind == "LITERAL":
        return [chr(argument)]
    if kind == "AT":
        return [""]
    if kind == "IN":
        literal = all(str(inner) == "LITERAL" for inner, _ in argument)
        return [chr(value) for _, value in argument] if literal else [_ANY_VALUE]
    if kind in _UNLIMITED_CLASSES:
        return [_ANY_VALUE]
    if kind == "SUBPATTERN":
        return _alternatives(argument[-1])
    if kind == "BRANCH":
        return [path for branch in argument[1] for path in _alternatives(branch)]
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, repeated = argument
        once = _alternatives(repeated)
        return ["", *once] if (least, int(most)) == (0, 1) else once
    raise NotImplementedError(f"no samples for {kind} in a route's pattern")
