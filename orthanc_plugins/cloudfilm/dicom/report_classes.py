# SPDX-License-Identifier: AGPL-3.0-or-later
"""SOP classes (PS3.4 §B.5) whose instances may be reports; all others never are, whatever they are called."""

from __future__ import annotations

from pydicom import uid

TEXT_REPORTS = frozenset({str(uid.BasicTextSRStorage), str(uid.EnhancedSRStorage), str(uid.ComprehensiveSRStorage)})
DOCUMENTS = frozenset({str(uid.EncapsulatedPDFStorage)})


def may_be_report(sop_class_uid: str) -> bool:
    """Whether an instance of this class has to be looked at. Dose, CAD, key objects, procedure logs and measurements have classes of their own."""
    return sop_class_uid in TEXT_REPORTS or sop_class_uid in DOCUMENTS
