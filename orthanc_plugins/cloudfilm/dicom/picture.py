# SPDX-License-Identifier: AGPL-3.0-or-later
"""The pictures of a series as a viewer needs to know them, read from its metadata (DICOM JSON, PS3.18 §F): one for each frame. Pure.

Nothing here tells whose they are. Enhanced objects carry a frame's geometry and window in functional groups (PS3.3 §C.7.6.16), others in the
instance itself; a frame's own group goes before the shared one, and both before the instance.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cloudfilm.dicom.values import is_uid

type Dataset = Mapping[str, Any]

# More frames than any loop holds; a file that claims more is cut here.
MOST_FRAMES = 20_000
_CENTIMETRES = 3  # PhysicalUnitsXDirection, PS3.3 §C.8.5.5.1.1
_MILLIMETRES_OF_CENTIMETRE = 10.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One frame.

    Attributes
    ----------
    frame : int
        Counted from 1.
    spacing : tuple of float or None
        Millimetres between rows and between columns.
    spacing_source : str
        ``patient`` (PixelSpacing, in the patient, or calibrated), ``detector`` (ImagerPixelSpacing: before magnification), ``region`` (ultrasound), or empty.
    aspect : float
        Height of a pixel by its width.
    orientation, position : tuple of float or None
        ImageOrientationPatient and ImagePositionPatient (PS3.3 §C.7.6.2).
    sides : tuple of str or None
        What lies at the left, right, top and bottom edge: R, L, A, P, H, F or two of them.
    windows : tuple of (float, float)
        Centre and width, in values after the rescale.
    frame_milliseconds : float or None
        How long a frame of a clip is shown.
    """

    sop_instance_uid: str
    frame: int
    instance_number: int
    rows: int
    columns: int
    spacing: tuple[float, float] | None
    spacing_source: str
    aspect: float
    orientation: tuple[float, ...] | None
    position: tuple[float, ...] | None
    frame_of_reference_uid: str
    sides: tuple[str, str, str, str] | None
    windows: tuple[tuple[float, float], ...]
    slope: float
    intercept: float
    photometric: str
    bits_allocated: int
    bits_stored: int
    is_signed: bool
    samples: int
    frame_milliseconds: float | None


def pictures_of(datasets: Iterable[Dataset]) -> list[Picture]:
    """Every frame of the instances that have pixels, as they come."""
    return [picture for dataset in datasets for picture in _frames(dataset)]


def has_pixels(dataset: Dataset) -> bool:
    """Whether an instance is a picture: it states its rows and columns."""
    return _whole(dataset, "00280010") > 0 and _whole(dataset, "00280011") > 0 and is_uid(_text(dataset, "00080018"))


def _frames(dataset: Dataset) -> Iterator[Picture]:
    if not has_pixels(dataset):
        return
    number = min(max(_whole(dataset, "00280008"), 1), MOST_FRAMES)
    shared, each = _item(dataset, "52009229"), dataset.get("52009230", {}).get("Value") or []
    milliseconds = _frame_milliseconds(dataset) if number > 1 else None
    if not shared and not each:
        yield from _alike(_picture(dataset, 1, {}, {}, milliseconds), number)
        return
    for frame in range(1, number + 1):
        own = each[frame - 1] if frame <= len(each) and isinstance(each[frame - 1], dict) else {}
        yield _picture(dataset, frame, own, shared, milliseconds)


def _alike(first: Picture, number: int) -> Iterator[Picture]:
    """A frame, and others that differ from it by their number only."""
    yield first
    if number > 1:
        values = {name: getattr(first, name) for name in Picture.__slots__}
        for frame in range(2, number + 1):
            yield Picture(**{**values, "frame": frame})


def _picture(dataset: Dataset, frame: int, own: Dataset, shared: Dataset, frame_milliseconds: float | None) -> Picture:
    def group(tag: str) -> Dataset:
        return _item(own, tag) or _item(shared, tag) or dataset

    measures, values, lut = group("00289110"), group("00289145"), group("00289132")
    orientation = _numbers(group("00209116"), "00200037", 6)
    spacing, source = _spacing(measures, dataset)
    return Picture(
        sop_instance_uid=_text(dataset, "00080018"),
        frame=frame,
        instance_number=_whole(dataset, "00200013"),
        rows=_whole(dataset, "00280010"),
        columns=_whole(dataset, "00280011"),
        spacing=spacing,
        spacing_source=source,
        aspect=_aspect(spacing, dataset),
        orientation=orientation,
        position=_numbers(group("00209113"), "00200032", 3),
        frame_of_reference_uid=_text(dataset, "00200052"),
        sides=sides_of(orientation) or _stated_sides(dataset),
        windows=_windows(lut),
        slope=_number(values, "00281053") or 1.0,
        intercept=_number(values, "00281052") or 0.0,
        photometric=_text(dataset, "00280004").upper(),
        bits_allocated=_whole(dataset, "00280100") or 8,
        bits_stored=_whole(dataset, "00280101") or _whole(dataset, "00280100") or 8,
        is_signed=_whole(dataset, "00280103") == 1,
        samples=_whole(dataset, "00280002") or 1,
        frame_milliseconds=frame_milliseconds,
    )


def sides_of(orientation: tuple[float, ...] | None) -> tuple[str, str, str, str] | None:
    """The letters at the left, right, top and bottom edge that follow from ImageOrientationPatient (PS3.3 §C.7.6.1.1.1)."""
    if orientation is None:
        return None
    along_row, along_column = _letters(orientation[:3]), _letters(orientation[3:])
    return (opposite(along_row), along_row, opposite(along_column), along_column) if along_row and along_column else None


def opposite(letters: str) -> str:
    """The letters of the other side."""
    return letters.translate(str.maketrans("LRAPHF", "RLPAFH"))


def _letters(direction: tuple[float, ...]) -> str:
    """The axes along which a direction mostly goes, at most two."""
    sizes = sorted(((abs(value), axis) for axis, value in enumerate(direction)), reverse=True)
    return "".join(("RL", "AP", "FH")[axis][direction[axis] > 0] for size, axis in sizes[:2] if size > 0.35)


def _stated_sides(dataset: Dataset) -> tuple[str, str, str, str] | None:
    """From PatientOrientation, which radiographs have (PS3.3 §C.7.6.1.1.1)."""
    along_row, along_column = (_at(dataset, "00200020", place).upper()[:2] for place in (0, 1))
    if not along_row or not set(along_row + along_column) <= set("LRAPHF"):
        return None
    return opposite(along_row), along_row, opposite(along_column), along_column


def _spacing(measures: Dataset, dataset: Dataset) -> tuple[tuple[float, float] | None, str]:
    for source, values in (("patient", _numbers(measures, "00280030", 2)), ("detector", _numbers(dataset, "00181164", 2))):
        if values and min(values) > 0:
            return (values[0], values[1]), source
    regions = dataset.get("00186011", {}).get("Value") or []
    # With several regions a length depends on where it is: then none is said.
    if len(regions) == 1 and _whole(regions[0], "00186024") == _whole(regions[0], "00186026") == _CENTIMETRES:
        down, across = (abs(_number(regions[0], tag) or 0.0) * _MILLIMETRES_OF_CENTIMETRE for tag in ("0018602E", "0018602C"))
        if down > 0 and across > 0:
            return (down, across), "region"
    return None, ""


def _aspect(spacing: tuple[float, float] | None, dataset: Dataset) -> float:
    ratio = spacing or _numbers(dataset, "00280034", 2) or (1.0, 1.0)
    aspect = ratio[0] / ratio[1] if ratio[1] > 0 else 1.0
    return aspect if 0.05 < aspect < 20 else 1.0


def _windows(lut: Dataset) -> tuple[tuple[float, float], ...]:
    centres, widths = _all_numbers(lut, "00281050"), _all_numbers(lut, "00281051")
    return tuple((centre, width) for centre, width in zip(centres, widths, strict=False) if width >= 1)[:8]


def _frame_milliseconds(dataset: Dataset) -> float | None:
    """FrameTime, the mean of FrameTimeVector, or a rate (PS3.3 §C.7.6.5)."""
    time = _number(dataset, "00181063")
    if time and time > 0:
        return time
    times = _all_numbers(dataset, "00181065")[1:]
    if times and sum(times) > 0:
        return round(sum(times) / len(times), 2)
    rate = _number(dataset, "00082144") or _number(dataset, "00180040") or 0.0
    return round(1000 / rate, 2) if rate > 0 else None


def _item(dataset: Dataset, tag: str) -> Dataset:
    values = dataset.get(tag, {}).get("Value") or [{}]
    return values[0] if isinstance(values[0], dict) else {}


def _at(dataset: Dataset, tag: str, place: int) -> str:
    values = dataset.get(tag, {}).get("Value") or []
    return str(values[place]).strip() if place < len(values) and isinstance(values[place], str) else ""


def _text(dataset: Dataset, tag: str) -> str:
    return _at(dataset, tag, 0)


def _all_numbers(dataset: Dataset, tag: str) -> list[float]:
    found = []
    for value in dataset.get(tag, {}).get("Value") or []:
        try:
            number = float(value)
        except (TypeError, ValueError):
            return []
        if not abs(number) < 1e9:
            return []
        found.append(number)
    return found


def _numbers(dataset: Dataset, tag: str, count: int) -> tuple[float, ...] | None:
    found = _all_numbers(dataset, tag)
    return tuple(found) if len(found) == count else None


def _number(dataset: Dataset, tag: str) -> float | None:
    found = _all_numbers(dataset, tag)
    return found[0] if found else None


def _whole(dataset: Dataset, tag: str) -> int:
    return int(_number(dataset, tag) or 0)
