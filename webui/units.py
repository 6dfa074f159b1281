"""Numbers for people: parsing what is typed, writing what is shown. Pure.

Rules of the design reference: measured values have three significant digits, counts are exact with
thousands separators, times are in ms under 1 s and in s from there, `100%` only when it is exact.
"""

import math
import re

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000
NBSP = "\u00a0"
DASH = "–"

_UNIT_SECONDS = {
    "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
}  # fmt: skip
_PART = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]*)")


def parse_duration(text: str) -> float:
    """Seconds of `30s`, `2 min`, `1h 30m`, `250ms`; a bare number is seconds.

    Raises ValueError with a sentence that says what would be right.
    """
    cleaned = text.strip().lower().replace(",", "")
    parts = _PART.findall(cleaned)
    if not parts or _PART.sub("", cleaned).strip():
        raise ValueError(_duration_hint(text))
    if len(parts) > 1 and any(not unit for _, unit in parts):
        raise ValueError(_duration_hint(text))
    if any(unit and unit not in _UNIT_SECONDS for _, unit in parts):
        raise ValueError(_duration_hint(text))
    return sum(float(number) * _UNIT_SECONDS.get(unit or "s", 1.0) for number, unit in parts)


def _duration_hint(text: str) -> str:
    return f"write a time such as 30s, 2min or 1h, not {text.strip()[:40]!r}"


def parse_rate(text: str) -> float:
    """Starts per second of `100/s`, `6000/min` or a bare number. Raises ValueError with a sentence."""
    match = re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*(?:/\s*(s|sec|min|m|h))?\s*", text.lower())
    if match is None:
        raise ValueError(f"write a rate such as 100/s, not {text.strip()[:40]!r}")
    return float(match[1]) / _UNIT_SECONDS.get(match[2] or "s", 1.0)


_UNIT_BYTES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def parse_size(text: str) -> int:
    """Bytes of `64MB`, `16 MiB` or a bare number. Raises ValueError with a sentence."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _UNIT_BYTES:
        raise ValueError(f"write a size such as 64MB, not {text.strip()[:40]!r}")
    return round(float(match[1]) * _UNIT_BYTES[match[2]])


def parse_count(text: str) -> int:
    """A whole number, thousands separators allowed (`5,000`). Raises ValueError with a sentence."""
    cleaned = text.strip().replace(",", "").replace("_", "").replace(NBSP, "").replace(" ", "")
    if not re.fullmatch(r"[+-]?\d{1,18}", cleaned):
        raise ValueError(f"write a whole number such as 50, not {text.strip()[:40]!r}")
    return int(cleaned)


def significant(value: float | None, digits: int = 3) -> str:
    """`value` with that many significant digits, trailing zeros kept (`65.0`), thousands separated."""
    if value is None or not math.isfinite(value):
        return DASH
    if value == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    rounded = round(value, digits - 1 - math.floor(math.log10(abs(value))))
    if rounded != 0 and math.floor(math.log10(abs(rounded))) > math.floor(math.log10(abs(value))):
        decimals = max(0, decimals - 1)
    return f"{rounded:,.{min(decimals, 6)}f}"


def count(value: float | None) -> str:
    """An exact whole number with thousands separators."""
    return DASH if value is None else f"{int(value):,}"


def percent(value: float | None) -> str:
    """A percentage with two decimals; `100%` and `0%` only when exact."""
    if value is None:
        return DASH
    if value >= 100:
        return "100%"
    if value <= 0:
        return "0%"
    return f"{min(99.99, max(0.01, round(value, 2))):.2f}%"


def milliseconds(value_ms: float | None) -> str:
    """A measured time: `57.9 ms` under one second, `1.84 s` from there."""
    number, unit = milliseconds_parts(value_ms)
    return number if not unit else f"{number}{NBSP}{unit}"


def milliseconds_parts(value_ms: float | None) -> tuple[str, str]:
    """The same as (number, unit), for places that set the unit apart."""
    if value_ms is None:
        return DASH, ""
    if value_ms >= 999.5:
        return significant(value_ms / 1000), "s"
    return significant(value_ms), "ms"


def size_parts(value: float | None) -> tuple[str, str]:
    """Bytes as (number, unit) in powers of 1000: B, kB, MB, GB, TB."""
    if value is None:
        return DASH, ""
    scaled, unit = float(value), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if scaled < 999.5:
            break
        scaled, unit = scaled / 1000, larger
    return (count(scaled) if unit == "B" else significant(scaled)), unit


def size(value: float | None) -> str:
    """Bytes with their unit: `4.45 MB`."""
    number, unit = size_parts(value)
    return f"{number}{NBSP}{unit}" if unit else number


def duration(seconds: float | None) -> str:
    """A length of time in words: `250 ms`, `30 s`, `4 min 31 s`, `2 h 5 min`."""
    if seconds is None:
        return DASH
    if seconds < 1:
        return f"{seconds * 1000:.0f}{NBSP}ms"
    if seconds < 60:
        shown = f"{seconds:.1f}".rstrip("0").rstrip(".")
        return f"{shown}{NBSP}s"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (secs if not hours else 0, "s")]
    return " ".join(f"{number}{NBSP}{unit}" for number, unit in parts if number)


def timer(seconds: float | None) -> str:
    """A clock reading: `3:12`, `1:02:05`."""
    if seconds is None:
        return DASH
    hours, rest = divmod(int(max(0, seconds)), 3600)
    minutes, secs = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 user`, `50 users`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
