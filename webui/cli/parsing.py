"""Values of flags read from text, each mistake named by its flag. What is parsed raises ValueError."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from webui.cli.plan_file import read_body_file
from webui.errors import InvalidInput

T = TypeVar("T")
_SIZES = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "kib": 2**10, "mib": 2**20, "gib": 2**30}


def parsed(flag: str, parse: Callable[[str], T], text: str) -> T:
    """What `parse` makes of `text`. Raises InvalidInput naming `flag` where it raises ValueError."""
    try:
        return parse(text)
    except ValueError as error:
        raise InvalidInput.at(flag, str(error)) from error


def parse_size(text: str) -> int:
    """Bytes of `64MB`, `16 MiB` or a bare number. Raises ValueError with a sentence."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", text.lower())
    if match is None or match[2] not in _SIZES:
        raise ValueError(f"write a size such as 64MB, not {text.strip()[:40]!r}")
    return round(float(match[1]) * _SIZES[match[2]])


def read_text(flag: str, path: str) -> str:
    """A text file's content. Raises InvalidInput naming `flag`."""
    try:
        return read_body_file(Path(path), flag).decode()
    except UnicodeDecodeError as error:
        raise InvalidInput.at(flag, f"the file {path!r} is not text") from error
