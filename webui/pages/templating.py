"""Templates to text and to responses: the Jinja environment, its filters, addresses of static files."""

import hashlib
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from webui import __version__, units
from webui.analysis.failure_words import failure_words, status_words
from webui.exports import FORMATS
from webui.pages.busy import at_most, something_runs
from webui.pages.context import line_points, spark_points, when
from webui.resources import static_dir, templates_dir
from webui.security.entrance import current_caller


def sentence(text: str) -> str:
    """`text` with a capital and a full stop, as it stands alone on a page."""
    start = text[:1].upper() + text[1:]
    return start if start.endswith((".", "!", "?", "…")) else start + "."


def prose(text: str) -> Markup:
    """Plain words as HTML; what stands between backticks is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    code = Markup("<code>{}</code>")
    shown = (code.format(part) if place % 2 else escape(part) for place, part in enumerate(parts))
    return Markup("").join(shown)


def shown(value: float) -> str:
    """A number as somebody chose it: thousands separated, no zeros that nobody typed."""
    return f"{value:,.10g}"


def _kept(points: Callable[..., str]) -> Callable[..., str]:
    """The same, worked out once for the same line: lists show the same runs again and again."""
    known = lru_cache(maxsize=1000)(points)
    return lambda values, *more: known(tuple(values), *more)


FILTERS = {
    "significant": units.significant,
    "count": units.count,
    "shown": shown,
    "percent": units.percent,
    "milliseconds": units.milliseconds,
    "milliseconds_parts": units.milliseconds_parts,
    "size": units.size,
    "size_parts": units.size_parts,
    "duration": units.duration,
    "timer": units.timer,
    "plural": units.plural,
    "sentence": sentence,
    "prose": prose,
    "spark_points": _kept(spark_points),
    "line_points": _kept(line_points),
    "when": when,
    "failure": failure_words,
    "status": status_words,
}


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The environment of all templates. A name that is not there is an error, not an empty text."""
    env = Environment(
        loader=FileSystemLoader(templates_dir()),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,  # a look at every file of a page for each page
    )
    # `count` hides Jinja's alias of `length` on purpose: a number's text, as everywhere in Katydid.
    env.filters.update(FILTERS)
    env.globals.update(asset=asset, version=__version__, export_formats=FORMATS)
    env.globals.update(caller=current_caller.get, something_runs=something_runs, at_most=at_most)
    return env


@lru_cache(maxsize=256)
def asset(path: str) -> str:
    """The address of a static file, with its content's hash, so that browsers may keep it for good.

    Raises FileNotFoundError for a file that is not there: a page must not name one.
    """
    digest = hashlib.sha256((static_dir() / path).read_bytes()).hexdigest()
    return f"/static/{path}?v={digest[:10]}"


def render(template: str, page: object, **more: Any) -> str:
    """The template's text; `page` is the page's typed context, read as `page` in the template."""
    return environment().get_template(template).render(page=page, **more)


def respond(
    template: str, page: object, status: int = 200, headers: Mapping[str, str] | None = None, **more: Any
) -> HTMLResponse:
    """The template as a page that is never kept in a cache."""
    merged = {"Cache-Control": "no-store", **(headers or {})}
    return HTMLResponse(render(template, page, **more), status_code=status, headers=merged)
