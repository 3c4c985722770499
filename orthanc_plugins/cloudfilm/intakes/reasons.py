# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a document was put aside, in Chinese and English, for the file that lies beside it."""

from __future__ import annotations

import re

_CHINESE = (
    (r"needs a password", "文件已加密，请取消密码后重新发送。"),
    (r"is larger than|is too large|impossible size", "文件过大或页面尺寸异常，请以 A4、300 dpi 以内重新打印或扫描。"),
    (r"has (\d+) pages", "文件共 {0} 页，报告应为 1 至 50 页，可能误发了其他文件。"),
    (r"took too long|too much memory", "文件过于复杂或已损坏，请重新打印；若再次出现，请告知管理员该文件由哪个程序生成。"),
    (r"is not a PDF", "文件不是 PDF 或图片，请重新打印报告。"),
    (
        r"scripts or files",
        "文件内含脚本或附件，请用“打印”方式重新生成 PDF 后发送；若报告系统的 PDF 都如此，请联系管理员（ActiveDocuments）。",
    ),
    (r"damaged", "文件已损坏或不完整，请重新打印报告。"),
)


def in_both_languages(reason: str) -> str:
    """The reason with what to do about it in Chinese before it; alone where none is known."""
    for pattern, chinese in _CHINESE:
        if found := re.search(pattern, reason):
            return f"{chinese.format(*found.groups())}\n{reason[0].upper()}{reason[1:]}\n"
    return f"{reason}\n"
