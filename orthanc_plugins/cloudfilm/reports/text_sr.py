# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a report says, as a Basic Text SR (PS3.3 §A.35.1), laid out as TID 2000 Basic Diagnostic Imaging Report (PS3.16). Pure."""

from __future__ import annotations

from collections.abc import Sequence as Items
from datetime import datetime

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import BasicTextSRStorage

from cloudfilm.dicom.own_instances import KeptKind
from cloudfilm.dicom.study_context import StudyContext, put
from cloudfilm.reports.kept_instances import KeptReport, code, file_of, identity_of, new_instance

MODALITY = "SR"
_TITLE = ("18748-4", "LN", "Diagnostic imaging study")
_LANGUAGE = ("121049", "DCM", "Language of Content Item and Descendants")
_PROCEDURE_REPORTED = ("121058", "DCM", "Procedure reported")
_OBSERVER_TYPE, _PERSON = ("121005", "DCM", "Observer Type"), ("121006", "DCM", "Person")
_OBSERVER_NAME = ("121008", "DCM", "Person Observer Name")
_OBSERVER_ORGANIZATION = ("121009", "DCM", "Person Observer's Organization Name")
_OBSERVER_ROLE = ("121011", "DCM", "Person Observer's Role in this Procedure")
_RECORDING, _VERIFYING = ("121097", "DCM", "Recording"), ("121098", "DCM", "Verifying")
_FINDINGS = (("121070", "DCM", "Findings"), ("121071", "DCM", "Finding"))
_IMPRESSIONS = (("121072", "DCM", "Impressions"), ("121073", "DCM", "Impression"))


def text_sr(report: KeptReport, study: StudyContext) -> bytes:
    """The instance as a file.

    It counts as verified only when the hospital's system itself stated the text and who reviewed it: what a machine read from a page was
    attested by nobody (PS3.3 §C.17.2).
    """
    identity = identity_of(report, KeptKind.FIELDS, study)
    instance = new_instance(report, identity, study, BasicTextSRStorage, MODALITY)
    fields = report.fields
    instance.ReferencedPerformedProcedureStepSequence = Sequence()
    instance.PerformedProcedureCodeSequence = Sequence()
    instance.CompletionFlag = "COMPLETE"
    instance.ReferencedRequestSequence = Sequence([_request(study)])
    _verify(instance, report)
    instance.ValueType = "CONTAINER"
    instance.ConceptNameCodeSequence = Sequence([code(*_TITLE)])
    instance.ContinuityOfContent = "SEPARATE"
    instance.ContentTemplateSequence = Sequence([_template("2000")])
    content = [_coded("HAS CONCEPT MOD", _LANGUAGE, ("zh-CN", "RFC5646", "Chinese (China)"))]
    for doctor, role in ((fields.reporting_doctor, _RECORDING), (fields.reviewing_doctor, _VERIFYING)):
        content += _observer(doctor, role, report.institution) if doctor else []
    content.append(_coded("HAS CONCEPT MOD", _PROCEDURE_REPORTED, ("363679005", "SCT", "Imaging procedure")))
    for headings, text in ((_FINDINGS, fields.findings), (_IMPRESSIONS, fields.impression)):
        if text:
            content.append(_section(*headings, text))
    instance.ContentSequence = Sequence(content)
    return file_of(instance)


def _verify(instance: Dataset, report: KeptReport) -> None:
    reviewer = report.fields.reviewing_doctor
    instance.VerificationFlag = "VERIFIED" if report.is_attested and reviewer else "UNVERIFIED"
    if instance.VerificationFlag == "VERIFIED":
        observer = Dataset()
        observer.VerifyingObserverIdentificationCodeSequence = Sequence()
        put(observer, "VerifyingObserverName", str(reviewer))
        observer.VerifyingOrganization = report.institution[:64]
        observer.VerificationDateTime = _moment(report.completed_at)
        instance.VerifyingObserverSequence = Sequence([observer])


def _request(study: StudyContext) -> Dataset:
    """PS3.3 §C.17.2: the order that the report answers, as far as it is known."""
    request = Dataset()
    put(request, "StudyInstanceUID", study.study_instance_uid)
    put(request, "AccessionNumber", study.values.get("AccessionNumber", ""))
    request.ReferencedStudySequence = Sequence()
    request.PlacerOrderNumberImagingServiceRequest = request.FillerOrderNumberImagingServiceRequest = ""
    request.RequestedProcedureID = request.RequestedProcedureDescription = ""
    request.RequestedProcedureCodeSequence = Sequence()
    return request


def _template(identifier: str) -> Dataset:
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", identifier
    return template


def _item(relationship: str, value_type: str, concept: tuple[str, str, str]) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType, item.ConceptNameCodeSequence = relationship, value_type, Sequence([code(*concept)])
    return item


def _coded(relationship: str, concept: tuple[str, str, str], value: tuple[str, str, str]) -> Dataset:
    item = _item(relationship, "CODE", concept)
    item.ConceptCodeSequence = Sequence([code(*value)])
    return item


def _text(relationship: str, concept: tuple[str, str, str], text: str) -> Dataset:
    item = _item(relationship, "TEXT", concept)
    item.TextValue = "\r\n".join(text.split("\n"))
    return item


def _observer(name: str, role: tuple[str, str, str], organization: str) -> Items[Dataset]:
    """TID 1002 and 1003: who wrote or reviewed it."""
    named = _item("HAS OBS CONTEXT", "PNAME", _OBSERVER_NAME)
    put(named, "PersonName", name)
    return [
        _coded("HAS OBS CONTEXT", _OBSERVER_TYPE, _PERSON),
        named,
        *([_text("HAS OBS CONTEXT", _OBSERVER_ORGANIZATION, organization)] if organization else []),
        _coded("HAS OBS CONTEXT", _OBSERVER_ROLE, role),
    ]


def _section(heading: tuple[str, str, str], element: tuple[str, str, str], text: str) -> Dataset:
    section = _item("CONTAINS", "CONTAINER", heading)
    section.ContinuityOfContent = "SEPARATE"
    section.ContentSequence = Sequence([_text("CONTAINS", element, text)])
    return section


def _moment(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"
