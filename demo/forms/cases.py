# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is printed on a made-up report: a person, an exam and a text, all of it from one seed."""

import random
from datetime import datetime, timedelta

from cloudfilm.reports.fields import ReportFields
from demo.forms.vocabulary import DEPARTMENTS, EXAMS, GIVEN, HOSPITALS, SURNAMES, Exam

_FIRST_EXAM = datetime(2026, 1, 5, 8, 0)


def make_case(seed: int, kind: str, sentences: int = 4) -> ReportFields:
    """
    The fields of one report.

    Parameters
    ----------
    seed
        The same seed gives the same report.
    kind
        A key of `demo.forms.vocabulary.EXAMS`.
    sentences
        Of the findings, about; they repeat themselves in another order where the vocabulary ends.
    """
    random_of = random.Random(f"{kind} {seed}")
    exam = EXAMS[kind]
    moment = _FIRST_EXAM + timedelta(minutes=random_of.randrange(300 * 24 * 60))
    is_inpatient = random_of.random() < 0.5
    number = f"{moment:%y%m%d}{random_of.randrange(10_000):04d}"
    return ReportFields(
        hospital_name=random_of.choice(HOSPITALS),
        report_kind=random_of.choice(exam.report_kinds),
        modality=exam.modality,
        patient_name=_name(random_of),
        patient_sex="F" if kind == "mammography" else random_of.choice("MF"),
        patient_age=random_of.choice((f"{random_of.randrange(18, 96)}岁",) * 8 + (f"{random_of.randrange(1, 12)}月", "3岁2月")),
        patient_id=random_of.choice((f"{exam.prefix}{number}", f"P{random_of.randrange(10**7):07d}", f"{random_of.randrange(10**8):08d}")),
        department=random_of.choice(DEPARTMENTS),
        outpatient_number=None if is_inpatient else f"MZ{random_of.randrange(10**7):07d}",
        inpatient_number=f"ZY{random_of.randrange(10**6):06d}" if is_inpatient else None,
        bed_number=f"{random_of.randrange(1, 60):02d}床" if is_inpatient else None,
        accession_number=random_of.choice(("A", exam.prefix, "")) + f"{number}{random_of.randrange(100):02d}",
        exam_time=moment.isoformat(timespec="minutes"),
        report_time=(moment + timedelta(minutes=random_of.randrange(20, 2000))).isoformat(timespec="minutes"),
        body_part=random_of.choice(exam.body_parts),
        findings=_findings(random_of, exam, sentences),
        impression=_impression(random_of, exam),
        reporting_doctor=_name(random_of),
        reviewing_doctor=_name(random_of) if random_of.random() < 0.85 else None,
    )


def _name(random_of: random.Random) -> str:
    return random_of.choice(SURNAMES) + random_of.choice(GIVEN)


def _findings(random_of: random.Random, exam: Exam, sentences: int) -> str:
    paragraphs: list[str] = []
    pool: list[str] = []
    while sentences > 0:
        length = min(random_of.randrange(1, 4), sentences)
        pool += random_of.sample(exam.findings, len(exam.findings)) if len(pool) < length else []
        paragraphs.append("".join(pool[:length]))
        pool, sentences = pool[length:], sentences - length
    return "\n".join(paragraphs)


def _impression(random_of: random.Random, exam: Exam) -> str:
    lines = random_of.sample(exam.impression, min(random_of.randrange(1, 4), len(exam.impression)))
    if len(lines) == 1:
        return lines[0]
    mark = random_of.choice((".", "、", ". "))
    return "\n".join(f"{number}{mark}{line}" for number, line in enumerate(lines, 1))
