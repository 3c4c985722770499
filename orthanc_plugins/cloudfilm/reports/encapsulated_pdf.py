# SPDX-License-Identifier: AGPL-3.0-or-later
"""A report's original as an Encapsulated PDF (PS3.3 §A.45.1): byte for byte what the hospital signed. Pure."""

from __future__ import annotations

from pydicom.sequence import Sequence
from pydicom.uid import EncapsulatedPDFStorage

from cloudfilm.dicom.own_instances import KeptKind
from cloudfilm.dicom.study_context import StudyContext
from cloudfilm.reports.kept_instances import KeptReport, code, file_of, identity_of, new_instance

MODALITY = "DOC"
_LONGEST_TITLE = 1024  # ST


def encapsulated_pdf(report: KeptReport, study: StudyContext) -> bytes:
    """The instance as a file."""
    identity = identity_of(report, KeptKind.DOCUMENT, study)
    instance = new_instance(report, identity, study, EncapsulatedPDFStorage, MODALITY)
    instance.ConversionType = "WSD"  # PS3.3 §C.8.6.1: made on a workstation
    # PS3.3 §C.24.2
    instance.AcquisitionDateTime = ""
    instance.BurnedInAnnotation = "YES"  # the page names the patient
    instance.DocumentTitle = report.title[:_LONGEST_TITLE]
    instance.ConceptNameCodeSequence = Sequence([code("18748-4", "LN", "Diagnostic imaging study")])
    instance.MIMETypeOfEncapsulatedDocument = "application/pdf"
    instance.EncapsulatedDocument = report.document + b"\0" * (len(report.document) % 2)
    instance.EncapsulatedDocumentLength = len(report.document)
    return file_of(instance)
