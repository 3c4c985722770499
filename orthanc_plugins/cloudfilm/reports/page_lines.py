# SPDX-License-Identifier: AGPL-3.0-or-later
"""From the characters of a page to its lines in the order in which a person reads them, every value behind its label."""

from cloudfilm.reports.columns import in_reading_order
from cloudfilm.reports.lines import Line, line_of, rows_of
from cloudfilm.reports.pairing import pair_labels_with_values_below
from cloudfilm.reports.side_headings import raise_side_headings
from cloudfilm.reports.stacking import mend_stacked_labels
from cloudfilm.reports.text_layer import PageText
from cloudfilm.reports.translations import without_translations
from cloudfilm.reports.wrapping import join_wrapped_values


def lines_by_place(page: PageText, number: int = 1) -> tuple[Line, ...]:
    """The lines that a reader sees on a page, whatever the order in which they were drawn."""
    rows = in_reading_order(rows_of(mend_stacked_labels(without_translations(page.characters))), page.width_points)
    lines = [line_of(placed.row, page.width_points, number, placed.room / page.width_points) for placed in rows]
    return tuple(raise_side_headings(join_wrapped_values(pair_labels_with_values_below(lines))))
