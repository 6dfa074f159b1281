"""Bodies as their sender meant them: gzip and deflate undone, for the checks that look inside. Pure."""

import zlib

_EITHER = zlib.MAX_WBITS | 32  # gzip's or zlib's header, whichever comes
_RAW = -zlib.MAX_WBITS
_PLAIN = frozenset({"", "identity"})
_ENCODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_MOST_LAYERS = 3
_MOST_PARTS = 10_000  # each costs microseconds, however little is in it
_PIECES = 64, 65_536  # bytes that a decoder is given at a time: first, and doubling up to


class Undecodable(Exception):
    """The body is not what its Content-Encoding says, or too large. The text is a sentence."""


def decode(body: bytes | bytearray, encoding: str, limit: int) -> bytes:
    """The body without its Content-Encoding, of `limit` bytes at most. Raises Undecodable.

    The time is linear in what goes in and comes out, however many parts it is made of.
    """
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
    whole, inflated, start, parts = memoryview(body), bytearray(), 0, 0
    try:
        while start < len(body):  # gzip may have several parts
            parts += 1
            if parts > _MOST_PARTS:
                raise Undecodable(f"the body is {name} in more than {_MOST_PARTS:,} parts")
            start = _inflate_part(whole, start, _RAW if raw else _EITHER, inflated, limit)
            if start < 0:
                raise Undecodable(f"the body ends in the middle of its {name} encoding")
            if name == "deflate":
                break
            start = _after_zeros(body, start)
    except zlib.error as error:
        raise Undecodable(f"the body is no valid {name}: {error}") from error
    return bytes(inflated)


def _inflate_part(body: memoryview, start: int, window: int, inflated: bytearray, limit: int) -> int:
    """Adds the part that begins there to `inflated`; where it ends, or -1 where the body ends before it."""
    # A decoder copies what it was given too much, so it is never given far more than it has taken by then.
    stream, size = zlib.decompressobj(window), _PIECES[0]
    while start < len(body):
        piece = body[start : start + size]
        start, size = start + len(piece), min(2 * size, _PIECES[1])
        inflated += stream.decompress(piece, limit + 1 - len(inflated))
        if len(inflated) > limit:
            raise Undecodable(f"the decoded body has more than {limit:,} bytes")
        if stream.eof:
            return start - len(stream.unused_data)
    return -1


def _after_zeros(body: bytes, start: int) -> int:
    """Past what pads a part."""
    while start < len(body) and not body[start]:
        start += 1
    return start


def _has_zlib_header(body: bytes) -> bool:
    """RFC 1950, section 2.2. Some servers send deflate without it."""
    return len(body) > 1 and body[0] & 0x0F == 8 and (body[0] << 8 | body[1]) % 31 == 0
