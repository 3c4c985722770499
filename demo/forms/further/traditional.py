# SPDX-License-Identifier: AGPL-3.0-or-later
"""Traditional characters, as in Hong Kong, Macao and Taiwan: labels, values and texts; the years of the Republic on some."""

import random
from dataclasses import fields as fields_of
from dataclasses import replace

from cloudfilm.reports.fields import ReportFields
from demo.forms.layouts import parts
from demo.forms.pen import LEFT, RIGHT, Pen
from demo.forms.wording import HEADER, Wording

FONT = "WenQuanYi"
LABELS = {
    "patient_name": ("姓名", "病人姓名", "病患姓名"),
    "patient_sex": ("性別",),
    "patient_age": ("年齡",),
    "patient_id": ("病歷號", "病歷號碼", "影像號", "病人編號"),
    "department": ("科別", "科室", "開單科別"),
    "outpatient_number": ("門診號",),
    "inpatient_number": ("住院號", "住院號碼"),
    "bed_number": ("床號",),
    "accession_number": ("檢查號", "檢查單號", "檢查編號"),
    "exam_time": ("檢查日期", "檢查時間"),
    "report_time": ("報告日期", "報告時間"),
    "body_part": ("檢查部位", "檢查項目"),
    "findings": ("影像所見", "檢查所見", "影像發現"),
    "impression": ("診斷意見", "影像診斷", "印象", "診斷"),
    "reporting_doctor": ("報告醫師", "報告醫生", "診斷醫師"),
    "reviewing_doctor": ("審核醫師", "覆核醫師", "審核醫生"),
}
_PAIRS = (
    "与與东東个個临臨为為丽麗乱亂伟偉伤傷侧側兰蘭关關内內冯馮减減刘劉则則刚剛剂劑动動区區医醫华華单單占佔卢盧压壓县縣双雙变變叶葉号號后後吕呂吴吳"
    "围圍国國圆圓声聲处處复復头頭妇婦学學实實宫宮对對导導层層属屬岭嶺带帶应應开開异異张張弥彌强強径徑态態扫掃报報损損摄攝数數断斷无無旧舊时時显顯"
    "晓曉杨楊杰傑极極构構栋棟桡橈检檢横橫涛濤滨濱点點现現电電盘盤确確积積称稱窝窩窦竇类類红紅约約纵縱纹紋线線组組细細织織经經结結续續维維缘緣缩縮"
    "罗羅肠腸肤膚肾腎肿腫胀脹胆膽脉脈脏臟脑腦节節苏蘇萧蕭蒋蔣补補见見规規议議许許论論访訪诊診请請诸諸诺諾谢謝质質贾賈赵趙轩軒软軟轻輕输輸边邊达達"
    "远遠连連邓鄧郑鄭钙鈣钳鉗钼鉬锐銳锦錦镇鎮镜鏡长長门門间間阎閻阳陽陈陳随隨隐隱静靜韧韌韩韓颅顱颈頸颖穎马馬髋髖髌髕黄黃齿齒"
)
_TO_TRADITIONAL = str.maketrans({_PAIRS[place]: _PAIRS[place + 1] for place in range(0, len(_PAIRS), 2)})


def as_printed(fields: ReportFields, _: random.Random) -> ReportFields:
    """All of it in Traditional characters; codes stay what they are."""
    values = fields.to_json()
    written = {one.name: str(values[one.name]).translate(_TO_TRADITIONAL) for one in fields_of(fields) if isinstance(values[one.name], str)}
    return replace(fields, **{name: value for name, value in written.items() if name not in ("modality", "patient_sex")})


def draw(pen: Pen, wording: Wording, random_of: random.Random) -> None:
    """Draw the form."""
    values = dict(wording.values)
    if random_of.random() < 0.35:
        for name in ("exam_time", "report_time"):
            values[name] = _of_the_republic(values[name])
    pen.footer = parts.foot("本報告僅供臨床醫師參考，如有疑問請洽本科。", lambda page: f"第 {page} 頁")
    parts.title(pen, wording)
    pen.rule(pen.y)
    half = (RIGHT - LEFT) / 2
    for number, name in enumerate(HEADER):
        row, column = divmod(number, 2)
        pen.text(pen.text(LEFT + column * half, pen.y + 17 + row * 18, wording.label(name)), pen.y + 17 + row * 18, values[name])
    pen.y += 18 * 6 + 6
    pen.rule(pen.y)
    parts.texts(pen, wording)
    pen.y += 36
    for column, name in enumerate(("reporting_doctor", "reviewing_doctor")):
        pen.text(pen.text(LEFT + column * half, pen.y, wording.label(name)), pen.y, values[name])
    pen.text(LEFT, pen.y + 20, wording.label("report_time") + values["report_time"])


def _of_the_republic(printed: str) -> str:
    """2026-03-05 08:00 as 115/03/05 08:00."""
    digits = "".join(one if one.isdigit() else " " for one in printed).split()
    year, month, day, hour, minute = (int(one) for one in digits[:5])
    return f"民國{year - 1911}年{month:02d}月{day:02d}日 {hour:02d}:{minute:02d}"
