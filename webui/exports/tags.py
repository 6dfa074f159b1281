"""ETags of files and documents, and whether a client has them already (RFC 9110, 8.8.3 and 13.1.2). Pure."""

import hashlib


def etag(data: bytes) -> str:
    """The tag of these bytes; weak, as they may be compressed on their way."""
    return f'W/"{hashlib.sha256(data).hexdigest()[:32]}"'


def matches(tag: str, if_none_match: str | None) -> bool:
    """Whether If-None-Match names the tag; weak and strong ones of the same text are alike there."""
    named = {each.strip().removeprefix("W/") for each in (if_none_match or "").split(",")}
    return "*" in named or tag.removeprefix("W/") in named
