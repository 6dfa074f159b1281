"""The rule of a check: an operator and what it compares with. Pure.

`== 200`, `!= 3`, `< 10kB`, `contains items`, `not contains error`, `matches ^\\{`, `exists`,
`not exists`. Texts may stand in double quotes; a bare value means `==`.
"""

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from webui.units import parse_count, parse_duration

Kind = Literal["number", "time", "size", "text", "json"]

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<=": operator.le,
    ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
_RULE = re.compile(r"\s*(==|!=|<=|>=|<|>|(?:not\s+)?(?:contains|matches|exists)\b)?\s*(.*?)\s*", re.DOTALL)
_SIZES = {"": 1, "b": 1, "kb": 1_000, "mb": 1_000_000, "kib": 1024, "mib": 1024**2}
EXAMPLES = {
    "number": "== 200",
    "time": "< 200ms",
    "size": "< 10kB",
    "text": "contains items",
    "json": '== "ok"',
}


MATCH_TIMEOUT_S = 0.05  # some expressions take for ever on some texts


class Undecided(Exception):
    """Whether a rule holds cannot be told; its text says why. The check then fails."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A compiled rule: `test(value)`; None stands for a value that is not there. `test` may raise
    Undecided."""

    text: str
    test: Callable[[Any], bool]


def parse_rule(text: str, kind: Kind) -> Rule:
    """The rule that `text` states for values of that kind (times in ns, sizes in bytes). Raises
    ValueError with a sentence."""
    match = _RULE.fullmatch(text)
    if match is None or not text.strip():
        raise ValueError(_hint(text, kind))
    word, rest = " ".join((match[1] or "==").split()), match[2]
    if word in _COMPARE:
        return Rule(text, _comparison(_COMPARE[word], _value(rest, kind, text), kind))
    if kind not in ("text", "json"):
        raise ValueError(_hint(text, kind))
    negated = word.startswith("not ")
    positive = _word(word.removeprefix("not "), _unquoted(rest), text)
    return Rule(text, (lambda value: not positive(value)) if negated else positive)


def _hint(text: str, kind: Kind) -> str:
    return f"write a rule such as {EXAMPLES[kind]}, not {text[:60]!r}"


def _comparison(compare: Callable[[Any, Any], bool], wanted: Any, kind: Kind) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        absent = value is None and (kind != "json" or wanted is not None)
        # To Python true is 1; in JSON they differ.
        if absent or isinstance(value, bool) != isinstance(wanted, bool):
            return compare is operator.ne
        try:
            return compare(value, wanted)
        except TypeError:  # a text compared with a number
            return False

    return test


def _word(word: str, wanted: str, text: str) -> Callable[[Any], bool]:
    if word == "exists":
        if wanted:
            raise ValueError(f"exists stands alone, without {wanted[:40]!r}")
        return lambda value: value is not None
    if not wanted:
        raise ValueError(f"say what to look for after {word}")
    if word == "contains":
        return lambda value: value is not None and wanted in _as_text(value)
    return _matcher(wanted)


def _matcher(wanted: str) -> Callable[[Any], bool]:
    import regex  # few plans need it

    try:
        pattern = regex.compile(wanted)
    except (regex.error, OverflowError, RecursionError, MemoryError) as error:
        raise ValueError(f"{wanted[:60]!r} is no regular expression: {error}") from error

    def matches(value: Any) -> bool:
        try:
            return value is not None and pattern.search(_as_text(value), timeout=MATCH_TIMEOUT_S) is not None
        except TimeoutError as error:
            raise Undecided(f"{wanted[:60]!r} took over {MATCH_TIMEOUT_S * 1000:.0f} ms to match") from error

    return matches


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except RecursionError as error:
        raise Undecided("the value is nested too deeply") from error


def _value(rest: str, kind: Kind, text: str) -> Any:
    try:
        if kind == "number":
            return parse_count(rest)
        if kind == "time":
            return round(parse_duration(rest) * 1e9)
        if kind == "size":
            return _size(rest)
        return _unquoted(rest) if kind == "text" else _json_value(rest)
    except ValueError:
        raise ValueError(_hint(text, kind)) from None


def _size(rest: str) -> int:
    match = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)\s*([a-z]*)", rest.lower())
    if match is None or match[2] not in _SIZES:
        raise ValueError(rest)
    return round(float(match[1]) * _SIZES[match[2]])


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return str(json.loads(text))
    return text


def _json_value(text: str) -> Any:
    """A JSON value; what is none is taken as the text that it is."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
