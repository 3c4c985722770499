# SPDX-License-Identifier: AGPL-3.0-or-later
"""The twelve layouts by name."""

import random
from collections.abc import Callable

from demo.forms.layouts import (
    above,
    bilingual,
    bracketed,
    dense,
    left_colon,
    letterhead,
    multi_page,
    right_aligned,
    sidebar,
    table,
    two_columns,
    wide_gaps,
)
from demo.forms.pen import Pen
from demo.forms.wording import Wording

LAYOUTS: dict[str, Callable[[Pen, Wording, random.Random], None]] = {
    module.__name__.rpartition(".")[2]: module.draw
    for module in (
        left_colon, above, table, two_columns, right_aligned, wide_gaps, dense, multi_page, letterhead, sidebar, bilingual, bracketed,
    )
}  # fmt: skip
