# SPDX-License-Identifier: AGPL-3.0-or-later
"""The walk over every route asks for paths that the patterns really match."""

from __future__ import annotations

import re

import pytest

from tests.support.path_samples import paths_of_expression, with_values

VALUES = {"studies": "1.2", "series": "1.3", "instances": "1.4", "frames": "1", "bulk": "7fe00010"}


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("/dicom-web/studies/([^/]*)/series/([^/]*)", ["/dicom-web/studies/1.2/series/1.3"]),
        (r"^/dicom-web/studies/[0-9.]+/series/[0-9.]+/instances/[0-9.]+/frames/[0-9,]+$",
         ["/dicom-web/studies/1.2/series/1.3/instances/1.4/frames/1"]),
        (r"^/dicom-web/(series|instances)$", ["/dicom-web/instances", "/dicom-web/series"]),
        ("/portal(/.*)?", ["/portal", "/portal/sample"]),
        (r"^/viewer/((?:8097|polySeg)\.bundle\.[0-9a-f]+\.js)$", ["/viewer/8097.bundle.0.js", "/viewer/polySeg.bundle.0.js"]),
        ("^/[qs]/", ["/q/", "/s/"]),
        ("^/viewer/?$", ["/viewer", "/viewer/"]),
    ],
)  # fmt: skip
def test_each_alternative_has_a_path_that_the_pattern_matches(expression: str, paths: list[str]) -> None:
    assert paths_of_expression(expression, VALUES) == paths
    assert all(re.match(expression, path) for path in paths)


def test_parameters_are_filled_with_what_is_known_under_the_segment_before() -> None:
    assert with_values("/instances/{id}/frames/{frame}/raw", VALUES) == "/instances/1.4/frames/1/raw"
    assert with_values("/modalities/{id}/echo", VALUES) == "/modalities/sample/echo"
