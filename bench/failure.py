# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why nothing could be measured."""

from __future__ import annotations


class BenchFailed(Exception):
    """Said in one sentence; the exit status is 1."""
