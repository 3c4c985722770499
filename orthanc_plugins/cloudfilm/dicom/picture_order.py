# SPDX-License-Identifier: AGPL-3.0-or-later
"""The order in which the pictures of a series are looked through. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from cloudfilm.dicom.picture import Picture

_SAME_DIRECTION = 0.001
_SAME_PLACE_MM = 0.001


def in_order(pictures: Sequence[Picture]) -> list[Picture]:
    """Parallel pictures at different places by their place, beginning where the scanner counts from; all others by their numbers."""
    by_number = sorted(pictures, key=lambda one: (one.instance_number, one.sop_instance_uid, one.frame))
    places = places_along_normal(by_number)
    if places is None:
        return by_number
    order = sorted(range(len(places)), key=places.__getitem__)
    if any(places[after] - places[before] < _SAME_PLACE_MM for before, after in pairwise(order)):
        return by_number  # several pictures of one place: phases, echoes
    if places[0] > places[-1]:
        order.reverse()
    return [by_number[at] for at in order]


def places_along_normal(pictures: Sequence[Picture]) -> list[float] | None:
    """ImagePositionPatient along the common normal, millimetres (PS3.3 §C.7.6.2.1.1); None where there is no common one."""
    if not pictures or pictures[0].orientation is None:
        return None
    first = pictures[0].orientation
    normal = (
        first[1] * first[5] - first[2] * first[4],
        first[2] * first[3] - first[0] * first[5],
        first[0] * first[4] - first[1] * first[3],
    )
    places = []
    for picture in pictures:
        if picture.position is None or picture.orientation is None:
            return None
        if picture.orientation is not first and any(abs(a - b) > _SAME_DIRECTION for a, b in zip(picture.orientation, first, strict=True)):
            return None
        places.append(sum(a * b for a, b in zip(picture.position, normal, strict=True)))
    return places
