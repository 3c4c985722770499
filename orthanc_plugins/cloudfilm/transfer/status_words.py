# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the gateway's own page; messages are the English sentences."""

from __future__ import annotations

from collections.abc import Callable

from cloudfilm.dicom.preflight import Flaw

CHINESE = {
    "CloudFilm gateway": "云胶片院内网关",
    "Paired with": "已连接云端",
    "as": "名称",
    "Not paired yet": "尚未配对",
    "Pair this gateway": "配对本网关",
    "Pair again": "重新配对",
    "Pair": "配对",
    "Pairing code": "配对码",
    "The cloud's address": "云端地址",
    "Pairing again replaces this.": "重新配对将替换现有连接。",
    "The hospital's administrator makes a pairing code in the cloud, at Gateways. It works once and for 24 hours.": (
        "配对码由医院管理员在云端“网关”页面生成，只能使用一次，24 小时内有效。"
    ),
    "The gateway could not be paired: This pairing code opens nothing: it is wrong, used already, or older than a day.": (
        "无法配对：配对码错误、已使用或已超过一天。"
    ),
    "The cloud's address must be like https://films.example.org, without a path.": "云端地址应形如 https://films.example.org，不带路径。",
    "The cloud's certificate is not trusted: check the address, or name its CA with CLOUDFILM_GATEWAY_CA_FILE.": (
        "云端证书不受信任：请检查地址，或用 CLOUDFILM_GATEWAY_CA_FILE 指定其 CA。"
    ),
    "The cloud does not answer: check the address, the line and the proxy (CLOUDFILM_GATEWAY_PROXY).": (
        "云端没有应答：请检查地址、线路和代理（CLOUDFILM_GATEWAY_PROXY）。"
    ),
    "Images today": "今日接收的影像",
    "last": "最近",
    "Refused files": "被拒收的文件",
    "They were not taken and their senders were told so. The files lie in gateway/refused.": (
        "这些文件未被接收，发送方已得到拒收应答。文件保存在 gateway/refused。"
    ),
    "When": "时间",
    "Sender": "发送方",
    "The line is good.": "线路正常。",
    "The line is down:": "线路中断：",
    "Everything goes on by itself as soon as it is back. Nothing is lost meanwhile.": "线路恢复后会自动继续传输，期间不会丢失任何数据。",
    "Images waiting": "等待上传的影像",
    "Reports waiting": "等待上传的报告",
    "Stamped copies expected:": "待返回的带二维码报告：",
    "Reports to look at": "请处理以下报告",
    "Each stays here until it gets through; the rest goes on. What the cloud has taken is at its review page too.": (
        "每一份都保留在本机直到送达，其余报告照常传输。云端已接收的报告也可在云端审核页面查看。"
    ),
    "What": "内容",
    "Station": "站点",
    "Number": "编号",
    "Report": "报告",
    "HL7 message": "HL7 消息",
    "Stamped copy": "带二维码的报告",
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
    "Images to look at": "请处理以下影像",
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
    "Remote maintenance": "远程维护",
    "Allowed": "已允许",
    "Not allowed": "未允许",
    "since": "自",
    "The cloud's staff may ask for this gateway's logs, which hold no patient's data, and set its speed limits and how long it keeps images.": (
        "云端人员可以调取本网关的日志（不含患者信息），并可设置限速和影像保留天数。"
    ),
    "The cloud sees the numbers above and the version, and can neither read this gateway's logs nor change its settings.": (
        "云端只能看到上面的数字和版本号，不能读取本网关的日志，也不能更改设置。"
    ),
    "Set by the cloud": "云端设置",
    "speed limits": "限速",
    "no speed limit": "不限速",
    "days of keeping": "保留天数",
    "Log handed over last": "最近一次交出日志",
    "Allow remote maintenance": "允许远程维护",
    "End remote maintenance": "停止远程维护",
    "Version": "版本",
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
    "The document is not a PDF. Allowed: application/pdf.": "文件不是 PDF，只接受 application/pdf。",
    "The cloud has stored something else than what was sent.": "云端保存的内容与发送的不一致。",
    "The report cannot be read: the cloud's review page says why.": "报告无法读取：原因见云端审核页面。",
    "What will never get through is taken out with": "确实无法送达的报告可用以下命令取出：",
    "NUMBER": "编号",
    "The stamped copy is no longer kept.": "云端已不再保存带二维码的报告。",
    "The cloud does not know the report.": "云端没有这份报告。",
    "These order numbers name several exams: send the accession number (OBR-18) or the filler order number (ORC-3).": (
        "这些申请单号对应多个检查：请发送检查号（OBR-18）或执行单号（ORC-3）。"
    ),
    "The station's folder cannot be written.": "无法写入站点文件夹。",
    "The print server does not answer.": "打印服务没有响应。",
} | {
    Flaw.NO_DICOM.value: "不是 DICOM 文件",
    Flaw.PAST_THE_END.value: "文件不完整或长度有误",
    Flaw.TOO_DEEP.value: "序列嵌套过深",
    Flaw.TOO_MANY_ELEMENTS.value: "元素过多",
    Flaw.NOT_AN_ELEMENT.value: "元素的值表示无效",
    Flaw.NOT_AN_ITEM.value: "序列或压缩像素数据的结构有误",
    Flaw.INFLATES_TOO_FAR.value: "压缩数据解压后过大",
    Flaw.CANNOT_INFLATE.value: "压缩数据无法解压",
    Flaw.ABSURD_IMAGE.value: "图像尺寸不合理",
    Flaw.NO_IDENTITY.value: "缺少 SOPClassUID、SOPInstanceUID 或 StudyInstanceUID",
    "no valid StudyInstanceUID": "StudyInstanceUID 无效",
}


CHINESE |= {f"The document is larger than {size} MB.": f"文件大于 {size} MB。" for size in range(1, 51)}


def words_for(language: str) -> Callable[[str], str]:
    """Translates; what has no translation stays as it is."""
    return (lambda message: CHINESE.get(message, message)) if language == "zh-CN" else (lambda message: message)
