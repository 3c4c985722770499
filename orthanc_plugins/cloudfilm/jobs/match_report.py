# SPDX-License-Identifier: AGPL-3.0-or-later
"""Matching as jobs call it; it lives in `cloudfilm.reports.binding`, which the staff's review page uses too."""

from __future__ import annotations

from cloudfilm.reports.binding import match_report_in

__all__ = ["match_report_in"]
