"""A histogram's buckets in a fraction of their bytes, for those that are kept for long and seldom looked at.

Indices rise, so each is written as its distance from the one before; those and the counts are small numbers
with much in common, which zlib makes use of. For this process's memory alone: no format that anything keeps.
"""

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.uint16]
Counts = NDArray[np.unsignedinteger[Any]]  # as narrow as the largest allows
Buckets = tuple[Indices, Counts]

_FASTEST = 1


def pack(buckets: Buckets) -> bytes:
    """Both arrays as bytes that `unpack` makes the same arrays from."""
    indices, counts = buckets
    distances = np.diff(indices, prepend=np.uint16(0))
    high, low = (distances >> 8).astype(np.uint8), distances.astype(np.uint8)
    parts = (high.tobytes(), low.tobytes(), counts.tobytes())
    return bytes((counts.itemsize,)) + zlib.compress(b"".join(parts), _FASTEST)


def unpack(data: bytes) -> Buckets:
    """What `pack` was given."""
    width = data[0]
    raw = zlib.decompress(memoryview(data)[1:])
    number = len(raw) // (2 + width)
    high, low = np.frombuffer(raw, np.uint8, 2 * number).reshape(2, number)
    distances = (high.astype(np.uint16) << 8) | low
    return np.cumsum(distances, dtype=np.uint16), np.frombuffer(raw, f"u{width}", number, 2 * number)


def narrow(indices: NDArray[Any], counts: NDArray[Any]) -> Buckets:
    """Both in as few bytes as hold them."""
    width = np.min_scalar_type(counts.max(initial=0))
    return indices.astype(np.uint16), counts.astype(width)
