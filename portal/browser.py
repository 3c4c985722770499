# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the reader's browser cannot do. WeChat's own saves no files, opens no second window and has no dialog for passing things on."""

from __future__ import annotations

from flask import Flask, request


def register_browser(app: Flask) -> None:
    """Templates have ``in_wechat``."""
    app.context_processor(lambda: {"in_wechat": is_wechat(request.headers.get("User-Agent", ""))})


def is_wechat(user_agent: str) -> bool:
    """Whether a User-Agent is WeChat's browser, on a phone or on a computer (WeCom's too)."""
    return "MicroMessenger/" in user_agent
