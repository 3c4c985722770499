# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language of a page: `?lang=`, else the cookie, else what the browser asks for, else Chinese. Translations are gettext catalogues.

The cookie is readable by scripts on purpose: the viewer takes its language from it.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, Response, g, request

LANGUAGES = ("zh-CN", "en")
COOKIE = "lang"
_CATALOGUES = Path(__file__).parent / "translations"
_YEAR_SECONDS = 365 * 24 * 3600


def register_language(app: Flask) -> None:
    """Choose before each request; remember an explicit choice after it. Templates have ``_``, ``language`` and ``languages``."""

    def choose() -> None:
        g.language = chosen_language(request.args.get("lang"), request.cookies.get(COOKIE), request.headers.get("Accept-Language", ""))

    def remember(response: Response) -> Response:
        asked = request.args.get("lang")
        if asked in LANGUAGES or COOKIE not in request.cookies:
            response.set_cookie(COOKIE, g.get("language", LANGUAGES[0]), max_age=_YEAR_SECONDS, secure=True, samesite="Lax", path="/")
        return response

    app.before_request(choose)
    app.after_request(remember)
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda message: catalogue(g.language).gettext(message),
        lambda one, many, number: catalogue(g.language).ngettext(one, many, number),
        newstyle=True,
    )
    app.jinja_env.globals["languages"] = LANGUAGES
    app.context_processor(lambda: {"language": g.get("language", LANGUAGES[0])})


def chosen_language(asked: str | None, remembered: str | None, accepted: str) -> str:
    """One of `LANGUAGES`.

    Parameters
    ----------
    accepted : str
        The Accept-Language header; only its first choice counts, since every browser in China lists English too.
    """
    for choice in (asked, remembered):
        if choice in LANGUAGES:
            return str(choice)
    first = accepted.split(",")[0].strip().lower()
    return "en" if first and not first.startswith("zh") else "zh-CN"


@cache
def catalogue(language: str) -> NullTranslations:
    """The translations into a language; messages are English, so English has none."""
    path = _CATALOGUES / f"{language}.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        messages = read_po(file, locale=language.replace("-", "_"))
    compiled = BytesIO()
    write_mo(compiled, messages)
    compiled.seek(0)
    return Translations(compiled)
