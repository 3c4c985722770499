# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a console builds up on one association until it prints: film session, film boxes, image boxes (PS3.4 §H.4). Pure: datasets in, datasets out.

Nothing is printed here: `PrintSession.print_films` gives the films to whoever keeps them, and says success only when that did.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.uid import UID

from cloudfilm.films.density import density_range
from cloudfilm.films.layout import Cell, cells_of
from cloudfilm.films.page import Page, PlacedPicture
from cloudfilm.films.picture import PresentationLut, picture_of, presentation_lut_of
from cloudfilm.films.refusal import PrintRefused, PrintStatus

FILM_SESSION, FILM_BOX = "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.2"
GRAYSCALE_BOX, COLOR_BOX = "1.2.840.10008.5.1.1.4", "1.2.840.10008.5.1.1.4.1"
PRINT_JOB, ANNOTATION_BOX = "1.2.840.10008.5.1.1.14", "1.2.840.10008.5.1.1.15"
PRINTER, PRESENTATION_LUT = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.23"
GRAYSCALE_PRINT, COLOR_PRINT = "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.18"
PRINTER_INSTANCE = "1.2.840.10008.5.1.1.17"
MOST_FILMS = 100  # on one association, deleted ones not counted
MOST_LUTS = 20
MOST_PIXELS = 200_000_000  # bytes of all images of an association that are not printed yet
_ANNOTATIONS = 6  # boxes of a film that asks for any
_LONGEST_TEXT = 1024
_TEXTS = ("FilmSessionLabel", "OwnerID")


@dataclass(slots=True)
class FilmBox:
    """A film box; images and annotations by their place."""

    uid: str
    cells: tuple[Cell, ...]
    box_class: str
    attributes: Dataset
    image_uids: list[str]
    annotation_uids: list[str]
    pictures: dict[int, PlacedPicture] = field(default_factory=dict)
    annotations: dict[int, str] = field(default_factory=dict)
    is_printed: bool = False


@dataclass(frozen=True, slots=True)
class PrintedFilm:
    """A film to be kept: its page, and every text beside its images."""

    page: Page
    texts: tuple[str, ...]


@dataclass(slots=True)
class PrintSession:
    """
    The objects of one association.

    Attributes
    ----------
    new_uid
        Makes a UID.
    keep
        Keeps a film for good; raises when it cannot.
    """

    new_uid: Callable[[], str]
    keep: Callable[[PrintedFilm], None]
    _session_uid: str = ""
    _session: Dataset = field(default_factory=Dataset)
    _films: dict[str, FilmBox] = field(default_factory=dict)
    _luts: dict[str, PresentationLut] = field(default_factory=dict)
    _jobs: set[str] = field(default_factory=set)

    def create(self, sop_class: str, uid: str, attributes: Dataset, is_colour: bool) -> tuple[str, Dataset]:
        """N-CREATE: the UID of what was made, and what is answered."""
        uid = uid or self.new_uid()
        if not UID(uid).is_valid:
            raise PrintRefused(PrintStatus.INVALID_VALUE, "Affected SOP Instance UID: not a UID")
        if uid == self._session_uid or uid in self._films or uid in self._luts:
            raise PrintRefused(PrintStatus.DUPLICATE_INSTANCE, "Affected SOP Instance UID: there is one already")
        answer = Dataset()
        if sop_class == FILM_SESSION:
            if self._session_uid:
                raise PrintRefused(PrintStatus.RESOURCE_LIMITATION, "there is a film session on this association already")
            self._lut_of(attributes)
            self._session_uid, self._session = uid, attributes
        elif sop_class == FILM_BOX:
            answer = self._create_film(uid, attributes, COLOR_BOX if is_colour else GRAYSCALE_BOX)
        elif sop_class == PRESENTATION_LUT:
            if len(self._luts) >= MOST_LUTS:
                raise PrintRefused(PrintStatus.RESOURCE_LIMITATION, f"at most {MOST_LUTS} presentation LUTs are kept")
            self._luts[uid] = presentation_lut_of(attributes)
        else:
            raise PrintRefused(PrintStatus.NO_SUCH_CLASS, "only film sessions, film boxes and presentation LUTs are made")
        return uid, answer

    def change(self, sop_class: str, uid: str, attributes: Dataset) -> Dataset:
        """N-SET."""
        if sop_class == FILM_SESSION and uid == self._session_uid:
            self._session.update(attributes)
        elif sop_class == FILM_BOX and uid in self._films:
            if "ImageDisplayFormat" in attributes:
                raise PrintRefused(PrintStatus.INVALID_VALUE, "Image Display Format (2010,0010) is fixed once the film box is made")
            self._lut_of(attributes)
            self._films[uid].attributes.update(attributes)
        elif sop_class in (GRAYSCALE_BOX, COLOR_BOX):
            self._set_image(uid, attributes)
        elif sop_class == ANNOTATION_BOX:
            self._set_annotation(uid, attributes)
        else:
            raise PrintRefused(PrintStatus.NO_SUCH_INSTANCE, "there is no such object on this association")
        return Dataset()

    def print_films(self, sop_class: str, uid: str, action: int) -> Dataset:
        """N-ACTION (print) of a film box or of all: returns when each film is kept."""
        if action != 1:
            raise PrintRefused(PrintStatus.NO_SUCH_ACTION, "Action Type ID: allowed is 1, print")
        if sop_class == FILM_SESSION and uid == self._session_uid:
            films = list(self._films.values())
            if not films:
                raise PrintRefused(PrintStatus.NO_FILM_BOX, "the film session has no film box")
        elif sop_class == FILM_BOX and uid in self._films:
            films = [self._films[uid]]
        else:
            raise PrintRefused(PrintStatus.NO_SUCH_INSTANCE, "there is no such object on this association")
        printable = [film for film in films if film.pictures or film.is_printed]
        for film in printable:
            if not film.is_printed:
                self.keep(PrintedFilm(self._page(film), self._texts(film)))
                film.is_printed = True
                film.pictures.clear()
        if not printable:
            raise PrintRefused(PrintStatus.EMPTY_PAGE, "the film has no images: nothing was printed")
        return self._job()

    def get(self, sop_class: str, uid: str) -> Dataset:
        """N-GET of the printer, or of a print job that we named."""
        answer = Dataset()
        if sop_class == PRINTER and uid == PRINTER_INSTANCE:
            answer.PrinterStatus, answer.PrinterStatusInfo, answer.PrinterName = "NORMAL", "NORMAL", "CLOUDFILM"
            answer.Manufacturer, answer.ManufacturerModelName = "CloudFilm", "Electronic film"
        elif sop_class == PRINT_JOB and uid in self._jobs:
            answer.ExecutionStatus, answer.ExecutionStatusInfo, answer.PrinterName = "DONE", "NORMAL", "CLOUDFILM"
        else:
            raise PrintRefused(PrintStatus.NO_SUCH_INSTANCE, "there is no such object")
        return answer

    def delete(self, sop_class: str, uid: str) -> None:
        """N-DELETE; with a film session go its film boxes."""
        if sop_class == FILM_SESSION and uid == self._session_uid:
            self._session_uid, self._session = "", Dataset()
            self._films.clear()
        elif sop_class == FILM_BOX and uid in self._films:
            del self._films[uid]
        elif sop_class == PRESENTATION_LUT and uid in self._luts:
            del self._luts[uid]
        else:
            raise PrintRefused(PrintStatus.NO_SUCH_INSTANCE, "there is no such object on this association")

    @property
    def unprinted(self) -> int:
        """Films that have images and were never printed: they end with the association."""
        return sum(bool(film.pictures) for film in self._films.values())

    def _create_film(self, uid: str, attributes: Dataset, box_class: str) -> Dataset:
        if not self._session_uid:
            raise PrintRefused(PrintStatus.INVALID_VALUE, "there is no film session to which the film box could belong")
        if len(self._films) >= MOST_FILMS:
            raise PrintRefused(
                PrintStatus.RESOURCE_LIMITATION, f"at most {MOST_FILMS} films on one association: delete those that are printed"
            )
        wanted = attributes.get("ImageDisplayFormat")
        if not wanted:
            raise PrintRefused(PrintStatus.MISSING_ATTRIBUTE, "Image Display Format (2010,0010) is missing")
        cells = cells_of(str(wanted))
        self._lut_of(attributes)
        annotations = _ANNOTATIONS if str(attributes.get("AnnotationDisplayFormatID", "")).strip() else 0
        film = FilmBox(uid, cells, box_class, attributes, [self.new_uid() for _ in cells], [self.new_uid() for _ in range(annotations)])
        self._films[uid] = film
        answer = Dataset()
        answer.ImageDisplayFormat = wanted
        answer.ReferencedImageBoxSequence = [_reference(box_class, one) for one in film.image_uids]
        if film.annotation_uids:
            answer.ReferencedBasicAnnotationBoxSequence = [_reference(ANNOTATION_BOX, one) for one in film.annotation_uids]
        return answer

    def _set_image(self, uid: str, attributes: Dataset) -> None:
        film, place = self._place(uid, "image_uids")
        sequence = attributes.get("BasicColorImageSequence" if film.box_class == COLOR_BOX else "BasicGrayscaleImageSequence")
        if sequence is None:
            raise PrintRefused(PrintStatus.MISSING_ATTRIBUTE, "Basic Grayscale or Color Image Sequence (2020,0110), (2020,0111) is missing")
        if not sequence:  # PS3.4 §H.4.3.1.2.1: an empty sequence takes the image away
            film.pictures.pop(place, None)
            return
        if len(sequence) != 1:
            raise PrintRefused(PrintStatus.INVALID_VALUE, "an image box holds one image")
        picture = picture_of(sequence[0], is_reversed=_code(attributes, "Polarity", "NORMAL") == "REVERSE")
        film.pictures.pop(place, None)
        if self._bytes() + picture.values.nbytes > MOST_PIXELS:
            raise PrintRefused(PrintStatus.RESOURCE_LIMITATION, f"at most {MOST_PIXELS // 1_000_000} MB of images wait for printing")
        width = _decimal(attributes, "RequestedImageSize")
        film.pictures[place] = PlacedPicture(
            picture,
            self._lut_of(attributes) or self._lut_of(film.attributes) or self._lut_of(self._session) or PresentationLut(),
            _code(attributes, "MagnificationType", "") or _code(film.attributes, "MagnificationType", "CUBIC"),
            width if width and 5 <= width <= 1000 else None,
        )
        film.is_printed = False

    def _set_annotation(self, uid: str, attributes: Dataset) -> None:
        film, place = self._place(uid, "annotation_uids")
        film.annotations[place] = str(attributes.get("TextString", ""))[:_LONGEST_TEXT]

    def _place(self, uid: str, which: str) -> tuple[FilmBox, int]:
        for film in self._films.values():
            if uid in getattr(film, which):
                return film, getattr(film, which).index(uid)
        raise PrintRefused(PrintStatus.NO_SUCH_INSTANCE, "there is no such box on this association")

    def _lut_of(self, attributes: Dataset) -> PresentationLut | None:
        references = attributes.get("ReferencedPresentationLUTSequence")
        if not references:
            return None
        found = self._luts.get(str(references[0].get("ReferencedSOPInstanceUID", "")))
        if found is None:
            raise PrintRefused(PrintStatus.INVALID_VALUE, "Referenced Presentation LUT Sequence (2050,0500): there is no such LUT")
        return found

    def _bytes(self) -> int:
        return sum(one.picture.values.nbytes for film in self._films.values() for one in film.pictures.values())

    def _page(self, film: FilmBox) -> Page:
        said = film.attributes
        return Page(
            film_size_id=_code(said, "FilmSizeID", ""),
            orientation=_code(said, "FilmOrientation", "PORTRAIT"),
            cells=film.cells,
            pictures=dict(film.pictures),
            densities=density_range(
                *(_decimal(said, name) for name in ("MinDensity", "MaxDensity", "Illumination", "ReflectedAmbientLight"))
            ),
            border=_code(said, "BorderDensity", "BLACK"),
            empty=_code(said, "EmptyImageDensity", "BLACK"),
            has_trim=_code(said, "Trim", "NO") == "YES",
            annotations=tuple(text for _, text in sorted(film.annotations.items())),
        )

    def _texts(self, film: FilmBox) -> tuple[str, ...]:
        texts = [str(self._session.get(name, "")) for name in _TEXTS] + [text for _, text in sorted(film.annotations.items())]
        return tuple(text.strip()[:_LONGEST_TEXT] for text in texts if text.strip())

    def _job(self) -> Dataset:
        uid = self.new_uid()
        self._jobs.add(uid)
        answer = Dataset()
        answer.ReferencedPrintJobSequence = [_reference(PRINT_JOB, uid)]
        return answer


def _reference(sop_class: str, uid: str) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
    return item


def _code(attributes: Dataset, keyword: str, usual: str) -> str:
    return str(attributes.get(keyword) or usual).strip().upper()


def _decimal(attributes: Dataset, keyword: str) -> float | None:
    value = attributes.get(keyword)
    try:
        return float(value) if value is not None else None
    except (TypeError, ValueError):
        return None
