# SPDX-License-Identifier: AGPL-3.0-or-later
"""Breaking Chinese text into lines, as a word processor does it."""

import re
from collections.abc import Callable

NOT_AT_START = "，。、；：？！）》”’·,.;:?!)%"


def chinese_lines(text: str, width: float, width_of: Callable[[str], float]) -> list[str]:
    """
    Break one paragraph into lines no wider than `width`, in the unit of `width_of`.

    A line may end after any character, but not inside a Latin word or a number, and no line begins with closing punctuation.
    """
    lines: list[str] = []
    tokens: list[str] = []
    for token in re.findall(r"[A-Za-z0-9.×+\-/]+|.", text):
        if "".join(tokens).strip("　 ") and width_of("".join([*tokens, token])) > width:
            carried = [tokens.pop()] if token in NOT_AT_START and len(tokens) > 1 else []
            lines.append("".join(tokens))
            tokens = carried
        tokens.append(token)
    return [*lines, "".join(tokens)] if tokens else lines
