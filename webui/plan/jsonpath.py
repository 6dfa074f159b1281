"""JSONPath (RFC 9535) queries of a check, through the library that implements the standard. Pure."""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from webui.plan.rules import Undecided

if TYPE_CHECKING:
    from jsonpath_rfc9535 import JSONPathEnvironment

Finder = Callable[[Any], Any]


def parse_path(path: str) -> Finder:
    """A function that gives the first value which `path` selects, None where it selects nothing.

    Raises ValueError with a sentence for what is no query; the function raises Undecided.
    """
    from jsonpath_rfc9535 import JSONPathError

    try:
        query = _environment().compile(path)
    except JSONPathError as error:
        raise ValueError(f"{path[:80]!r} is no JSON path such as $.items[0].id: {error}") from error

    def find(document: Any) -> Any:
        try:
            node = query.find_one(document)
        except (JSONPathError, RecursionError) as error:
            raise Undecided(f"{path} cannot be looked up in this body: {error}") from error
        return None if node is None else node.value

    return find


@lru_cache(maxsize=1)
def _environment() -> "JSONPathEnvironment":
    # Not imported before a plan has a query: it takes as long as all of `webui.plan`.
    from jsonpath_rfc9535 import JSONPathEnvironment

    made = JSONPathEnvironment()
    # Regular expressions in queries could run for ever on what a server sends; `matches` has a limit.
    for name in ("match", "search"):
        made.function_extensions.pop(name)
    return made
