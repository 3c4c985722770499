# SPDX-License-Identifier: AGPL-3.0-or-later
"""Publish a series: each instance as it comes, the metadata when nothing comes any more; again when it changes."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from itertools import batched
from pathlib import Path
from typing import Any, BinaryIO

from cloudfilm.db.publications import (
    InstanceRow,
    add_instances,
    begin_series,
    forget_instance,
    forget_series,
    hold_series,
    instances_of_series,
    set_shown,
)
from cloudfilm.dicom.documents import first_value, is_document
from cloudfilm.jobs.context import JobContext
from cloudfilm.publish.answers import metadata_answer
from cloudfilm.publish.instance import PublishedInstance, publish_instance
from cloudfilm.publish.picture_list import key_picture, picture_list
from cloudfilm.publish.pictures import THUMBNAIL_SIDE, smaller
from cloudfilm.storage.published_tree import PICTURES, InstanceFiles, PublishedTree

_log = logging.getLogger(__name__)
_AT_ONCE = 16
_SOP_INSTANCE_UID = "00080018"


def publish_series(
    context: JobContext, tree: PublishedTree, study_instance_uid: str, series: dict[str, Any], has_time: Callable[[], bool]
) -> bool:
    """Publish what is new in a series (Orthanc's ``/series/{id}``), take away what is gone.

    Returns
    -------
    bool
        Whether all of the series is shown.
    """
    series_id, uids = str(series["ID"]), (study_instance_uid, str(series["MainDicomTags"]["SeriesInstanceUID"]))
    there = list(series["Instances"])
    with context.database.transaction() as cursor:
        known, shown = begin_series(cursor, series_id, *uids)
        for orthanc_instance_id in known.keys() - set(there):
            if (gone := forget_instance(cursor, orthanc_instance_id)) is not None:
                tree.hide_metadata(*uids)
                tree.remove(*gone)
    missing = [orthanc_instance_id for orthanc_instance_id in there if orthanc_instance_id not in known]
    if missing:
        tree.hide_metadata(*uids)
    for portion in batched(missing, _AT_ONCE, strict=False):
        if not has_time() or not _publish_instances(context, tree, series_id, portion):
            return False
    if not series["IsStable"]:
        return False
    if shown == len(there) and not missing and tree.has_metadata(*uids):
        return True
    return _show(context, tree, series_id, uids, there)


def _publish_instances(context: JobContext, tree: PublishedTree, series_id: str, portion: Sequence[str]) -> bool:
    """Make the files of some instances, then show them and write them down in one transaction. False when the series has gone meanwhile."""
    with ExitStack() as stack:
        made: list[tuple[InstanceFiles, InstanceRow, PublishedInstance | None]] = []
        for orthanc_instance_id in portion:
            instance = context.orthanc.instance(orthanc_instance_id)
            if instance is None:
                return False
            files = stack.enter_context(tree.staged())
            row, published = _make(context, files, instance)
            made.append((files, row, published))
        with context.database.transaction() as cursor:
            if not hold_series(cursor, series_id):
                return False
            for files, _row, published in made:
                if published is not None and files.count:
                    tree.show_instance(files, published.study_instance_uid, published.series_instance_uid, published.sop_instance_uid)
            add_instances(cursor, series_id, [row for _files, row, _published in made])
    return True


def _make(context: JobContext, files: InstanceFiles, instance: dict[str, Any]) -> tuple[InstanceRow, PublishedInstance | None]:
    """Files of one instance; what cannot be published for what it is, is Orthanc's to answer and is not tried again."""
    tags = instance["MainDicomTags"]
    try:
        with _stored_file(context, instance) as file:
            published = publish_instance(file, files.write, context.settings.published_verified_percent)
        if published.sop_instance_uid != tags["SOPInstanceUID"]:
            raise ValueError("another instance than the index says")
    except (OSError, MemoryError):
        raise  # a full disk or a lost connection: nothing is wrong with the instance
    except Exception as error:
        _log.warning("instance %s is left to Orthanc: %s", instance["ID"], type(error).__name__)
        facts = {"left_because": f"cannot be published: {type(error).__name__}"}
        return InstanceRow(instance["ID"], tags["SOPInstanceUID"], instance["FileUuid"], 0, 0, facts), None
    row = InstanceRow(instance["ID"], published.sop_instance_uid, instance["FileUuid"], files.count, files.bytes, asdict(published))
    return row, published


@contextmanager
def _stored_file(context: JobContext, instance: dict[str, Any]) -> Iterator[BinaryIO]:
    """The instance's bytes: from Orthanc's storage folder where they lie there as they are, else from Orthanc."""
    uuid = str(instance["FileUuid"])
    path = context.settings.data_directory / "orthanc" / uuid[:2] / uuid[2:4] / uuid
    if _lies_there(path, int(instance["FileSize"])):
        with open(path, "rb") as file:
            yield file
    else:
        yield io.BytesIO(context.orthanc.instance_file(instance["ID"]))


def _lies_there(path: Path, size: int) -> bool:
    """Whether a file of that size is there and is DICOM (PS3.10 §7.1), neither compressed nor encrypted."""
    try:
        with open(path, "rb") as file:
            head = file.read(132)
            return head[128:] == b"DICM" and path.stat().st_size == size
    except OSError:
        return False


def _show(context: JobContext, tree: PublishedTree, series_id: str, uids: tuple[str, str], there: Sequence[str]) -> bool:
    datasets = context.orthanc.series_metadata(*uids)
    with context.database.transaction() as cursor:
        rows = instances_of_series(cursor, series_id)
    if len(datasets) != len(there) or {first_value(one, _SOP_INSTANCE_UID) for one in datasets} != {row.sop_instance_uid for row in rows}:
        return False
    documents = {first_value(one, _SOP_INSTANCE_UID) for one in datasets if is_document(one)}
    instances = [_published(row.facts) for row in rows if "sop_instance_uid" in row.facts]
    with context.database.transaction() as cursor:
        if not hold_series(cursor, series_id):
            return False
        tree.make_series(*uids)
        thumbnail = _show_thumbnail(tree, uids, instances)
        size = thumbnail + tree.show_file(picture_list(instances, documents), PICTURES, *uids)
        size += tree.show_metadata(metadata_answer(datasets), *uids)
        set_shown(cursor, series_id, len(there), 4 if thumbnail else 3, size)
    # Something may have come or gone while the metadata were fetched.
    now = context.orthanc.series(series_id)
    if now is not None and set(now["Instances"]) == set(there):
        return True
    with context.database.transaction() as cursor:
        if now is None:
            forget_series(cursor, series_id)
        else:
            set_shown(cursor, series_id, 0, 0, 0)
    if now is None:
        tree.remove(*uids)
    else:
        tree.hide_metadata(*uids)
    return False


def _show_thumbnail(tree: PublishedTree, uids: tuple[str, str], instances: Sequence[PublishedInstance]) -> int:
    """A small picture of the middle frame of the middle instance; 0 where we did not draw one."""
    key = key_picture(instances)
    if key is None or not key.has_pictures:
        return 0
    place = (*uids, key.sop_instance_uid)
    picture = tree.read(f"{key.number_of_frames // 2 + 1}.jpg", *place)
    return tree.show_file(smaller(picture, THUMBNAIL_SIDE), "thumbnail.jpg", *place)


def _published(facts: dict[str, Any]) -> PublishedInstance:
    window = facts["window"]
    return PublishedInstance(**{**facts, "window": (window[0], window[1]) if window else None})
