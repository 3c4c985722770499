# SPDX-License-Identifier: AGPL-3.0-or-later
"""The QR code (ISO/IEC 18004) that opens a patient's images."""

import io

import qrcode  # type: ignore[import-untyped, unused-ignore]
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M  # type: ignore[import-untyped, unused-ignore]

QUIET_ZONE = 4  # modules that stay white on every side


def qr_matrix(text: str) -> tuple[tuple[bool, ...], ...]:
    """
    The modules of the smallest code that holds the text, at error correction level M, without a quiet zone; `True` is dark.

    Text of upper-case letters, digits and `$%*+-./:` and space takes the alphanumeric mode, which gives fewer and thus larger modules.
    """
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def qr_png(text: str, pixels_per_module: int = 8) -> bytes:
    """The code as a black and white PNG with its quiet zone."""
    matrix = qr_matrix(text)
    side = len(matrix) + 2 * QUIET_ZONE
    image = Image.new("1", (side, side), 1)
    for y, row in enumerate(matrix):
        for x, is_dark in enumerate(row):
            if is_dark:
                image.putpixel((x + QUIET_ZONE, y + QUIET_ZONE), 0)
    target = io.BytesIO()
    image.resize((side * pixels_per_module, side * pixels_per_module), Image.Resampling.NEAREST).save(target, "PNG", optimize=True)
    return target.getvalue()


def qr_svg(text: str) -> str:
    """The code as an SVG of one path, a unit for each module, with its quiet zone: sharp at any size."""
    matrix = qr_matrix(text)
    side = len(matrix) + 2 * QUIET_ZONE
    dark = "".join(
        f"M{x + QUIET_ZONE},{y + QUIET_ZONE}h1v1h-1z" for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0,0h{side}v{side}h-{side}z"/><path d="{dark}"/></svg>'
    )
