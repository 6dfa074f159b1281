"""The badge and the preview of a shared result."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pytest
from PIL import Image

from webui.exports.badge import Badge, badge_svg
from webui.exports.preview import HEIGHT, WIDTH, Preview, drawable, preview_png

FIGURES = [("Requests/s", "1,140", ""), ("p95", "57.9", "ms")]


def test_a_badge_escapes_what_it_is_given() -> None:
    hostile = "</text><script>alert(1)</script>&\"'\x00\u202e"
    root = ElementTree.fromstring(badge_svg(Badge(hostile, hostile)))
    names = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert names == {"svg", "title", "clipPath", "g", "rect", "text"}
    assert "<script>alert(1)</script>" in (root.find("{*}title").text or "")  # type: ignore[union-attr]


def test_a_badge_is_as_wide_as_its_text() -> None:
    short, long = (
        int(ElementTree.fromstring(badge_svg(Badge("t", text))).get("width", "0"))
        for text in ("9 req/s", "1,140 req/s, p95 57.9 ms")
    )
    assert 60 < short < long < 300


@pytest.mark.parametrize("line", [(), (1.0,), (0.0, 0.0), (1.0, 5.0, 3.0)])
def test_a_preview_is_a_picture_of_the_size_that_sites_expect(line: tuple[float, ...]) -> None:
    image = Image.open(io.BytesIO(preview_png(Preview("Items", "passed", "50 users", FIGURES, line))))
    assert (image.format, image.size) == ("PNG", (WIDTH, HEIGHT))
    assert len(image.convert("RGB").getcolors(1 << 20) or []) > 20  # something is drawn


def test_a_long_title_is_cut_and_foreign_letters_are_left_out() -> None:
    assert not drawable("負荷テスト")
    assert drawable("Größe – 57.9 ms, naïve")
    plain = preview_png(Preview("", "passed", "", FIGURES))
    assert preview_png(Preview("負荷テスト", "passed", "", FIGURES)) == plain
    assert preview_png(Preview("W" * 5000, "passed", "", FIGURES)) != plain
