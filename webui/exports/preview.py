"""The picture that a pasted link unfurls to: 1200 x 630, as Open Graph recommends. Pure.

Written in DejaVu, which comes with Katydid, so it looks alike on a machine without any fonts. That has Latin,
Greek and Cyrillic letters and more; of a name in others nothing is drawn: the link's title has it.
"""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont
from PIL.ImageFont import FreeTypeFont

from webui.resources import static_dir
from webui.runs.model import RunView
from webui.runs.summary import load_text
from webui.units import milliseconds_parts, percent, significant

WIDTH, HEIGHT = 1200, 630
BOLD_FROM = 50  # the size from which text is a heading
FINER = 3  # how much finer shapes are drawn before they are made smaller
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
        ("Requests/s", significant(totals.rate_rps), ""),
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
    _brand(image, preview.status)
    _text(draw, 146, preview.title, 56, _TEXT)
    _text(draw, 226, preview.says, 32, _SOFT)
    _figures(draw, preview.figures)
    _curve(image, preview.line)
    data = io.BytesIO()
    image.quantize(128).save(data, "PNG", optimize=True)
    return data.getvalue()


def _brand(image: Image.Image, status: str) -> None:
    draw = ImageDraw.Draw(image)
    _smooth(
        image, (_LEFT - 4, 52, 58, 58), lambda fine, scale: fine.polygon(_leaf(scale * 58 / 24), fill=_LEAF)
    )
    draw.text((_LEFT + 68, 58), "Katydid", font=_font(36, bold=True), fill=_TEXT)
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
        draw.text((left, 350), number, font=_font(62, bold=True), fill=_TEXT)
        after = left + _font(62, bold=True).getlength(number) + 8
        draw.text((after, 414), unit, font=_font(32), fill=_SOFT, anchor="ls")


def _curve(image: Image.Image, line: Sequence[float]) -> None:
    """The throughput as an area along the lower edge."""
    base, highest, width = HEIGHT - 40, max(line, default=0.0), _RIGHT - _LEFT
    ImageDraw.Draw(image).line((_LEFT, base, _RIGHT, base), fill=_LINE, width=2)
    if len(line) < 2 or highest <= 0:
        return

    def paint(fine: ImageDraw.ImageDraw, scale: float) -> None:
        step = width * scale / (len(line) - 1)
        points = [(at * step, (120 - 110 * value / highest) * scale) for at, value in enumerate(line)]
        fine.polygon([(0, 120 * scale), *points, (width * scale, 120 * scale)], fill="#dbe7f6")
        fine.line(points, fill=_BLUE, width=round(4 * scale), joint="curve")

    _smooth(image, (_LEFT, base - 120, width, 120), paint)


def _smooth(
    image: Image.Image,
    box: tuple[int, int, int, int],
    paint: Callable[[ImageDraw.ImageDraw, float], None],
) -> None:
    """Paints in `box` (left, top, width, height) without jags: Pillow draws shapes with hard edges."""
    left, top, width, height = box
    fine = Image.new("RGB", (width * FINER, height * FINER), _GROUND)
    paint(ImageDraw.Draw(fine), FINER)
    image.paste(fine.resize((width, height), Image.Resampling.LANCZOS), (left, top))


def _leaf(scale: float) -> list[tuple[float, float]]:
    """The outline of the brand's leaf, on a ground of 24 x 24: two curves and the base between them."""
    corners = [(2.2, 20.2), (1.6, 10.2), (8.3, 3.4), (21.6, 3.2), (22.1, 14.2), (16.2, 20.8), (7.0, 20.5)]
    outline = [*_bezier(corners[0:4]), *_bezier(corners[3:7])]
    return [(x * scale, y * scale) for x, y in outline]


def _bezier(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """24 points of a cubic Bézier curve (Bernstein's form)."""
    curve = []
    for step in range(25):
        t = step / 24
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        curve.append(
            (
                sum(weight * x for weight, (x, _) in zip(weights, points, strict=True)),
                sum(weight * y for weight, (_, y) in zip(weights, points, strict=True)),
            )
        )
    return curve


def _text(draw: ImageDraw.ImageDraw, top: int, text: str, size: int, colour: str) -> None:
    """One line, cut where it would not fit; nothing where the font lacks a letter."""
    if not drawable(text):
        return
    font, shown = _font(size, bold=size >= BOLD_FROM), " ".join(text.split())[:200]
    if font.getlength(shown) > _RIGHT - _LEFT:
        while shown and font.getlength(shown + "…") > _RIGHT - _LEFT:
            shown = shown[:-1]
        shown = shown.rstrip() + "…"
    draw.text((_LEFT, top), shown, font=font, fill=colour)


def drawable(text: str) -> bool:
    """Whether the font has all letters of the text."""
    missing = _mask("\uffff")
    return all(char.isspace() or _mask(char) != missing for char in set(text))


@lru_cache(maxsize=2048)
def _mask(char: str) -> bytes:
    return bytes(_font(24).getmask(char))


@lru_cache(maxsize=16)
def _font(size: int, *, bold: bool = False) -> FreeTypeFont:
    name = f"DejaVuSansCondensed{'-Bold' if bold else ''}.ttf"
    return ImageFont.truetype(static_dir() / "vendor" / name, size)
