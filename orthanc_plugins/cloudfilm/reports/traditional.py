# SPDX-License-Identifier: AGPL-3.0-or-later
"""Traditional characters of labels and titles as the Simplified ones, character by character, so that places in a line stay what they are."""

from __future__ import annotations

_PAIRS = (
    "鉬钼"
    "檢检號号編编門门診诊醫医師师報报審审複复覆复齡龄歲岁別别間间時时錄录記记員员項项單单類类備备註注設设請请開开臨临斷断結结論论見见現现發发"
    "徵征鏡镜內内術术攝摄掃扫線线處处歷历機机電电話话證证職职業业費费區区來来態态對对劑剂簽签閱阅終终級级寫写聲声學学圖图陽阳陰阴碼码頁页"
    "國国參参據据僅仅專专衛卫體体驗验療疗層层計计腸肠書书聯联訴诉實实參参負负責责諮咨詢询紀纪議议識识歲岁產产婦妇兒儿"
)
_FOLD = str.maketrans(_PAIRS[::2], _PAIRS[1::2])


def folded(text: str) -> str:
    """The text as it is looked up: of the same length, a character for a character."""
    return text.translate(_FOLD)
