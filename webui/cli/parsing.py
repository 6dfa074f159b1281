"""Values of flags read from text, each mistake named by its flag. What is parsed raises ValueError."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from webui.cli.plan_file import read_body_file
from webui.errors import InvalidInput
from webui.units import parse_duration

T = TypeVar("T")


def parsed(flag: str, parse: Callable[[str], T], text: str) -> T:
    """What `parse` makes of `text`. Raises InvalidInput naming `flag` where it raises ValueError."""
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidInput.at(flag, str(error)) from error


def parse_span(text: str) -> list[float]:
    """Seconds, shortest and longest, of `1s` or `1s..3s`. Raises ValueError."""
    low, dots, high = text.partition("..")
    first = parse_duration(low)
    return [first, parse_duration(high) if dots else first]


def read_text(flag: str, path: str) -> str:
    """A text file's content. Raises InvalidInput naming `flag`."""
    try:
        return read_body_file(Path(path), flag).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput.at(flag, f"the file {path!r} is not text") from error
