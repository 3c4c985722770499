# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of the gateway's logs may leave the hospital: records of known shape, without UIDs, hashes or anything that an error quotes.

Orthanc and Python may put values of a file into a message of an error, so what is not known to be harmless stays here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_TAIL_BYTES = 400_000
_MOST_LINES = 1000
# Our own parts: time, level, name, message. Of a traceback the places, and of its last line the exception's name.
_OURS = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ [\w.]+: .*")
_FRAME = re.compile(r'  File "[^"]+", line \d+, in \S+')
_EXCEPTION = re.compile(r"([A-Za-z_][\w.]*(?:Error|Exception|Failure|Trusted|Unavailable))(?::.*)?")
_SUPERVISOR = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} (?:INFO|WARN|CRIT|ERRO) .*")
# Orthanc's: only where it speaks of associations, of its start and end, of its servers, and where our plugin speaks.
_ORTHANC = re.compile(
    r"[WE]\d{4} \d\d:\d\d:\d\d\.\d+ +\S+ +(?:CommandDispatcher|main|OrthancConfiguration|HttpServer|JobsEngine)\.cpp:\d+\] .*"
)
_PLUGIN = re.compile(r"[WE]\d{4} \d\d:\d\d:\d\d\.\d+ +\S+ +\S*Plugin[^\]]*\] (?:refused an instance|kept aside|could not judge).*")
_SECRETS = (
    (re.compile(r"\b\d+(?:\.\d+){6,}\b"), "[UID]"),
    (re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{8}){4}\b"), "[ID]"),
    (re.compile(r"\b[0-9a-fA-F]{32,}\b"), "[hash]"),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "[token]"),
)


def excerpt(logs: Path) -> str:
    """The last lines of the three logs, each below its name."""
    parts = []
    for name, shapes in (("forwarder", (_OURS, _FRAME)), ("orthanc", (_ORTHANC, _PLUGIN)), ("supervisord", (_SUPERVISOR,))):
        kept = list(harmless(_last_lines(logs / f"{name}.log"), shapes))[-_MOST_LINES:]
        parts.append(f"== {name}\n" + "".join(f"{line}\n" for line in kept))
    return "\n".join(parts)


def harmless(lines: Iterable[str], shapes: tuple[re.Pattern[str], ...]) -> Iterator[str]:
    """Lines of these shapes, with what points to an exam taken out."""
    for line in lines:
        if any(shape.fullmatch(line) for shape in shapes):
            for secret, instead in _SECRETS:
                line = secret.sub(instead, line)
            yield line[:500]
        elif _FRAME in shapes and (found := _EXCEPTION.fullmatch(line)):
            yield found[1]


def _last_lines(path: Path) -> list[str]:
    try:
        with open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    return lines[1:] if size > _TAIL_BYTES else lines
