# SPDX-License-Identifier: AGPL-3.0-or-later
"""CloudFilm's version, as in pyproject.toml."""

VERSION = "0.1.0"
