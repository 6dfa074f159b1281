"""Hides known secrets in text that came from elsewhere, such as a target that echoes it. Pure."""

import base64
import html
import json
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"
SHORTEST = 4  # a shorter secret is hidden in its own place only: "1" elsewhere is not that secret
_BEGINNING = 8  # so much of a secret is that secret, cut off where the text was


def forms_of(values: Iterable[str]) -> tuple[str, ...]:
    """Secrets as they are and as others write them: in an address, in JSON, in HTML, in Base64. The longest
    come first."""
    kept = {value for value in values if len(value) >= SHORTEST and value != HIDDEN}
    found = {form for value in kept for form in _forms(value)}
    return tuple(sorted(found, key=lambda form: (-len(form), form)))


def _forms(value: str) -> Iterable[str]:
    yield value
    yield quote(value, safe="")
    yield quote_plus(value)
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield html.escape(value)
    yield base64.b64encode(value.encode(errors="surrogateescape")).decode()


def hide(text: str, secrets: Iterable[str]) -> str:
    """`text` without the secrets, and without the beginnings of them that a cut has left."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
        if len(secret) > _BEGINNING:
            text = _without_beginnings(text, secret)
    return text


def _without_beginnings(text: str, secret: str) -> str:
    head, place = secret[:_BEGINNING], 0
    while (start := text.find(head, place)) >= 0:
        end = start + _BEGINNING
        while end < len(text) and end - start < len(secret) and text[end] == secret[end - start]:
            end += 1
        text = text[:start] + HIDDEN + text[end:]
        place = start + len(HIDDEN)
    for length in range(_BEGINNING - 1, SHORTEST - 1, -1):
        if text.endswith(secret[:length]):
            return text[:-length] + HIDDEN
    return text
