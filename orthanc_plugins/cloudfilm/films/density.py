# SPDX-License-Identifier: AGPL-3.0-or-later
"""Optical densities of a film as P-Values of a screen, by the Grayscale Standard Display Function (PS3.14 §7, §D.2). Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WHITE = 255
# The inverse of the display function: JND index from the luminance, a polynomial in its logarithm (PS3.14 §7).
_INDEX_OF_LUMINANCE = (-0.017046845, 0.14710899, -0.18014349, -1.1878455, 0.28175407, 9.8247004, 41.912053, 94.593053, 71.498068)
_LOWEST_LUMINANCE, _HIGHEST_LUMINANCE = 0.05, 4000.0  # cd/m²: what the function is defined for


@dataclass(frozen=True, slots=True)
class DensityRange:
    """
    What a film shows.

    Attributes
    ----------
    minimum, maximum
        Min Density (2010,0120) and Max Density (2010,0130), in optical density (hundredths in DICOM).
    illumination, reflected_ambient_light
        (2010,015E) and (2010,0160), in cd/m²; the defaults are PS3.14's for transmissive film.
    """

    minimum: float = 0.2
    maximum: float = 3.0
    illumination: float = 2000.0
    reflected_ambient_light: float = 10.0

    def p_values(self, densities: NDArray[np.float64]) -> NDArray[np.uint8]:
        """Densities as P-Values of eight bits: the darkest that this film has is 0, the brightest 255."""
        lowest, highest = self._index(np.array([self.maximum, self.minimum]))
        share = (self._index(np.clip(densities, self.minimum, self.maximum)) - lowest) / (highest - lowest)
        values: NDArray[np.uint8] = np.rint(np.clip(share, 0, 1) * WHITE).astype(np.uint8)
        return values

    def linear_table(self, entries: int) -> NDArray[np.uint8]:
        """P-Values for pixel values that are linear in optical density (Presentation LUT Shape LIN OD): 0 is the darkest."""
        return self.p_values(np.linspace(self.maximum, self.minimum, entries))

    def _index(self, densities: NDArray[np.float64]) -> NDArray[np.float64]:
        luminance = self.reflected_ambient_light + self.illumination * 10.0**-densities
        logarithm = np.log10(np.clip(luminance, _LOWEST_LUMINANCE, _HIGHEST_LUMINANCE))
        return np.asarray(np.polyval(_INDEX_OF_LUMINANCE, logarithm), dtype=np.float64)


def density_range(minimum: float | None, maximum: float | None, illumination: float | None, ambient: float | None) -> DensityRange:
    """From DICOM's attributes, densities in hundredths; what is missing or impossible is a usual film's."""
    usual = DensityRange()
    low = minimum / 100 if minimum is not None and 0 <= minimum < 400 else usual.minimum
    high = maximum / 100 if maximum is not None and 0 < maximum <= 500 else usual.maximum
    if high - low < 0.5:
        low, high = usual.minimum, usual.maximum
    return DensityRange(
        low,
        high,
        float(illumination) if illumination is not None and 1 <= illumination <= 100_000 else usual.illumination,
        float(ambient) if ambient is not None and 0 <= ambient <= 1_000 else usual.reflected_ambient_light,
    )
