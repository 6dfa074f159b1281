"""HdrHistogram interval log, format 1.3, with V2 compressed histograms: opens in HdrHistogram's own tools.

Values are in microseconds, the unit of the histograms that were measured, so that no bucket is moved. Lines
without a tag are the successes of all requests; tagged ones are those of one request, and the failures. Pure.
Layout: HdrHistogram's HistogramLogWriter and `encodeIntoByteBuffer` of its V2 encoding (Gil Tene).
"""

import base64
import re
import struct
import zlib
from collections.abc import Iterator, Sequence

from webui.exports.source import Source
from webui.metrics.histogram import MAX_US, Histogram
from webui.metrics.snapshot import Snapshot

FAILURES = "failures"
_ENCODING, _COMPRESSION = 0x1C849303 | 0x10, 0x1C849304 | 0x10
_DIGITS, _LOWEST_US = 3, 1
_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'
_TAGGABLE = re.compile(r"[^\w./{}?&=:~%+-]+", re.ASCII)


def hlog(source: Source) -> bytes:
    """The log. Times of lines are seconds since the start, which is BaseTime; maxima are in ms."""
    return "".join(f"{line}\n" for line in (*_head(source), *_lines(source))).encode()


def _head(source: Source) -> Iterator[str]:
    document = source.document
    started = document.started_at or document.created_at
    seconds = f"{int(started.timestamp() * 1000) / 1000:.3f}"
    yield f"#[Katydid run {document.id}, {source.status}; values in microseconds]"
    if document.warmup is not None and document.warmup.duration_s is not None:
        sent, lasted = document.warmup.sent, document.warmup.duration_s
        yield f"#[A warm-up of {lasted:g} s went before: {sent} requests, none of them here]"
    yield "#[Histogram log format version 1.3]"
    yield f"#[StartTime: {seconds} (seconds since epoch), {started:%Y-%m-%dT%H:%M:%SZ}]"
    yield f"#[BaseTime: {seconds} (seconds since epoch)]"
    yield _LEGEND


def _lines(source: Source) -> Iterator[str]:
    tags = _tags([name for _, name, _ in source.endpoints])
    for row in source.snapshots:
        merged = row.all_endpoints
        yield _line(row, merged.response)
        if len(tags) > 1:
            for tag, stats in zip(tags, row.endpoints, strict=False):
                yield _line(row, stats.response, tag)
        if merged.failed:
            yield _line(row, merged.failed, FAILURES)


def _line(row: Snapshot, histogram: Histogram, tag: str | None = None) -> str:
    times = f"{row.start_ns / 1e9:.3f},{row.seconds:.3f},{histogram.max_ns / 1e6:.3f}"
    return f"{f'Tag={tag},' if tag else ''}{times},{encoded(histogram)}"


def _tags(names: Sequence[str]) -> list[str]:
    """The names as tags, which have no space and no comma; two that become alike get a number."""
    found: list[str] = []
    for name in names:
        tag = plain = _TAGGABLE.sub("_", name) or "_"
        number = 1
        while tag in found or tag == FAILURES:
            number += 1
            tag = f"{plain}_{number}"
        found.append(tag)
    return found


def encoded(histogram: Histogram) -> str:
    """A histogram in HdrHistogram's V2 encoding, compressed, in base64."""
    counts = _counts(histogram)
    header = struct.pack(">IIIIQQd", _ENCODING, len(counts), 0, _DIGITS, _LOWEST_US, MAX_US, 1.0)
    packed = zlib.compress(header + counts)
    return base64.b64encode(struct.pack(">II", _COMPRESSION, len(packed)) + packed).decode()


def _counts(histogram: Histogram) -> bytes:
    """The counts from the first bucket on; a negative number stands for so many empty buckets."""
    data, place = bytearray(), 0
    for index, count in zip(histogram.indices.tolist(), histogram.counts.tolist(), strict=True):
        if index > place:
            _put(data, place - index)
        _put(data, count)
        place = index + 1
    return bytes(data)


def _put(data: bytearray, number: int) -> None:
    """ZigZag LEB128, as HdrHistogram writes it: 9 bytes at most, the ninth with all 8 bits."""
    rest = (number << 1) ^ (number >> 63)
    for _ in range(8):
        if rest < 0x80:
            data.append(rest)
            return
        data.append((rest & 0x7F) | 0x80)
        rest >>= 7
    data.append(rest)
