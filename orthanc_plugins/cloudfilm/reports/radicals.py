# SPDX-License-Identifier: AGPL-3.0-or-later
"""Radicals that PDF fonts put in the place of ordinary characters.

A font that has one glyph for 用 and for the radical ⽤ lets the PDF's writer name either, and what is read back looks right and is not equal.
The Kangxi radicals (U+2F00–2FDF) and the compatibility ideographs have a decomposition in Unicode; the supplement (U+2E80–2EFF) has almost
none, so its table is written here, after Unicode's EquivalentUnifiedIdeograph.txt.
"""

import unicodedata

_SUPPLEMENT = {
    "⺁": "厂", "⺂": "乛", "⺃": "乚", "⺄": "乙", "⺅": "亻", "⺆": "冂", "⺈": "刀", "⺉": "刂", "⺊": "卜", "⺋": "㔾", "⺌": "小", "⺍": "小",
    "⺎": "兀", "⺏": "尣", "⺐": "尢", "⺒": "巳", "⺓": "幺", "⺔": "彑", "⺖": "忄", "⺗": "㣺", "⺘": "扌", "⺙": "攵", "⺛": "旡", "⺜": "日",
    "⺝": "月", "⺞": "歺", "⺟": "母", "⺠": "民", "⺡": "氵", "⺢": "氺", "⺣": "灬", "⺤": "爫", "⺥": "爫", "⺦": "丬", "⺧": "牛", "⺨": "犭",
    "⺩": "王", "⺫": "目", "⺬": "示", "⺭": "礻", "⺯": "糹", "⺰": "纟", "⺱": "罓", "⺲": "罒", "⺶": "羊", "⺹": "耂", "⺺": "肀", "⺻": "聿",
    "⺼": "肉", "⺾": "艹", "⺿": "艹", "⻀": "艹", "⻁": "虎", "⻂": "衤", "⻃": "覀", "⻄": "西", "⻅": "见", "⻆": "角", "⻈": "讠", "⻉": "贝",
    "⻊": "足", "⻋": "车", "⻌": "辶", "⻍": "辶", "⻎": "辶", "⻏": "邑", "⻐": "钅", "⻑": "長", "⻒": "镸", "⻓": "长", "⻔": "门", "⻖": "阝",
    "⻗": "雨", "⻘": "青", "⻙": "韦", "⻚": "页", "⻛": "风", "⻜": "飞", "⻝": "食", "⻟": "飠", "⻠": "饣", "⻢": "马", "⻣": "骨", "⻤": "鬼",
    "⻥": "鱼", "⻦": "鸟", "⻧": "卤", "⻨": "麦", "⻩": "黄", "⻪": "黾", "⻫": "斉", "⻬": "齐", "⻭": "歯", "⻮": "齿", "⻯": "竜", "⻰": "龙",
    "⻱": "龜", "⻲": "亀", "⻳": "龟",
}  # fmt: skip


def _ordinary(code: int) -> str:
    return _SUPPLEMENT.get(chr(code)) or unicodedata.normalize("NFKC", chr(code))


_TABLE = {code: _ordinary(code) for block in ((0x2E80, 0x2FE0), (0xF900, 0xFB00), (0x2F800, 0x2FA20)) for code in range(*block)}


def without_radicals(text: str) -> str:
    """
    The text with every radical and compatibility ideograph replaced by the character that it looks like.

    Nothing else is changed. NFKC on the whole text would be wrong here: it makes 10² into 102 and ① into 1, and this is what a doctor wrote.
    """
    return text.translate(_TABLE)
