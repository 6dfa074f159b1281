"""A badge to embed elsewhere: a small SVG picture with a result's headline number. Pure.

Drawn by hand, as no font of the viewer's is known here: widths are about those of Verdana at 11 px, and
the text is then fitted to them.
"""

from dataclasses import dataclass
from html import escape

from webui.runs.model import RunView
from webui.units import milliseconds, percent, significant

MEDIA_TYPE = "image/svg+xml"
LONGEST = 60  # characters of a badge's text

_GREEN, _RED, _BLUE, _GREY = "#2f6b12", "#b3261a", "#1a5fbf", "#5a6152"
_COLOURS = {"passed": _GREEN, "failed": _RED, "error": _RED, "running": _BLUE, "stopping": _BLUE}
_NARROW, _WIDE = set("fijlrtI.,:;|!'()[]/ \u00a0"), set("mwMW%@")


@dataclass(frozen=True, slots=True)
class Badge:
    """`text` on `colour`, beside the name. `title` is read by screen readers and shown on hovering."""

    title: str
    text: str
    colour: str = _GREY


CLOSED = Badge("This link does not open any more", "no longer shared")


def run_badge(view: RunView) -> Badge:
    """The headline of a run: requests per second, p95, and the success where it is not whole."""
    colour = _COLOURS.get(view.status.value, _GREY)
    total = view.total
    if total is None:
        return Badge(f"{view.name}: no figures", view.status.value, colour)
    figures, result = total.all_endpoints, view.result()
    parts = [
        f"{significant(result.totals.rate_rps)} requests/s",
        f"p95 {milliseconds(result.response_time_ms.p95)}",
    ]
    if figures.totals.failures:
        parts.append(f"{percent(figures.totals.success_percent)} success")
    return Badge(f"{view.name}: {view.status.value}", ", ".join(parts), colour)


def badge_svg(badge: Badge) -> bytes:
    """The picture, 20 px high. All texts are escaped."""
    text, name = _printable(badge.text)[:LONGEST], "Katydid"
    left, right = _width(name), _width(text)
    title = escape(_printable(badge.title)[:200])
    labels = "".join(
        f'<text x="{at + width / 2:.1f}" y="14" textLength="{width - 12:.0f}">{escape(words)}</text>'
        for words, at, width in ((name, 0, left), (text, left, right))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right:.0f}" height="20" role="img" '
        f'aria-label="{title}: {escape(text)}"><title>{title}</title>'
        f'<clipPath id="r"><rect width="{left + right:.0f}" height="20" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left:.0f}" height="20" fill="#333a2c"/>'
        f'<rect x="{left:.0f}" width="{right:.0f}" height="20" fill="{badge.colour}"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{labels}</g></svg>"
    ).encode()


def _width(text: str) -> float:
    return 12 + sum(4.2 if char in _NARROW else 10.2 if char in _WIDE else 7.0 for char in text)


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() or char == "\u00a0" else " " for char in text)
