"""Texts of the form's controls, read into values, and values as people type them. Pure.

Every reader raises ValueError with a sentence that says what would be right.
"""

import csv
import io
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from webui.units import parse_count, parse_duration, parse_rate

T = TypeVar("T")
_SIZES = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_STAGE = re.compile(r"(?P<value>.+?)\s*(?P<unit>users?|req/s|/\s*s)?\s+(?:for|over|in)\s+(?P<time>.+)", re.I)
_NUMBER = r"-?[\d.,]*\d"
_BOUND = re.compile(rf"must be (more than )?({_NUMBER})( or more| or less)?, not ({_NUMBER})(?![\w.])")


class Reader:
    """Notes what cannot be read, by control, and goes on with a valid value in its place."""

    def __init__(self) -> None:
        self.problems: dict[str, str] = {}

    def read(self, control: str, parse: Callable[[str], T], text: str, stand_in: T) -> T:
        """What `parse` makes of the text; `stand_in` where it cannot."""
        try:
            return parse(text)
        except ValueError as error:
            self.problems[control] = str(error)
            return stand_in


def seconds_from_text(text: str) -> float:
    """Seconds of `30 s`, `2 min`, `1 h 30 min`; a bare number is seconds."""
    try:
        return parse_duration(text)
    except ValueError:
        shown = f", not {text.strip()[:40]!r}" if text.strip() else ""
        raise ValueError(f"write a time such as 30 s, 2 min or 1 h{shown}") from None


def pause_from_text(text: str) -> tuple[float, float]:
    """Seconds, shortest and longest, of `1 s`, `1 s to 3 s`, `1 to 3 s` or `1s..3s`."""
    parts = re.split(r"\s*(?:\.\.+|–|\bto\b)\s*", text.strip())
    if len(parts) > 2 or not all(parts):
        raise ValueError("write a pause such as 0, 500 ms or 1 s to 3 s")
    unit = parts[-1].lstrip("0123456789.,") if re.fullmatch(r"[\d.,]+", parts[0]) else ""
    return seconds_from_text(parts[0] + unit), seconds_from_text(parts[-1])


def rate_from_text(text: str) -> float:
    """Starts per second of `200`, `1,000`, `100/s` or `6000/min`."""
    return parse_rate(re.sub(r"(?<=\d),(?=\d{3})", "", text.lower().replace("req/s", "/s")))


def size_from_text(text: str) -> int:
    """Bytes of `16 MiB`, `500 kB` or a bare number."""
    match = re.fullmatch(r"\s*(\d[\d,]*(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or (match[2] and match[2] not in _SIZES):
        raise ValueError(f"write a size such as 16 MiB or 500 kB, not {text.strip()[:40]!r}")
    return round(float(match[1].replace(",", "")) * _SIZES.get(match[2], 1))


def weight_from_text(text: str) -> float:
    """A number; nothing typed is 1."""
    try:
        return float(text.strip() or "1")
    except ValueError:
        raise ValueError(f"write a number such as 1 or 2.5, not {text.strip()[:40]!r}") from None


def tags_from_text(text: str) -> list[str]:
    """Labels between commas; one that has a comma itself stands in double quotes."""
    found = next(csv.reader([text.replace("\n", ",")], skipinitialspace=True), [])
    return [tag.strip() for tag in found if tag.strip()]


def pairs_from_text(text: str) -> dict[str, str]:
    """Form fields of lines `name=value`."""
    pairs: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, equals, value = line.partition("=")
        if not line.strip():
            continue
        if not equals:
            raise ValueError(f"line {number} has no equals sign; write name=value")
        if name in pairs:
            raise ValueError(f"line {number} names {name[:40]!r} a second time; write each name once")
        pairs[name] = value
    return pairs


def stages_from_text(text: str, of: str) -> list[tuple[float, float]]:
    """Stages as (seconds, users or starts per second) of `50 for 10 s` or `10s:50, 30s:200`.

    `of` is `users` or `rate`.
    """
    parts = re.split(r"[;\n]|,\s*" if ":" in text else r"[;\n]|,\s+", text)
    return [_stage(part.strip(), of) for part in parts if part.strip()]


def _stage(text: str, of: str) -> tuple[float, float]:
    example = "50 users for 10 s" if of == "users" else "50 req/s for 10 s"
    match = _STAGE.fullmatch(text[:100])
    time, colon, value = text.partition(":")
    if match is not None:
        time, value = match["time"], match["value"]
    elif not colon:
        raise ValueError(f"write a stage such as {example}, or 10s:50, not {text[:40]!r}")
    unit = (match["unit"] or "").lower() if match else ""
    if unit and unit.startswith("user") != (of == "users"):
        raise ValueError(f"{text[:40]!r} has another unit; write a stage such as {example}")
    reached = float(parse_count(value)) if of == "users" else rate_from_text(value)
    return seconds_from_text(time), reached


def lines(text: str) -> list[str]:
    """The lines that are not empty, without spaces around them."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def number_text(value: float) -> str:
    """The shortest text that reads back as `value`, never in exponent form."""
    text = f"{Decimal(repr(float(value))):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def duration_text(seconds: float) -> str:
    """Exactly that many seconds as people type it: `250 ms`, `30 s`, `2 min`, `1.5 s`."""
    for unit, size in (("h", 3600), ("min", 60), ("s", 1)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)} {unit}"
    in_ms = f"{number_text(round(seconds * 1000, 6))} ms"
    return in_ms if 0 < seconds < 1 and parse_duration(in_ms) == seconds else f"{number_text(seconds)} s"


def size_text(size: int) -> str:
    """Exactly that many bytes as people type it: `16 MiB`, `500 kB`, `123 B`."""
    for unit in ("GiB", "GB", "MiB", "MB", "KiB", "kB"):
        if size % _SIZES[unit.lower()] == 0:
            return f"{size // _SIZES[unit.lower()]} {unit}"
    return f"{size} B"


def pause_text(low: float, high: float) -> str:
    """A pause as `pause_from_text` reads it."""
    if low == high:
        return duration_text(low) if low else "0"
    return f"{duration_text(low)} to {duration_text(high)}"


def tags_text(tags: Sequence[str]) -> str:
    """Labels as `tags_from_text` reads them."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(tags)
    return line.getvalue().replace(",", ", ") if not any("," in tag for tag in tags) else line.getvalue()


def in_unit(message: str, shown: Callable[[float], str]) -> str:
    """A sentence about bounds with its bare numbers as the control writes them: `must be 100 ms or more`."""

    def reworded(match: re.Match[str]) -> str:
        bound, given = (shown(float(match[part].replace(",", ""))) for part in (2, 4))
        return f"must be {match[1] or ''}{bound}{match[3] or ''}, not {given}"

    return _BOUND.sub(reworded, message)
