# SPDX-License-Identifier: AGPL-3.0-or-later
"""A console that prints film by DICOM, as pynetdicom's SCU: film session, film box, image boxes, print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
from pynetdicom import AE
from pynetdicom.sop_class import (
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscalePrintManagementMeta,
    PresentationLUT,
    Printer,
    PrinterInstance,
)

from tests.support.associations import associate

FONT = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"


def burned_in(lines: Sequence[str], side: int = 512, seed: int = 0, size: int = 20) -> NDArray[np.uint8]:
    """A grey disc with noise, as a console makes it: the text is in the pixels."""
    generator = np.random.default_rng(seed)
    places = np.arange(side) - side / 2
    disc = (places[:, None] ** 2 + places[None, :] ** 2 < (side * 0.35) ** 2) * 110
    image = Image.fromarray((disc + generator.integers(0, 12, (side, side))).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        pen.text((8, 6 + number * (size + 6)), line, fill=235, font=ImageFont.truetype(FONT, size))
    return np.asarray(image)


def image_item(pixels: NDArray[Any], **attributes: Any) -> Dataset:
    """The item of a Basic Grayscale or Color Image Sequence."""
    item = Dataset()
    item.Rows, item.Columns = pixels.shape[:2]
    item.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    item.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    if pixels.ndim == 3:
        item.PlanarConfiguration = 0
    wide = pixels.dtype == np.uint16
    item.BitsAllocated, item.BitsStored, item.HighBit, item.PixelRepresentation = (16, 12, 11, 0) if wide else (8, 8, 7, 0)
    item.PixelAspectRatio = [1, 1]
    item.PixelData = pixels.tobytes() + b"\0" * (pixels.nbytes % 2)
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


@dataclass
class Console:
    """One association; every call answers (status, dataset) as pynetdicom does."""

    association: Any
    meta: str = BasicGrayscalePrintManagementMeta

    def create(self, sop_class: str, uid: str | None = None, **attributes: Any) -> tuple[int, Dataset]:
        dataset = Dataset()
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        meta = PresentationLUT if sop_class == PresentationLUT else self.meta
        # An empty list is announced and never sent by pynetdicom: none is none.
        status, answer = self.association.send_n_create(
            dataset if attributes else None, sop_class, uid, meta_uid=None if meta == sop_class else meta
        )
        return int(status.Status), answer

    def film(self, layout: str, session: str, **attributes: Any) -> tuple[int, Dataset, str]:
        uid = generate_uid()
        reference = Dataset()
        reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = BasicFilmSession, session
        status, answer = self.create(BasicFilmBox, uid, ImageDisplayFormat=layout, ReferencedFilmSessionSequence=[reference], **attributes)
        return status, answer, uid

    def change(self, sop_class: str, uid: str, dataset: Dataset) -> int:
        status, _ = self.association.send_n_set(dataset, sop_class, uid, meta_uid=self.meta)
        return int(status.Status)

    def image(self, box: Dataset, item: Dataset | None, **attributes: Any) -> int:
        dataset = Dataset()
        dataset.ImageBoxPosition = 1
        name = "BasicColorImageSequence" if self.meta == BasicColorPrintManagementMeta else "BasicGrayscaleImageSequence"
        if item is not None:
            setattr(dataset, name, [item])
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        return self.change(box.ReferencedSOPClassUID, box.ReferencedSOPInstanceUID, dataset)

    def print(self, uid: str, sop_class: str = BasicFilmBox) -> int:
        status, _ = self.association.send_n_action(None, 1, sop_class, uid, meta_uid=self.meta)
        return int(status.Status)

    def printer(self) -> tuple[int, Dataset]:
        status, answer = self.association.send_n_get([], Printer, PrinterInstance, meta_uid=self.meta)
        return int(status.Status), answer


@contextmanager
def console(port: int, aet: str = "OLDCT", called: str = "CLOUDFILM", meta: str = BasicGrayscalePrintManagementMeta) -> Iterator[Console]:
    """An association with the film printer; its ``association`` is not established where it was rejected."""
    entity = AE(ae_title=aet)
    for sop_class in (meta, PresentationLUT):
        entity.add_requested_context(sop_class, ExplicitVRLittleEndian)
    association = associate(entity, "127.0.0.1", port, ae_title=called)
    try:
        yield Console(association, meta)
    finally:
        if association.is_established:
            association.release()


def print_film(one: Console, layout: str, pictures: Sequence[NDArray[Any]], label: str = "", **attributes: Any) -> int:
    """A whole film; the status of the N-ACTION."""
    session = generate_uid()
    said = {"FilmSessionLabel": label, "SpecificCharacterSet": "ISO_IR 192"} if label else {}
    assert one.create(BasicFilmSession, session, **said)[0] == 0
    status, answer, uid = one.film(layout, session, **attributes)
    assert status == 0
    for box, pixels in zip(answer.ReferencedImageBoxSequence, pictures, strict=False):
        assert one.image(box, image_item(pixels)) == 0
    return one.print(uid)
