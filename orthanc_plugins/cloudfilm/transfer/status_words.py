# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the gateway's own page; messages are the English sentences."""

from __future__ import annotations

from collections.abc import Callable

CHINESE = {
    "CloudFilm gateway": "云胶片院内网关",
    "Paired with": "已连接云端",
    "as": "名称",
    "Not paired yet": "尚未配对",
    "Ask the cloud's administrator for a pairing code, then start the gateway with": "请向云端管理员索取配对码，然后这样启动网关：",
    "The line is good.": "线路正常。",
    "The line is down:": "线路中断：",
    "Everything goes on by itself as soon as it is back. Nothing is lost meanwhile.": "线路恢复后会自动继续传输，期间不会丢失任何数据。",
    "Waiting": "等待上传",
    "Confirmed by the cloud, still kept here": "云端已确认，本地仍保留",
    "everything confirmed since": "此时之后确认的全部保留：",
    "Set aside": "已搁置",
    "Conflicts": "内容冲突",
    "Speed": "速度",
    "Free on the disk": "磁盘剩余",
    "of": "共",
    "Waiting since": "最早等待",
    "good": "充足",
    "low": "偏低",
    "full": "已满",
    "The disk is nearly full: new images are refused until there is room. Modalities keep them and send them again.": (
        "磁盘即将用尽：在腾出空间前拒绝接收新影像，设备会保留并重新发送。"
    ),
    "The disk is getting full.": "磁盘空间不足，请留意。",
    "Last trouble": "最近一次故障",
    "Look at these": "请处理以下影像",
    "They are kept here until somebody has decided; the rest goes on.": "它们会一直保留在本机直到有人处理，其余影像照常传输。",
    "Study": "检查",
    "Image": "影像",
    "Why": "原因",
    "Tries": "尝试次数",
    "Arrived": "到达时间",
    "Try all again now": "立即全部重试",
    "Files with other content under a UID that is here, about to be handed over to the cloud:": (
        "与本机已有影像 UID 相同而内容不同、即将移交云端的文件："
    ),
    "As of": "截至",
    "Reload": "刷新",
    "the cloud has other content under the same SOPInstanceUID": "云端同一 SOPInstanceUID 下的内容不同",
    "the cloud keeps it aside until people have decided": "云端已另行保存，等待人工处理",
    "people decided for another content": "已人工确认采用另一份内容",
    "the cloud has no room": "云端空间不足",
    "the cloud cannot understand this file": "云端无法识别该文件",
    "the cloud could not take this file": "云端未能接收该文件",
    "the study belongs to another hospital": "该检查属于其他医院",
    "the cloud does not allow this": "云端不允许",
    "the cloud gave no receipt for it": "云端未给出收据",
    "The cloud does not know this gateway (any more): pair it again.": "云端不认识（或已不再认识）本网关：请重新配对。",
    "The cloud's certificate is not trusted, or the encrypted line was cut.": "云端证书不受信任，或加密线路被中断。",
    "The proxy does not let us through.": "代理服务器未放行。",
}


def words_for(language: str) -> Callable[[str], str]:
    """Translates; what has no translation stays as it is."""
    return (lambda message: CHINESE.get(message, message)) if language == "zh-CN" else (lambda message: message)
