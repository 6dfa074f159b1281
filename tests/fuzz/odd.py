"""Values and documents that nobody means to send."""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# For each test; a nightly job sets this to thousands.
EXAMPLES = int(os.environ.get("KATYDID_TEST_EXAMPLES", "12"))
short = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
long = settings(short, max_examples=20 * EXAMPLES)
served = settings(short, max_examples=max(1, EXAMPLES // 2))  # where each example is a request to a server

ODD_TEXTS = (
    "", " ", "0", "-1", "1e400", "nan", "inf", "9" * 40, "٣", "1,000", "true", "null", "on", "file",
    "\x00", "\ud7ff\ufffd", "\u202e", "a" * 5000, "../../etc/passwd", "//x", "javascript:1", "\r\nX: y",
    "http://", "http://[::1", "http://127.0.0.1:99999", "http://\x00/", "1s", "1s..", "10s:50", "5..1",
    "p95<", "p95<200ms", "$..[", "[*]", "(a+)+$", "%", "%zz", "%00", "<script>", "{{7*7}}", "${HOME}", "=1+1",
    "2026-13-45", "*/*",
)  # fmt: skip
texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=60)
numbers = st.sampled_from([0, -1, 1, 2**31, 2**63, 10**40, 0.5, -0.0, 1e-300, 1e308]) | st.integers()
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)


def places(document: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path to everything in a document."""
    yield path
    children = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


@st.composite
def mutated(draw: st.DrawFn, document: Any, replacements: st.SearchStrategy[Any] = values) -> Any:
    """The document with one to three of its parts replaced, left out, doubled or added to."""
    found = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([path for path in places(found) if path] or [()]))
        if not path:
            return draw(replacements)
        holder = found
        for key in path[:-1]:
            holder = holder[key]
        what = draw(st.sampled_from(["replace", "leave out", "add"]))
        if what == "leave out":
            del holder[path[-1]]
        elif what == "replace":
            holder[path[-1]] = draw(replacements)
        elif isinstance(holder, dict):
            holder[draw(texts)] = draw(replacements)
        else:
            holder.append(copy.deepcopy(holder[path[-1]]))
    return found
