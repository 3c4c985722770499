# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of a series' pictures, for viewers that show JPEG: an order, sizes and windows, and nothing that names anybody."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from cloudfilm.publish.instance import PublishedInstance


def in_order(instances: Sequence[PublishedInstance]) -> list[PublishedInstance]:
    """By InstanceNumber, then by UID: what a reader turns through."""
    return sorted(instances, key=lambda one: (one.instance_number is None, one.instance_number or 0, one.sop_instance_uid))


def key_picture(instances: Sequence[PublishedInstance]) -> PublishedInstance | None:
    """The middle one of those that have frames."""
    shown = [one for one in in_order(instances) if one.number_of_frames]
    return shown[len(shown) // 2] if shown else None


def picture_list(instances: Sequence[PublishedInstance], documents: Collection[str]) -> bytes:
    """JSON; instances whose SOPInstanceUID is among ``documents`` are left out, since not everybody may know of them."""
    shown = [one for one in in_order(instances) if one.number_of_frames and one.sop_instance_uid not in documents]
    key = key_picture(shown)
    facts = {
        "version": 1,
        "key_picture": key.sop_instance_uid if key else None,
        "instances": [
            {
                "sop_instance_uid": one.sop_instance_uid,
                "instance_number": one.instance_number,
                "frames": one.number_of_frames,
                "rows": one.rows,
                "columns": one.columns,
                "window": list(one.window) if one.window else None,
                "pictures": one.has_pictures,
            }
            for one in shown
        ],
    }
    return json.dumps(facts, separators=(",", ":")).encode("ascii")
