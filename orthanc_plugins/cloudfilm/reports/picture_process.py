# SPDX-License-Identifier: AGPL-3.0-or-later
"""The program that makes a PDF of a picture: limits first, then the work, one answer."""

import io
import json
import sys

from PIL import Image, ImageOps, ImageSequence
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from cloudfilm.reports.framing import read_frames, write_frames
from cloudfilm.reports.limits import DocumentLimits, limit_this_process
from cloudfilm.reports.refusal import DocumentRefused

LARGEST_PICTURE = 60_000_000  # pixels: A4 at 830 dots an inch
_SLIMMEST = 5  # times as long as wide
_ALLOWED = "an undamaged JPEG, PNG or TIFF of 1 to {pages} pages is read"


def main() -> None:
    """Answer the one request on the standard input."""
    request, picture = read_frames(sys.stdin.buffer)
    limits = DocumentLimits(**json.loads(request))
    limit_this_process(limits)
    allowed = _ALLOWED.format(pages=limits.max_pages)
    try:
        frames = [b"{}", pdf_of(picture, limits.max_pages)]
    except DocumentRefused as refused:
        frames = [json.dumps({"refused": refused.reason, "allowed": refused.allowed}).encode()]
    except MemoryError:
        frames = [json.dumps({"refused": "the picture needs too much memory", "allowed": allowed}).encode()]
    except Exception:
        frames = [json.dumps({"refused": "the picture is damaged", "allowed": allowed}).encode()]
    write_frames(sys.stdout.buffer, frames)


def pdf_of(picture: bytes, most_pages: int) -> bytes:
    """Each page as large as a sheet of A4, upright or on its side; a JPEG's data stay as they are."""
    Image.MAX_IMAGE_PIXELS = None  # checked below, before anything is decoded
    image = Image.open(io.BytesIO(picture), formats=("JPEG", "PNG", "TIFF"))
    pages = getattr(image, "n_frames", 1) if image.format == "TIFF" else 1
    if pages > most_pages:
        raise DocumentRefused(f"the picture has {pages} pages", f"1 to {most_pages} pages are read")
    target = io.BytesIO()
    canvas = Canvas(target, invariant=1, pageCompression=1)
    for frame in ImageSequence.Iterator(image) if pages > 1 else [image]:
        short, long = sorted(frame.size)
        if frame.width * frame.height > LARGEST_PICTURE or long > _SLIMMEST * short:
            raise DocumentRefused("the picture has an impossible size", f"at most {LARGEST_PICTURE // 1_000_000} megapixels are read")
        upright = ImageOps.exif_transpose(frame)
        is_untouched = image.format == "JPEG" and frame.mode in ("L", "RGB") and not frame.getexif().get(0x0112, 1) > 1
        if not is_untouched:
            upright = _on_white(upright)
        width = A4[0] if upright.width <= upright.height else A4[1]
        height = width * upright.height / upright.width
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(io.BytesIO(picture) if is_untouched else upright), 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    return target.getvalue()


def _on_white(image: Image.Image) -> Image.Image:
    """Grey or RGB; what is transparent is paper."""
    if image.mode in ("1", "L"):
        return image.convert("L")
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value / 257).convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        return paper.convert("RGB")
    return image.convert("RGB")


if __name__ == "__main__":
    main()
