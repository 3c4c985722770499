# SPDX-License-Identifier: AGPL-3.0-or-later
"""What would run, or hand over files, when a PDF is opened (ISO 32000-1 §12.6, §7.11.4, §12.7.8): found, and taken out of a copy."""

from __future__ import annotations

import io

from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

# Entries that start something by themselves or carry a file. /Names' trees of scripts and files are among them.
_ENTRIES = frozenset(
    {"/OpenAction", "/AA", "/JS", "/JavaScript", "/EmbeddedFiles", "/EF", "/AF", "/XFA", "/RichMediaContent", "/Collection"}
)
_ACTIONS = frozenset(
    {"/JavaScript", "/Launch", "/SubmitForm", "/ImportData", "/Rendition", "/RichMediaExecute", "/GoToE", "/GoToR", "/Movie", "/Sound"}
)
_ANNOTATIONS = frozenset({"/FileAttachment", "/RichMedia", "/Screen", "/Movie", "/Sound", "/3D"})
_MOST_OBJECTS = 2_000_000
_HARMLESS_OPENING = frozenset({"/GoTo"})


def without_active_content(pdf: bytes) -> bytes | None:
    """
    A copy that looks the same and runs nothing; `None` when there is nothing to take out.

    Raises
    ------
    pypdf.errors.PyPdfError
        When the document cannot be opened.
    """
    reader = PdfReader(io.BytesIO(pdf))
    if reader.is_encrypted:
        reader.decrypt("")
    writer = PdfWriter(clone_from=reader)
    if not _clean(writer):
        return None
    # What nothing points at any more goes too: files, scripts.
    writer.compress_identical_objects(remove_duplicates=False, remove_unreferenced=True)
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


def _clean(writer: PdfWriter) -> bool:
    """Every object once, without recursion: a document may be nested as deeply as it likes."""
    found, seen = False, 0
    waiting: list[object] = [one for one in writer._objects if one is not None]
    waiting.append(writer.root_object)
    while waiting:
        seen += 1
        if seen > _MOST_OBJECTS:
            raise MemoryError
        value = waiting.pop()
        if isinstance(value, DictionaryObject):
            found |= _clean_dictionary(value)
            waiting += [one for one in value.values() if not isinstance(one, IndirectObject)]
        elif isinstance(value, ArrayObject):
            found |= _clean_array(value)
            waiting += [one for one in value if not isinstance(one, IndirectObject)]
    return found


def _clean_dictionary(value: DictionaryObject) -> bool:
    doomed = [name for name in value if name in _ENTRIES and not _is_plain_opening(value, name)]
    for name in ("/A", "/PA", "/Next"):
        if name in value and _is_active_action(_resolved(value.raw_get(name))):
            doomed.append(NameObject(name))
    for name in doomed:
        del value[name]
    if _is_active_action(value):
        # Reached by another way than through an annotation: it says nothing any more.
        for name in [name for name in value if not (isinstance(value, StreamObject) and name in ("/Length", "/Filter"))]:
            del value[name]
        return True
    return bool(doomed)


def _clean_array(value: ArrayObject) -> bool:
    kept = [one for one in value if not _is_active_annotation(_resolved(one)) and not _is_active_action(_resolved(one))]
    if len(kept) == len(value):
        return False
    value[:] = kept
    return True


def _is_plain_opening(value: DictionaryObject, name: str) -> bool:
    """Where the reader is to begin: a place in the document, not an action that does something."""
    if name != "/OpenAction":
        return False
    opening = _resolved(value.raw_get(name))
    return isinstance(opening, ArrayObject) or (isinstance(opening, DictionaryObject) and opening.get("/S") in _HARMLESS_OPENING)


def _is_active_action(value: object) -> bool:
    return isinstance(value, DictionaryObject) and _name(value, "/S") in _ACTIONS and "/K" not in value


def _is_active_annotation(value: object) -> bool:
    return isinstance(value, DictionaryObject) and _name(value, "/Subtype") in _ANNOTATIONS


def _name(value: DictionaryObject, key: str) -> object:
    found = value.raw_get(key) if key in value else None
    return _resolved(found)


def _resolved(value: object) -> object:
    for _ in range(16):
        if not isinstance(value, IndirectObject):
            return value
        value = value.get_object()
    return None
