# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a viewer is told of a series' pictures, from metadata as devices write them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cloudfilm.dicom.picture import pictures_of, sides_of
from cloudfilm.dicom.picture_columns import picture_at, picture_columns
from cloudfilm.dicom.picture_order import in_order

AXIAL = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]


def dataset(number: int = 1, place: float | None = None, **attributes: Any) -> dict[str, Any]:
    """An instance; attributes by tag, ``t00280030=[…]``."""
    made = {
        "00080018": ["1.2.3." + str(number)], "00200013": [number], "00280010": [4], "00280011": [5], "00280002": [1],
        "00280004": ["MONOCHROME2"], "00280100": [16], "00280101": [12], "00280103": [0],
    }  # fmt: skip
    if place is not None:
        made |= {"00200037": AXIAL, "00200032": [0.0, 0.0, place]}
    made |= {name.removeprefix("t"): value for name, value in attributes.items()}
    return {tag: {"vr": "UN", "Value": value} for tag, value in made.items()}


def numbers(datasets: list[dict[str, Any]]) -> list[int]:
    return [one.instance_number for one in in_order(pictures_of(datasets))]


def test_slices_go_by_their_place_and_begin_where_the_scanner_began() -> None:
    rising = [dataset(number, place) for number, place in ((3, 30.0), (1, 10.0), (2, 21.0))]
    falling = [dataset(number, place) for number, place in ((3, 10.0), (1, 30.0), (2, 21.0))]
    assert numbers(rising) == numbers(falling) == [1, 2, 3]
    mixed = [dataset(1, 10.0), dataset(2, 30.0), dataset(3, 20.0)]
    assert numbers(mixed) == [1, 3, 2]


@pytest.mark.parametrize(
    "others",
    [
        [dataset(2, 10.0), dataset(1, 10.0)],
        [dataset(2), dataset(1, 10.0)],
        [dataset(2, 5.0, t00200037=[0.0, 1.0, 0.0, 0.0, 0.0, -1.0]), dataset(1, 10.0)],
    ],
    ids=["two phases of one place", "one without a place", "two directions"],
)
def test_others_go_by_their_numbers(others: list[dict[str, Any]]) -> None:
    assert numbers(others) == [1, 2]


def test_a_frame_takes_its_own_group_before_the_shared_one_before_the_instance() -> None:
    def plane(place: float) -> dict[str, Any]:
        return {"00209113": {"vr": "SQ", "Value": [{"00200032": {"vr": "DS", "Value": [0, 0, place]}}]}}

    shared = {
        "00209116": {"vr": "SQ", "Value": [{"00200037": {"vr": "DS", "Value": AXIAL}}]},
        "00289110": {"vr": "SQ", "Value": [{"00280030": {"vr": "DS", "Value": [0.5, 0.6]}}]},
    }
    own = [plane(2.0), {**plane(1.0), "00289132": {"vr": "SQ", "Value": [{"00281050": {"Value": [7]}, "00281051": {"Value": [70]}}]}}]
    one = dataset(1, t00280008=[2], t52009229=[shared], t52009230=own, t00281050=[1], t00281051=[10])
    pictures = pictures_of([one])
    assert [picture.position for picture in pictures] == [(0.0, 0.0, 2.0), (0.0, 0.0, 1.0)]
    assert [picture.windows for picture in pictures] == [((1.0, 10.0),), ((7.0, 70.0),)]
    assert {picture.spacing for picture in pictures} == {(0.5, 0.6)}
    assert [picture.frame for picture in in_order(pictures)] == [1, 2], "the frames begin where the device began"


@pytest.mark.parametrize(
    ("attributes", "spacing", "source"),
    [
        ({"t00280030": [0.7, 0.8], "t00181164": [0.1, 0.1]}, (0.7, 0.8), "patient"),
        ({"t00181164": [0.1, 0.2]}, (0.1, 0.2), "detector"),
        ({"t00280030": [0, 0]}, None, ""),
        ({"t00280030": ["?", 1]}, None, ""),
        ({"t00186011": [{t: {"Value": [v]} for t, v in (("00186024", 3), ("00186026", 3), ("0018602C", 0.02), ("0018602E", 0.01))}]}, (0.1, 0.2), "region"),
        ({}, None, ""),
    ],
)  # fmt: skip
def test_a_spacing_says_what_it_is_of(attributes: dict[str, Any], spacing: tuple[float, float] | None, source: str) -> None:
    picture = pictures_of([dataset(**attributes)])[0]
    assert picture.spacing == (pytest.approx(spacing) if spacing else None)
    assert picture.spacing_source == source


@pytest.mark.parametrize(
    ("orientation", "sides"),
    [
        (AXIAL, ("R", "L", "A", "P")),
        ([1, 0, 0, 0, 0, -1], ("R", "L", "H", "F")),
        ([0, 1, 0, 0, 0, -1], ("A", "P", "H", "F")),
        ([-1, 0, 0, 0, 1, 0], ("L", "R", "A", "P")),
        ([0.8, 0.6, 0, 0, 0, -1], ("RA", "LP", "H", "F")),
        ([0, 0, 0, 0, 0, 0], None),
    ],
)
def test_sides_follow_from_the_orientation(orientation: list[float], sides: tuple[str, str, str, str] | None) -> None:
    assert sides_of(tuple(map(float, orientation))) == sides


@pytest.mark.parametrize(
    ("stated", "sides"), [(["L", "F"], ("R", "L", "H", "F")), (["P", "F"], ("A", "P", "H", "F")), (["?", "F"], None), ([], None)]
)
def test_radiographs_state_theirs(stated: list[str], sides: tuple[str, str, str, str] | None) -> None:
    assert pictures_of([dataset(t00200020=stated)])[0].sides == sides


@pytest.mark.parametrize(
    "wrong",
    [{"t00280010": [0]}, {"t00280011": ["many"]}, {"t00080018": ["../../x"]}, {"t00280010": []}],
)
def test_what_has_no_pixels_is_no_picture(wrong: dict[str, Any]) -> None:
    assert pictures_of([dataset(**wrong)]) == []


def test_nonsense_numbers_do_no_harm() -> None:
    picture = pictures_of([dataset(t00281050=["NaN"], t00281051=[1e99], t00281053=[None], t00280008=["-4"], t00181063=["x"])])[0]
    assert (picture.windows, picture.slope, picture.frame, picture.frame_milliseconds) == ((), 1.0, 1, None)


def test_a_clip_knows_its_speed() -> None:
    for attributes, milliseconds in (({"t00181063": [40]}, 40), ({"t00181065": [0, 30, 50]}, 40), ({"t00082144": [25]}, 40), ({}, None)):
        pictures = pictures_of([dataset(t00280008=[3], **attributes)])
        assert [one.frame for one in pictures] == [1, 2, 3]
        assert {one.frame_milliseconds for one in pictures} == {milliseconds}


def test_columns_hold_what_differs_and_give_every_picture_back() -> None:
    pictures = in_order(pictures_of([dataset(number, float(number), t00281053=[float(number)]) for number in range(1, 12)]))
    columns = picture_columns(pictures)
    assert columns["prefix"] == "1.2.3."
    assert set(columns["each"]) == {"instance", "slope", "place"}
    assert picture_at(columns, 10)["instance"] == "1.2.3.11"
    assert picture_at(columns, 2) | {"rows": 4, "slope": 3.0, "place": 3.0, "bits": 12} == picture_at(columns, 2)


def test_a_series_of_1600_slices_is_told_in_a_few_bytes_a_slice_and_soon() -> None:
    datasets = [dataset(number, number * 0.625) for number in range(1600, 0, -1)]
    began = time.monotonic()
    text = json.dumps(picture_columns(in_order(pictures_of(datasets))))
    assert len(text) < 1600 * 25
    assert time.monotonic() - began < 2
