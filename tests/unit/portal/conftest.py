# SPDX-License-Identifier: AGPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask, render_template

from portal.hospital_says import HospitalSays
from portal.language import LANGUAGES, register_language

type Render = Callable[..., str]


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """One language after the other."""
    return str(request.param)


@pytest.fixture
def render(language: str) -> Render:
    """A page in a language, with no more around it than that."""
    app = Flask("portal", static_folder=None)
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    register_language(app)
    app.jinja_env.globals["csrf_field"] = lambda: ""

    def rendered(template: str, **values: object) -> str:
        with app.test_request_context(f"/?lang={language}"):
            app.preprocess_request()
            return render_template(template, **{"said": HospitalSays(), **values})

    return rendered
