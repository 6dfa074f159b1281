"""Bodies as their sender meant them: gzip and deflate undone, for the checks that look inside. Pure."""

import zlib

_EITHER = zlib.MAX_WBITS | 32  # gzip's or zlib's header, whichever comes
_RAW = -zlib.MAX_WBITS
_PLAIN = frozenset({"", "identity"})
_ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_MOST_LAYERS = 3
_MOST_PARTS = 100  # each costs a copy of the rest


class Undecodable(Exception):
    """The body is not what its Content-Encoding says, or too large. The text is a sentence."""


def decode(body: bytes | bytearray, encoding: str, limit: int) -> bytes:
    """The body without its Content-Encoding, of `limit` bytes at most. Raises Undecodable."""
    plain = bytes(body)
    if not encoding:
        return plain
    layers = [name for part in encoding.split(",") if (name := part.strip().lower()) not in _PLAIN]
    if len(layers) > _MOST_LAYERS:
        raise Undecodable(f"the body is encoded {len(layers)} times over")
    for name in reversed(layers):
        if name not in _ENCODINGS:
            raise Undecodable(f"the body's encoding {name[:40]!r} is none that can be decoded")
        plain = _inflate(plain, name, limit) if plain else plain
    return plain


def _inflate(body: bytes, name: str, limit: int) -> bytes:
    raw = name == "deflate" and not _has_zlib_header(body)
    inflated, parts = b"", 0
    try:
        while body:  # gzip may have several parts
            parts += 1
            if parts > _MOST_PARTS:
                raise Undecodable(f"the body is {name} in more than {_MOST_PARTS} parts")
            stream = zlib.decompressobj(_RAW if raw else _EITHER)
            inflated += stream.decompress(body, limit + 1 - len(inflated))
            if len(inflated) > limit:
                raise Undecodable(f"the decoded body has more than {limit:,} bytes")
            if not stream.eof:
                raise Undecodable(f"the body ends in the middle of its {name} encoding")
            body = stream.unused_data.lstrip(b"\0") if name != "deflate" else b""
    except zlib.error as error:
        raise Undecodable(f"the body is no valid {name}: {error}") from error
    return inflated


def _has_zlib_header(body: bytes) -> bool:
    """RFC 1950, section 2.2. Some servers send deflate without it."""
    return len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
