# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal's application without the parts behind it: to read which routes it has."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import MagicMock

from flask import Flask

from cloudfilm.settings import load_settings
from portal.app import create_app

_ORTHANC_JSON = Path(__file__).resolve().parents[2] / "orthanc.json"


def portal_application() -> Flask:
    """The same routes as those of a running installation with the shipped settings."""
    return create_app(MagicMock(settings=load_settings(_ORTHANC_JSON, {})))
