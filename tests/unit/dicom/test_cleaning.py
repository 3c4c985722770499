# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cleaned view of DICOM JSON: nothing that tells whose it is, everything that a reader needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import DicomDictionary, keyword_for_tag, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from cloudfilm.dicom.cleaning import HIDDEN_NAME, cleaned, without_documents
from cloudfilm.dicom.confidentiality import Treatment, treatment_of
from cloudfilm.dicom.documents import is_document

NAME = "Wang^XiaoMing=王^小明=ワン^シャオミン"
# Every string here is in `identified()` somewhere; none may be in what is left of it.
IDENTIFYING = (
    "Wang", "XiaoMing", "王", "小明", "ワン", "シャオミン", "Ouyang", "欧阳", "P77001", "77001", "A90210", "ADM5521", "MRN-8844", "19800501",
    "甲医院", "长安街", "13800138000", "CTROOM7", "SN778899", "GW-0815", "Zhang", "建国", "李文静", "OP-331", "AET_SECRET", "RIS_KEY",
    "ACME", "private text", "复查备注", "VISIT88", "REQ4411", "SPS5522", "http://inside", "神经内科", "Buddhist", "PROJ-X", "BROTHER",
    "1.2.3.999.1",
)  # fmt: skip


def identified() -> dict[str, Any]:
    """A CT slice full of what tells whose it is, at the top and in sequences two deep."""
    image = geometry()
    _name_everybody(image)
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepID = "REQ4411", "SPS5522"
    request.RequestedProcedureDescription = "头颅 王小明"
    image.RequestAttributesSequence = Sequence([request])
    inner = Dataset()
    _name_everybody(inner)
    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.5"
    reference.PurposeOfReferenceCodeSequence = Sequence([inner])
    image.ReferencedImageSequence = Sequence([reference])
    private = image.private_block(0x0009, "ACME 1.1", create=True)
    private.add_new(1, "LO", "private text 王小明")
    deep = Dataset()
    deep.PatientName = NAME
    private.add_new(2, "SQ", Sequence([deep]))
    image.SeriesDescription, image.ProtocolName, image.StudyDescription = "轴位 王 小明", "head wang xiaoming", "头颅 p77001 平扫"
    converted: dict[str, Any] = json.loads(image.to_json())
    converted["60003000"] = {"vr": "OW", "BulkDataURI": "http://inside/overlay"}
    converted["00420011"] = {"vr": "OB", "InlineBinary": "UDc3MDAx"}
    converted["00081190"] = {"vr": "UR", "Value": ["http://inside/dicom-web/studies/1.2.3"]}
    converted["00181030"]["vr"] = "LO"
    converted["00080070"] = {"vr": "LO", "Value": ["GE MEDICAL SYSTEMS"]}
    # Written with another value representation than PS3.6 gives them, as devices do.
    converted["00200010"] = {"vr": "LO", "Value": ["VISIT88"]}
    converted["00204000"] = {"vr": "CS", "Value": ["复查备注"]}
    converted["0020000D"] = {"vr": "UI", "Value": ["1.2.3"]}
    converted["00081140"]["Value"][0]["00081155"] = {"vr": "UI", "Value": ["1.2.3.5"]}
    return converted


def geometry() -> Dataset:
    """What a viewer needs of a CT slice."""
    image = Dataset()
    image.SpecificCharacterSet = "GB18030"
    image.SOPClassUID, image.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.1"
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = "1.2.3", "1.2.3.4", "1.2.3.6"
    image.StudyDate, image.StudyTime, image.SeriesDate, image.AcquisitionDate = "20260305", "093000", "20260305", "20260305"
    image.AcquisitionTime, image.ContentDate, image.TimezoneOffsetFromUTC = "093100.5", "20260305", "+0800"
    image.PatientAge, image.PatientSex, image.PatientWeight, image.PatientSize = "046Y", "M", 70, 1.75
    image.Modality, image.BodyPartExamined, image.PatientPosition, image.ImageType = "CT", "HEAD", "HFS", ["ORIGINAL", "PRIMARY", "AXIAL"]
    image.SeriesNumber, image.InstanceNumber, image.ManufacturerModelName, image.ConvolutionKernel = 2, 1, "Revolution", "STANDARD"
    image.Rows, image.Columns, image.SamplesPerPixel, image.PhotometricInterpretation = 128, 128, 1, "MONOCHROME2"
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 16, 15, 1
    image.PixelSpacing, image.SliceThickness, image.KVP = [1.0, 1.0], 2.0, 120
    image.ImageOrientationPatient, image.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [-64.0, -64.0, 2.0]
    image.RescaleSlope, image.RescaleIntercept, image.WindowCenter, image.WindowWidth = 1, 0, [40, 500], [80, 1200]
    image.WindowCenterWidthExplanation = ["脑窗", "BONE"]
    return image


def _name_everybody(dataset: Dataset) -> None:
    dataset.PatientName, dataset.PatientID, dataset.PatientBirthDate, dataset.AccessionNumber = NAME, "P77001", "19800501", "A90210"
    dataset.OtherPatientIDs, dataset.OtherPatientNames, dataset.PatientMotherBirthName = (
        ["MRN-8844", "77001"],
        "Ouyang^Li=欧阳^丽",
        "Ouyang",
    )
    dataset.StudyID, dataset.AdmissionID, dataset.PatientAddress, dataset.PatientTelephoneNumbers = (
        "77001",
        "ADM5521",
        "长安街1号",
        "13800138000",
    )
    dataset.InstitutionName, dataset.InstitutionAddress, dataset.InstitutionalDepartmentName = "甲医院", "长安街2号", "神经内科"
    dataset.StationName, dataset.DeviceSerialNumber, dataset.DeviceID, dataset.GantryID = "CTROOM7", "SN778899", "GW-0815", "GW-0815"
    dataset.DeviceUID, dataset.PatientReligiousPreference, dataset.ResponsiblePerson = "1.2.3.999.1", "Buddhist", "BROTHER"
    dataset.ReferringPhysicianName, dataset.PerformingPhysicianName = "Zhang^JianGuo=张^建国", "Zhang^JianGuo=张^建国"
    dataset.OperatorsName, dataset.NameOfPhysiciansReadingStudy, dataset.EvaluatorName = ["李文静", "OP-331"], "李文静", "李文静"
    dataset.RetrieveAETitle, dataset.StationAETitle = "AET_SECRET", "AET_SECRET"
    dataset.PatientComments, dataset.ImageComments, dataset.StudyComments = "复查备注", "复查备注", "复查备注"
    dataset.PlacerOrderNumberProcedure, dataset.ClinicalTrialProtocolName, dataset.ReasonForStudy = "RIS_KEY", "PROJ-X", "复查备注"
    dataset.IssuerOfPatientID, dataset.IssuerOfAccessionNumberSequence = "RIS_KEY", Sequence([_issuer()])


def _issuer() -> Dataset:
    issuer = Dataset()
    issuer.LocalNamespaceEntityID = "RIS_KEY"
    return issuer


def value(dataset: dict[str, Any], keyword: str) -> Any:
    return dataset.get(f"{tag_for_keyword(keyword):08X}", {}).get("Value")


def test_nothing_that_tells_whose_it_is_is_left_anywhere() -> None:
    original = identified()
    before, after = (json.dumps(one, ensure_ascii=False) for one in (original, cleaned([original])))
    assert [text for text in IDENTIFYING if text not in before] == [], "the sample holds what it is tested for"
    assert [text for text in IDENTIFYING if text.casefold() in after.casefold()] == []
    assert value(cleaned([original])[0], "PatientName") == [HIDDEN_NAME]
    assert value(cleaned([original])[0], "ReferencedImageSequence") is not None


def test_the_numbers_and_dates_that_viewers_expect_are_there_without_a_value() -> None:
    (left,) = cleaned([identified()])
    for keyword in ("PatientID", "PatientBirthDate", "AccessionNumber", "StudyID", "ReferringPhysicianName"):
        assert left[f"{tag_for_keyword(keyword):08X}"].keys() == {"vr"}


def test_all_that_a_reader_needs_is_left_as_it_was() -> None:
    original = json.loads(geometry().to_json())
    (left,) = cleaned([original])
    assert {tag for tag in original if tag not in left} == set()
    assert {keyword_for_tag(tag) for tag in original if left[tag] != original[tag]} == {"SpecificCharacterSet"}
    assert value(left, "SpecificCharacterSet") == ["ISO_IR 192"]


@pytest.mark.parametrize("description", ["头颅CT平扫", "轴位 5mm", "AX T2 FLAIR", "limited view", "造影剂 100ml", "高分辨 肺"])
def test_a_description_that_tells_nothing_stays(description: str) -> None:
    image = geometry()
    image.PatientName, image.PatientID, image.StudyID = "Li^Gao=李^高", "P1", "1"
    image.SeriesDescription = description
    assert value(cleaned([json.loads(image.to_json())])[0], "SeriesDescription") == [description]


@pytest.mark.parametrize(
    "description",
    ["王小明 轴位", "轴位（王 小明）", "小明头颅", "for WANG, head", "XIAO-MING", "xiaomingwang", "P 77001", "no. 77001/2", "Ｐ７７００１", "甲医院头颅",
     "Dr Li", "号码 MZ884213"],
)  # fmt: skip
def test_a_description_that_holds_a_part_of_a_name_or_number_goes_whole(description: str) -> None:
    image = geometry()
    image.PatientName, image.PatientID, image.InstitutionName, image.OperatorsName = NAME, "P77001", "甲医院", "Li^W"
    image.SeriesDescription = description
    (left,) = cleaned([json.loads(image.to_json())], numbers=["MZ884213"])
    assert value(left, "SeriesDescription") is None


def test_what_one_instance_tells_is_looked_for_in_all() -> None:
    other = geometry()
    other.SeriesDescription = "王小明"
    assert value(cleaned([identified(), json.loads(other.to_json())])[1], "SeriesDescription") is None
    assert value(cleaned([json.loads(other.to_json())], names=["Wang^XiaoMing=王^小明"])[0], "SeriesDescription") is None
    assert value(cleaned([json.loads(other.to_json())], names=["王小明"])[0], "SeriesDescription") is None


def test_binary_values_go_except_the_tables_that_give_pixels_their_meaning() -> None:
    keywords = ("RedPaletteColorLookupTableData", "EncapsulatedDocument", "ICCProfile", "WaveformData", "PixelData", "ImageComments")
    tags = {f"{tag_for_keyword(keyword):08X}" for keyword in keywords} | {"60023000"}
    (left,) = cleaned([json.loads(geometry().to_json()) | {tag: {"vr": "OW", "InlineBinary": "AAAA"} for tag in tags}])
    assert {keyword_for_tag(tag) for tag, element in left.items() if "InlineBinary" in element} == {"RedPaletteColorLookupTableData"}
    (left,) = cleaned([json.loads(geometry().to_json()) | {tag: {"vr": "OW", "BulkDataURI": "http://inside/1"} for tag in tags}])
    assert "http://inside" not in json.dumps(left), "nobody who sees this view may fetch bulk data"


SR, KO, PR, PDF = (
    "1.2.840.10008.5.1.4.1.1.88.11",
    "1.2.840.10008.5.1.4.1.1.88.59",
    "1.2.840.10008.5.1.4.1.1.11.1",
    "1.2.840.10008.5.1.4.1.1.104.1",
)
CAPTURE, CT = "1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.2"


@pytest.mark.parametrize(
    ("sop_class_uid", "modality", "description", "conversion_type", "expected"),
    [
        (SR, "SR", "", "", True), (KO, "KO", "", "", True), (PR, "PR", "", "", True), (PDF, "DOC", "", "", True), (PDF, "OT", "", "", True),
        (CT, "DOC", "", "", True), (CAPTURE, "OT", "检查报告", "", True), (CAPTURE, "CT", "Dose Report", "WSD", True),
        (CAPTURE, "OT", "", "SD", True), (CAPTURE, "OT", "3D 重建", "WSD", False), (CT, "CT", "头颅", "", False),
        (CT, "CT", "report of nothing", "", False), ("1.2.840.10008.5.1.4.1.1.9.4.1", "AU", "", "", True),
    ],
)  # fmt: skip
def test_documents_are_told_from_pictures(
    sop_class_uid: str, modality: str, description: str, conversion_type: str, expected: bool
) -> None:
    instance = {
        "0020000E": {"vr": "UI", "Value": ["1.2.3.4"]},
        "00080016": {"vr": "UI", "Value": [sop_class_uid]},
        "00080060": {"vr": "CS", "Value": [modality]},
        "00080064": {"vr": "CS", "Value": [conversion_type]} if conversion_type else {"vr": "CS"},
        "0008103E": {"vr": "LO", "Value": [description]} if description else {"vr": "LO"},
    }
    assert is_document(instance) is expected
    assert len(cleaned([instance])) == (0 if expected else 1)


def test_a_study_is_no_document_but_its_list_of_modalities_names_none() -> None:
    study = {"00081030": {"vr": "LO", "Value": ["CT report"]}, "00080061": {"vr": "CS", "Value": ["CT", "SR"]}}
    (left,) = cleaned([study])
    assert value(left, "ModalitiesInStudy") == ["CT"]


_FREE = ["AE", "LT", "OB", "OW", "PN", "ST", "UC", "UN", "UR", "UT"]


@settings(derandomize=True, deadline=None, max_examples=500)
@given(st.integers(0, 0xFFFFFFFF) | st.sampled_from(sorted(DicomDictionary)), st.sampled_from(_FREE))
def test_persons_free_text_addresses_and_binary_values_never_stay_whatever_the_attribute(tag: int, vr: str) -> None:
    treatment = treatment_of(f"{tag:08X}", vr)
    assert treatment not in (Treatment.KEEP, Treatment.KEEP_CODE)
    assert treatment is not Treatment.KEEP_TEXT or _is_description(tag)
    assert treatment is not Treatment.KEEP_BINARY or tag >> 8 in (0x002812, 0x002830)


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 0xFFFFFFFF).map(lambda tag: tag | 0x00010000), st.sampled_from(["CS", "DS", "LO", "SQ", "UI", "US", *_FREE]))
def test_private_attributes_never_stay(tag: int, vr: str) -> None:
    assert treatment_of(f"{tag:08X}", vr) is Treatment.REMOVE


def _is_description(tag: int) -> bool:
    return keyword_for_tag(tag) in (
        "StudyDescription", "SeriesDescription", "ProtocolName", "ContrastBolusAgent", "ROIName", "AcquisitionFieldOfViewLabel",
    )  # fmt: skip


def test_without_documents_all_else_stays_but_addresses_and_results_in_words() -> None:
    image = identified()
    report = {"0020000E": {"vr": "UI", "Value": ["1"]}, "00080016": {"vr": "UI", "Value": [SR]}}
    image["4008010B"] = {"vr": "ST", "Value": ["未见异常"]}
    (left,) = without_documents([image, report])
    assert {tag for tag in image if tag not in left} == {"4008010B", "00081190", "60003000"}
    assert left["00100010"] == image["00100010"]
    assert left["00081140"] == image["00081140"]


@pytest.mark.parametrize("element", [{"vr": "LO"}, {"vr": "LO", "Value": [None]}, {"vr": "LO", "Value": []}, {}])
def test_attributes_without_a_value_do_no_harm(element: dict[str, Any]) -> None:
    cleaned([dict.fromkeys(("00100010", "00100020", "0008103E", "00081140", "00080060", "00280010"), element)])
