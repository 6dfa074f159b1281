"""The picture that a pasted link unfurls to: 1200 x 630, as Open Graph recommends. Pure.

Written in the font that Pillow carries, Aileron, so it looks alike on a machine without any fonts. That has
Latin letters; of a name in other ones nothing is drawn: the link's title has it.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from webui.runs.model import RunView
from webui.runs.summary import load_text
from webui.units import milliseconds_parts, percent, significant

WIDTH, HEIGHT = 1200, 630
MEDIA_TYPE = "image/png"

_LEFT, _RIGHT = 72, WIDTH - 72
_GROUND, _TEXT, _SOFT, _LINE, _BLUE = "#f6f7f4", "#171c13", "#626a5a", "#cbd1c2", "#1f6fd1"
_LEAF = "#3a7412"
_STATUS = {"passed": "#1c7040", "failed": "#b3261a", "error": "#b3261a", "running": "#1a5fbf"}


@dataclass(frozen=True, slots=True)
class Preview:
    """What the picture shows. `figures`: (name, number, unit), four at the most; `line` is a throughput over
    time, evenly spaced."""

    title: str
    status: str
    says: str
    figures: Sequence[tuple[str, str, str]]
    line: Sequence[float] = ()


def run_preview(view: RunView, line: Sequence[float]) -> Preview:
    """The picture of a run: what was done, and its headline figures; of a sweep, its verdict."""
    result = view.result()
    says = result.diagnosis.headline if result.diagnosis is not None and result.diagnosis.headline else ""
    times, totals = result.response_time_ms, result.totals
    figures = [
        ("Requests per second", significant(totals.rate_rps), ""),
        ("p95", *milliseconds_parts(times.p95)),
        ("p99", *milliseconds_parts(times.p99)),
        ("Success", percent(totals.success_percent), ""),
    ]
    return Preview(
        view.name, view.status.value, (says or load_text(view.plan)).replace("`", ""), figures, line
    )


def preview_png(preview: Preview) -> bytes:
    """The picture as a PNG file; some 20 kB."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    draw = ImageDraw.Draw(image)
    _brand(draw, preview.status)
    _text(draw, 150, preview.title, 60, _TEXT)
    _text(draw, 232, preview.says, 34, _SOFT)
    _figures(draw, preview.figures)
    _curve(image, preview.line)
    data = io.BytesIO()
    image.quantize(128).save(data, "PNG", optimize=True)
    return data.getvalue()


def _brand(draw: ImageDraw.ImageDraw, status: str) -> None:
    draw.pieslice((_LEFT - 4, 54, _LEFT + 52, 110), 180, 360, fill=_LEAF)
    draw.pieslice((_LEFT - 4, 40, _LEFT + 52, 96), 0, 90, fill=_LEAF)
    draw.text((_LEFT + 68, 58), "Katydid", font=_font(38), fill=_TEXT, stroke_width=1, stroke_fill=_TEXT)
    if status:
        width = _font(30).getlength(status.capitalize()) + 48
        colour = _STATUS.get(status, _SOFT)
        draw.rounded_rectangle((_RIGHT - width, 54, _RIGHT, 106), 26, outline=colour, width=3)
        draw.text((_RIGHT - width / 2, 80), status.capitalize(), font=_font(30), fill=colour, anchor="mm")


def _figures(draw: ImageDraw.ImageDraw, figures: Sequence[tuple[str, str, str]]) -> None:
    each = (_RIGHT - _LEFT) / max(1, len(figures))
    for place, (name, number, unit) in enumerate(figures):
        left = _LEFT + place * each
        draw.text((left, 310), name, font=_font(28), fill=_SOFT)
        draw.text((left, 350), number, font=_font(66), fill=_TEXT, stroke_width=1, stroke_fill=_TEXT)
        after = left + _font(66).getlength(number) + 8
        draw.text((after, 414), unit, font=_font(32), fill=_SOFT, anchor="ls")


def _curve(image: Image.Image, line: Sequence[float]) -> None:
    """The throughput as an area along the lower edge."""
    draw, base, highest = ImageDraw.Draw(image), HEIGHT - 40, max(line, default=0.0)
    draw.line((_LEFT, base, _RIGHT, base), fill=_LINE, width=2)
    if len(line) < 2 or highest <= 0:
        return
    step = (_RIGHT - _LEFT) / (len(line) - 1)
    points = [(_LEFT + place * step, base - 110 * value / highest) for place, value in enumerate(line)]
    draw.polygon([(_LEFT, base), *points, (_RIGHT, base)], fill="#dbe7f6")
    draw.line(points, fill=_BLUE, width=4, joint="curve")


def _text(draw: ImageDraw.ImageDraw, top: int, text: str, size: int, colour: str) -> None:
    """One line, cut where it would not fit; nothing where the font lacks a letter."""
    if not drawable(text):
        return
    font, shown = _font(size), " ".join(text.split())[:200]
    if font.getlength(shown) > _RIGHT - _LEFT:
        while shown and font.getlength(shown + "…") > _RIGHT - _LEFT:
            shown = shown[:-1]
        shown = shown.rstrip() + "…"
    weight = 1 if size >= 60 else 0
    draw.text((_LEFT, top), shown, font=font, fill=colour, stroke_width=weight, stroke_fill=colour)


def drawable(text: str) -> bool:
    """Whether the font has all letters of the text."""
    missing = _mask("\uffff")
    return all(char.isspace() or _mask(char) != missing for char in set(text))


@lru_cache(maxsize=2048)
def _mask(char: str) -> bytes:
    return bytes(_font(24).getmask(char))


@lru_cache(maxsize=8)
def _font(size: int) -> FreeTypeFont:
    font = ImageFont.load_default(size)
    assert isinstance(font, FreeTypeFont)  # with a size it is never the bitmap font
    return font
