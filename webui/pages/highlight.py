"""Python source as HTML with its parts marked, by Pygments. Colours are static/lab.css's."""

from functools import lru_cache

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer


@lru_cache(maxsize=64)
def python_html(source: str) -> Markup:
    """`source` escaped, with a span of a short class around each part that has a colour."""
    html = highlight(source, PythonLexer(stripnl=True), HtmlFormatter(nowrap=True))
    return Markup(html.rstrip("\n"))  # noqa: S704 - Pygments has escaped it
