# SPDX-License-Identifier: AGPL-3.0-or-later
"""In which of the two forms of PS3.18 table 8.7.3-2 a client takes datasets: DICOM JSON, or XML in multipart/related."""

from __future__ import annotations

from enum import Enum, auto

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header, parse_options_header

from cloudfilm.errors import NotAcceptable

_JSON = frozenset({"application/dicom+json", "application/json", "application/*", "*/*"})
_XML = "application/dicom+xml"


class Form(Enum):
    """How datasets are written."""

    JSON = auto()
    XML = auto()


def form_for(accept: str) -> Form:
    """The form that an Accept header, or the query parameter of that name, prefers; DICOM JSON for none.

    Raises
    ------
    NotAcceptable
        Neither form is among what the client takes.
    """
    if not accept.strip():
        return Form.JSON
    for media_range, quality in sorted(parse_accept_header(accept, MIMEAccept), key=lambda one: -one[1]):
        media_type, options = parse_options_header(media_range)
        if quality <= 0:
            continue
        if media_type in _JSON:
            return Form.JSON
        if (media_type in ("multipart/related", "multipart/*") and options.get("type", _XML) == _XML) or media_type == _XML:
            return Form.XML
    raise NotAcceptable(f'Answers are given as application/dicom+json or multipart/related; type="{_XML}".')
