"""Bodies in chunks (RFC 9112, section 7.1), read strictly and kept only where they are asked for. Pure."""

import re

from webui.engine.response import HEAD_LIMIT, Violation, body_too_large

_SIZE_LINE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?")
_LINE_LIMIT = 16 * 1024

# What is expected next.
_SIZE, _DATA, _DATA_END, _TRAILER = range(4)


class ChunkedBody:
    """Follows one chunked body of `limit` bytes at most. Keeps its first `keep` bytes in `prefix`."""

    __slots__ = ("_expected", "_keep", "_left", "_limit", "_line", "_overhead", "prefix", "size")

    def __init__(self, keep: int, limit: int) -> None:
        self._limit = limit
        self._expected = _SIZE
        self._left = 0  # of the present chunk
        self._line = b""  # the beginning of a line whose end has not come
        self._overhead = 0  # bytes of trailers
        self._keep = keep
        self.prefix = bytearray()
        self.size = 0

    def feed(self, data: bytes, position: int) -> int:
        """Reads on from there: the position after the body's end, or -1 while more must come.

        Raises Violation for broken framing and for a body over the limit.
        """
        while position < len(data):
            if self._expected == _DATA:
                position = self._take(data, position)
                continue
            end = data.find(b"\n", position)
            if end < 0:
                self._remember(data[position:])
                return -1
            line, self._line = self._line + data[position:end], b""
            position = end + 1
            if self._end_of_body(line):
                return position
        return -1

    def _take(self, data: bytes, position: int) -> int:
        end = min(len(data), position + self._left)
        if len(self.prefix) < self._keep:
            self.prefix += data[position : min(end, position + self._keep - len(self.prefix))]
        self._left -= end - position
        self.size += end - position
        if not self._left:
            self._expected = _DATA_END
        return end

    def _remember(self, part: bytes) -> None:
        self._line += part
        if len(self._line) > _LINE_LIMIT:
            raise Violation("a line of a chunked body has no end")

    def _end_of_body(self, line: bytes) -> bool:
        if not line.endswith(b"\r"):
            raise Violation("a line of a chunked body doesn't end with CR LF")
        line = line[:-1]
        if self._expected == _SIZE:
            self._begin_chunk(line)
        elif self._expected == _DATA_END:
            if line:
                raise Violation("a chunk is longer than it said")
            self._expected = _SIZE
        else:
            return self._end_of_trailers(line)
        return False

    def _begin_chunk(self, line: bytes) -> None:
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise Violation(f"not the size of a chunk: {line[:40]!r}")
        self._left = int(match[1], 16)
        if self.size + self._left > self._limit:
            raise body_too_large(self._limit)
        self._expected = _DATA if self._left else _TRAILER

    def _end_of_trailers(self, line: bytes) -> bool:
        self._overhead += len(line)
        if self._overhead > HEAD_LIMIT:
            raise Violation("the trailers are too long")
        if line and b":" not in line:
            raise Violation(f"not a trailer: {line[:40]!r}")
        return not line
