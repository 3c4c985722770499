# SPDX-License-Identifier: AGPL-3.0-or-later
"""WADO-RS answers as they lie on disk: a frame as multipart/related (PS3.18 §10.4.3), the metadata of a series as compressed JSON (§F)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from cloudfilm.publish.kinds import MEDIA_TYPES

# docker/nginx/published.conf says it in the header; what holds these bytes itself is not published.
BOUNDARY = "cloudfilm-5b0c1f7e92d84f3aa6e1"
_TRANSFER_SYNTAXES = "1.2.840.10008.1.2."


class HoldsTheBoundary(Exception):
    """A frame has the boundary in it, which nobody writes by chance."""


def frame_answer(frame: bytes, transfer_syntax_uid: str) -> bytes:
    """The answer's body."""
    if BOUNDARY.encode() in frame:
        raise HoldsTheBoundary
    head = f"--{BOUNDARY}\r\nContent-Type: {MEDIA_TYPES[transfer_syntax_uid]}; transfer-syntax={transfer_syntax_uid}\r\n\r\n"
    return b"".join((head.encode("ascii"), frame, f"\r\n--{BOUNDARY}--\r\n".encode("ascii")))


def frame_suffix(transfer_syntax_uid: str) -> str:
    """The end of a published frame's name, by which nginx knows its transfer syntax: ``202`` for 1.2.840.10008.1.2.4.202, ``5`` for RLE."""
    return transfer_syntax_uid.removeprefix(_TRANSFER_SYNTAXES).removeprefix("4.")


def metadata_answer(datasets: Sequence[Mapping[str, Any]]) -> bytes:
    """The answer's body, compressed; bulk data keep their paths and lose the host that Orthanc was asked under."""
    text = json.dumps([_relative(dataset) for dataset in datasets], ensure_ascii=False, separators=(",", ":"))
    return gzip.compress(text.encode("utf-8"), compresslevel=6, mtime=0)


def _relative(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: urlsplit(one).path if key == "BulkDataURI" and isinstance(one, str) else _relative(one) for key, one in value.items()}
    return [_relative(one) for one in value] if isinstance(value, list) else value
