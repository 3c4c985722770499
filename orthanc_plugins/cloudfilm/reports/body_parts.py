# SPDX-License-Identifier: AGPL-3.0-or-later
"""Body parts: what a Chinese report calls them, and what DICOM's BodyPartExamined does (PS3.16 Annex L)."""

_PARTS: tuple[tuple[str, str], ...] = (
    ("头颅 颅脑 头部 脑 颅 HEAD BRAIN SKULL", "head"),
    ("垂体 鞍区 SELLA PITUITARY", "sella"),
    ("眼眶 眼 ORBIT EYE", "orbit"),
    ("鼻窦 副鼻窦 鼻咽 SINUS PARANASALSINUS NASOPHARYNX", "sinus"),
    ("颞骨 中耳 内耳 乳突 TEMPORALBONE EAR IAC MASTOID", "ear"),
    ("颌面 下颌 上颌 JAW MANDIBLE MAXILLA FACE", "jaw"),
    ("颈部 甲状腺 喉 NECK THYROID LARYNX", "neck"),
    ("颈椎 CSPINE CERVICALSPINE", "cervical spine"),
    ("胸椎 TSPINE THORACICSPINE", "thoracic spine"),
    ("腰椎 腰骶椎 LSPINE LUMBARSPINE LSSPINE", "lumbar spine"),
    ("骶尾椎 骶椎 尾椎 SSPINE SACRUM COCCYX", "sacrum"),
    ("胸部 胸 肺 CHEST LUNG THORAX", "chest"),
    ("肋骨 RIB", "rib"),
    ("心脏 冠脉 冠状动脉 HEART CORONARYARTERY", "heart"),
    ("乳腺 乳房 BREAST", "breast"),
    ("腹部 上腹 下腹 中腹 全腹 肝 胆 胰 脾 ABDOMEN LIVER GALLBLADDER PANCREAS SPLEEN UPPERABDOMEN", "abdomen"),
    ("肾 输尿管 泌尿系 KIDNEY URETER URINARYTRACT", "urinary"),
    ("盆腔 骨盆 前列腺 子宫 膀胱 PELVIS PROSTATE UTERUS BLADDER", "pelvis"),
    ("髋 HIP", "hip"),
    ("大腿 股骨 THIGH FEMUR", "thigh"),
    ("膝 KNEE", "knee"),
    ("小腿 胫腓骨 胫骨 LEG TIBIA LOWLEG", "leg"),
    ("踝 ANKLE", "ankle"),
    ("足 跟骨 FOOT CALCANEUS TOE", "foot"),
    ("肩 SHOULDER", "shoulder"),
    ("上臂 肱骨 HUMERUS UPPERARM ARM", "upper arm"),
    ("肘 ELBOW", "elbow"),
    ("前臂 尺桡骨 FOREARM RADIUS ULNA", "forearm"),
    ("腕 WRIST", "wrist"),
    ("手 HAND FINGER", "hand"),
)
# Longest first: 颈椎 is not 颈, 下腹 is not 腹, CSPINE is not a SPINE of any kind.
_WORDS = sorted(((word, part) for words, part in _PARTS for word in words.split()), key=lambda entry: len(entry[0]), reverse=True)


def body_parts(text: str | None) -> frozenset[str]:
    """The body parts named in a text such as 头颅CT平扫, or in BodyPartExamined; empty when none is known."""
    rest = "".join(character for character in (text or "").upper() if character.isalnum())
    found: set[str] = set()
    for word, part in _WORDS:
        if word in rest:
            found.add(part)
            rest = rest.replace(word, " ")
    return frozenset(found)
