# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film is laid out as it would be printed: cells, sizes, grey levels."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from cloudfilm.films.density import DensityRange, density_range
from cloudfilm.films.layout import cells_of, film_inches
from cloudfilm.films.page import Page, PlacedPicture, draw
from cloudfilm.films.picture import PresentationLut, p_values, picture_of, presentation_lut_of
from cloudfilm.films.refusal import PrintRefused, PrintStatus
from tests.support.film_console import image_item


def test_cells_are_numbered_row_by_row_and_in_col_column_by_column() -> None:
    assert len(cells_of("STANDARD\\3,4")) == 12
    first, second, *_ = cells_of("STANDARD\\2,3")
    assert (first.right, first.bottom, second.left, second.top) == (0.5, 1 / 3, 0.5, 0.0)
    assert [(one.left, one.top) for one in cells_of("ROW\\1,2")] == [(0, 0), (0, 0.5), (0.5, 0.5)]
    assert [(one.left, one.top) for one in cells_of("COL\\1,2")] == [(0, 0), (0.5, 0), (0.5, 0.5)]


@pytest.mark.parametrize("wrong", ["SLIDE", "CUSTOM\\1", "STANDARD\\0,1", "STANDARD\\3", "STANDARD\\50,50", "ROW\\", "", "STANDARD\\1,1,1"])
def test_a_format_that_is_not_known_is_refused_with_what_is_allowed(wrong: str) -> None:
    with pytest.raises(PrintRefused) as refused:
        cells_of(wrong)
    assert refused.value.status == PrintStatus.INVALID_VALUE


@pytest.mark.parametrize(
    ("size", "orientation", "inches"),
    [("14INX17IN", "PORTRAIT", (14, 17)), ("14INX17IN", "LANDSCAPE", (17, 14)), ("8_5INX11IN", "", (8.5, 11)), ("?", "", (14, 17))],
)
def test_a_film_has_the_size_that_it_names(size: str, orientation: str, inches: tuple[float, float]) -> None:
    assert film_inches(size, orientation) == inches


def film(pictures: dict[int, np.ndarray], layout: str = "STANDARD\\2,2", **page: object) -> Page:
    placed = {place: PlacedPicture(picture_of(image_item(one), False)) for place, one in pictures.items()}
    return Page("14INX17IN", "PORTRAIT", cells_of(layout), placed, **page)  # type: ignore[arg-type]


def test_no_pixel_of_an_image_is_lost_and_each_lies_in_its_cell() -> None:
    first = np.arange(200 * 200, dtype=np.uint32).reshape(200, 200).astype(np.uint8)
    drawn = draw(film({0: np.full((700, 700), 40, np.uint8), 3: np.tile(first, (4, 4))[:700, :700]}))
    (left, top, right, bottom) = drawn.boxes[1]
    assert (right - left, bottom - top) == (700, 700)
    assert np.array_equal(np.asarray(drawn.image)[top:bottom, left:right], np.tile(first, (4, 4))[:700, :700])
    assert left >= drawn.image.width // 2
    assert top >= drawn.image.height // 2


def test_a_page_is_never_larger_than_its_limit() -> None:
    drawn = draw(film({0: np.zeros((6000, 6000), np.uint8)}))
    assert drawn.image.width * drawn.image.height <= 24_100_000


def test_empty_cells_border_and_trim_are_as_asked_for() -> None:
    drawn = draw(film({0: np.full((300, 100), 90, np.uint8)}, border="BLACK", empty="WHITE", has_trim=True))
    grey = np.asarray(drawn.image)
    left, top, _, _ = drawn.boxes[0]
    assert (grey[top, left], grey[5, 5], grey[-5, -5], grey[top + 50, left + 50]) == (255, 0, 255, 90)


def test_annotations_stand_below_the_images() -> None:
    plain, annotated = (
        draw(film({0: np.zeros((600, 600), np.uint8)})),
        draw(film({0: np.zeros((600, 600), np.uint8)}, annotations=["王小明 P1"])),
    )
    strip = np.asarray(annotated.image)[plain.image.height :]
    assert strip.shape[0] > 10
    assert strip.max() > 200


def test_presentation_luts_are_applied() -> None:
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    picture = picture_of(image_item(ramp), False)
    linear = DensityRange().linear_table(4096)
    identity = p_values(picture, PresentationLut(), linear).ravel()
    inverse = p_values(picture, PresentationLut("INVERSE"), linear).ravel()
    density = p_values(picture, PresentationLut("LIN OD"), linear).ravel()
    assert (identity[0], identity[-1], inverse[0], inverse[-1], density[0], density[-1]) == (0, 255, 255, 0, 0, 255)
    # Linear in density is far from linear for the eye: the middle of 0.2 to 3.0 is 1.6, a dark grey.
    assert 60 < density[2048] < 110
    assert identity[2048] in (127, 128)
    table = Dataset()
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [256, 0, 12], list(range(0, 4096, 16))[::-1]
    table.PresentationLUTSequence = [item]
    assert p_values(picture, presentation_lut_of(table), linear).ravel()[0] == round(4080 / 4095 * 255)


def test_monochrome1_and_reverse_polarity_each_turn_black_and_white() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    inverted = image_item(ramp, PhotometricInterpretation="MONOCHROME1")
    assert picture_of(inverted, False).values[0, 0] == 255
    assert picture_of(image_item(ramp), True).values[0, 0] == 255
    assert picture_of(inverted, True).values[0, 0] == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"Rows": 60_000, "Columns": 60_000}, {"Rows": 0}, {"BitsAllocated": 32}, {"BitsStored": 4}, {"HighBit": 3}, {"PixelRepresentation": 1},
        {"PhotometricInterpretation": "YBR_FULL"}, {"PixelData": b"\0"}, {"PixelData": None}, {"SamplesPerPixel": 4},
    ],
)  # fmt: skip
def test_an_image_that_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(PrintRefused):
        picture_of(image_item(np.zeros((16, 16), np.uint8), **wrong), False)


@pytest.mark.parametrize("missing", ["Rows", "Columns", "BitsAllocated", "BitsStored"])
def test_a_missing_attribute_is_named(missing: str) -> None:
    item = image_item(np.zeros((16, 16), np.uint8))
    delattr(item, missing)
    with pytest.raises(PrintRefused, match=missing) as refused:
        picture_of(item, False)
    assert refused.value.status == PrintStatus.MISSING_ATTRIBUTE


def test_densities_that_cannot_be_are_a_usual_films() -> None:
    assert density_range(300, 20, None, None) == DensityRange()
    assert density_range(30, 320, 4000, 5) == DensityRange(0.3, 3.2, 4000, 5)


def test_pixels_that_are_not_square_are_drawn_as_they_look() -> None:
    picture = picture_of(image_item(np.zeros((100, 100), np.uint8), PixelAspectRatio=[2, 1]), False)
    drawn = draw(Page("14INX17IN", "PORTRAIT", cells_of("STANDARD\\1,1"), {0: PlacedPicture(picture)}))
    left, top, right, bottom = drawn.boxes[0]
    assert abs((bottom - top) / (right - left) - 2) < 0.02
