"""Sets of HTTP statuses as written in plans: `200`, `2xx`, `200-399`. Pure."""

import re
from collections.abc import Sequence

DEFAULT_SUCCESS = frozenset(range(100, 400))


def parse_statuses(items: Sequence[str]) -> frozenset[int]:
    """The statuses that the items name together. Raises ValueError with a sentence."""
    return frozenset(status for item in items for status in _parse_one(item))


def _parse_one(item: str) -> range:
    text = item.strip().lower()
    if re.fullmatch(r"[1-5]xx", text):
        return range(int(text[0]) * 100, int(text[0]) * 100 + 100)
    match = re.fullmatch(r"(\d{3})(?:\s*-\s*(\d{3}))?", text)
    if match is None:
        raise ValueError(f"write statuses such as 200, 2xx or 200-399, not {item[:40]!r}")
    low, high = int(match[1]), int(match[2] or match[1])
    if not 100 <= low <= high <= 599:
        raise ValueError(f"statuses lie between 100 and 599 and rise, {item[:40]!r} does not")
    return range(low, high + 1)
