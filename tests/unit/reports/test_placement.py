# SPDX-License-Identifier: AGPL-3.0-or-later
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudfilm.reports.placement import Box, find_blank_box

HEIGHT, WIDTH = 421, 298


def paper(level: int = 255) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    return np.full((HEIGHT, WIDTH), level, dtype=np.uint8)


@pytest.mark.parametrize(
    ("corner", "left", "top"), [("top-right", 239, 9), ("top-left", 9, 9), ("bottom-right", 239, 362), ("bottom-left", 9, 362)]
)
def test_on_blank_paper_the_box_is_in_the_corner(corner: str, left: int, top: int) -> None:
    assert find_blank_box(paper(), 50, 50, 9, corner) == Box(left, top, 50, 50)


def test_a_full_corner_sends_the_box_to_another_one_and_not_to_the_middle() -> None:
    page = paper()
    page[:120, 150:] = 0
    box = find_blank_box(page, 50, 50, 9)
    assert box is not None
    assert box.top > HEIGHT * 0.7
    assert box.left > WIDTH * 0.7


def test_the_box_stays_inside_the_columns_that_are_printed() -> None:
    page = paper()
    page[200, 30:260] = 0
    box = find_blank_box(page, 50, 50, 9)
    assert box is not None
    assert box.left + box.width == 260


def test_grey_paper_is_blank_and_faint_print_is_not() -> None:
    page = paper(225)
    assert find_blank_box(page, 50, 50, 9) is not None
    page[:, ::6] = 190
    assert find_blank_box(page, 50, 50, 9) is None


def test_the_dark_ground_of_a_picture_is_not_blank_paper() -> None:
    page = paper(10)
    page[150:200, 100:200] = 240
    assert find_blank_box(page, 50, 50, 9) is None


def test_a_box_larger_than_the_page_has_no_place() -> None:
    assert find_blank_box(paper(), 290, 50, 9) is None


def test_an_unknown_corner_is_an_error() -> None:
    with pytest.raises(ValueError, match="top-right"):
        find_blank_box(paper(), 50, 50, 9, "middle")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1), st.integers(1, 200), st.integers(1, 120)), max_size=12))
def test_the_box_never_covers_ink_nor_leaves_the_page(blocks: list[tuple[int, int, int, int]]) -> None:
    page = paper()
    for top, left, height, width in blocks:
        page[top : top + height, left : left + width] = 60
    box = find_blank_box(page, 40, 50, 9)
    if box:
        assert (page[box.top - 2 : box.top + box.height + 2, box.left - 2 : box.left + box.width + 2] == 255).all()
        assert 9 <= box.left <= WIDTH - 9 - box.width
        assert 9 <= box.top <= HEIGHT - 9 - box.height
