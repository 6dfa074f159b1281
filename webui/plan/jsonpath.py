"""JSONPath (RFC 9535) queries of a check, through the library that implements the standard. Pure."""

from collections.abc import Callable
from typing import Any

from jsonpath_rfc9535 import JSONPathError, compile

Finder = Callable[[Any], Any]


def parse_path(path: str) -> Finder:
    """A function that gives the first value which `path` selects, None where it selects nothing.

    Raises ValueError with a sentence for what is no query.
    """
    try:
        query = compile(path)
    except JSONPathError as error:
        raise ValueError(f"{path[:80]!r} is no JSON path such as $.items[0].id: {error}") from error

    def find(document: Any) -> Any:
        node = query.find_one(document)
        return None if node is None else node.value

    return find
