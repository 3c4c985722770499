# SPDX-License-Identifier: AGPL-3.0-or-later
"""DICOM JSON datasets (PS3.18 annex F) as XML of the Native DICOM Model (PS3.19 annex A.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from pydicom.datadict import keyword_for_tag

_NAME_PARTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
# XML 1.0 has no way to write these.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def to_native_model(dataset: Mapping[str, Any]) -> bytes:
    """One dataset as an XML document in UTF-8."""
    root = ElementTree.Element("NativeDicomModel", {"xml:space": "preserve"})
    _add_attributes(root, dataset)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _add_attributes(parent: ElementTree.Element, dataset: Mapping[str, Any]) -> None:
    for tag, element in sorted(dataset.items()):
        names = {"tag": tag, "vr": element["vr"], "keyword": keyword_for_tag(int(tag, 16))}
        attribute = ElementTree.SubElement(parent, "DicomAttribute", {name: value for name, value in names.items() if value})
        if "BulkDataURI" in element:
            ElementTree.SubElement(attribute, "BulkData", {"uri": element["BulkDataURI"]})
        for number, value in enumerate(element.get("Value", ()), start=1):
            _add_value(attribute, element["vr"], number, value)


def _add_value(attribute: ElementTree.Element, vr: str, number: int, value: Any) -> None:
    place = {"number": str(number)}
    if vr == "SQ":
        _add_attributes(ElementTree.SubElement(attribute, "Item", place), value or {})
    elif vr == "PN":
        name = ElementTree.SubElement(attribute, "PersonName", place)
        for group in ("Alphabetic", "Ideographic", "Phonetic"):
            if (value or {}).get(group):
                written = ElementTree.SubElement(name, group)
                for part, text in zip(_NAME_PARTS, value[group].split("^"), strict=False):
                    if text:
                        ElementTree.SubElement(written, part).text = _NOT_IN_XML.sub("", text)
    elif value is not None:
        ElementTree.SubElement(attribute, "Value", place).text = _NOT_IN_XML.sub("", str(value))
