# SPDX-License-Identifier: AGPL-3.0-or-later
"""The OpenAPI document, read once, and its operations in the order in which a reader meets them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_HERE = Path(__file__).resolve().parent
_METHODS = ("get", "post", "put", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. ``credentials`` are names of security schemes, empty where none is needed."""

    method: str
    path: str
    tag: str
    summary: str
    description: str
    parameters: tuple[dict[str, Any], ...]
    takes: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    credentials: tuple[str, ...]

    @property
    def anchor(self) -> str:
        """Its name within a page."""
        return f"{self.method}-{self.path.strip('/').replace('/', '-').replace('{', '').replace('}', '')}"


@dataclass(frozen=True, slots=True)
class Example:
    """A program that a reader can copy: a file of examples/, which a test runs."""

    name: str
    language: str
    text: str

    @property
    def title(self) -> str:
        """What it does, from its first line."""
        return self.text.strip().splitlines()[0].strip('#" ')

    @property
    def code(self) -> str:
        """What follows the title."""
        return self.text.strip().split("\n", 1)[1].strip("\n")


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    loaded: dict[str, Any] = yaml.safe_load((_HERE / "openapi.yaml").read_text(encoding="utf-8"))
    return loaded


@cache
def operations() -> tuple[Operation, ...]:
    """Every operation, as the document orders them."""
    return tuple(_operations())


@cache
def examples() -> tuple[Example, ...]:
    """curl first, then Python."""
    files = sorted((_HERE / "examples").iterdir(), key=lambda file: (file.suffix != ".sh", file.name))
    languages = {".sh": "curl", ".py": "Python"}
    return tuple(Example(file.stem, languages[file.suffix], file.read_text(encoding="utf-8")) for file in files if file.suffix in languages)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """What a ``$ref`` refers to, or the part itself."""
    if "$ref" not in part:
        return part
    found: Any = document()
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return resolved(found)


def _operations() -> Iterator[Operation]:
    whole = document()
    for path, item in whole["paths"].items():
        for method in _METHODS:
            if method not in item:
                continue
            told = item[method]
            yield Operation(
                method=method.upper(),
                path=path,
                tag=told["tags"][0],
                summary=told["summary"],
                description=told.get("description", ""),
                parameters=tuple(resolved(one) for one in [*item.get("parameters", []), *told.get("parameters", [])]),
                takes=tuple(told.get("requestBody", {}).get("content", {})),
                answers=tuple((status, resolved(answer)["description"]) for status, answer in sorted(told["responses"].items())),
                credentials=tuple(name for choice in told.get("security", whole["security"]) for name in choice),
            )
