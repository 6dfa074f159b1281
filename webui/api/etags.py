"""ETags of answers that do not change any more (RFC 9110, 8.8.3 and 13.1.2)."""

import hashlib


def etag(body: bytes) -> str:
    """The strong tag of these bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(tag: str, if_none_match: str | None) -> bool:
    """Whether If-None-Match names the tag; weak and strong ones of the same text are alike there."""
    named = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    return "*" in named or tag in named
