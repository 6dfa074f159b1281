"""The interval around the difference of two success rates, few failures included. Pure."""

import math

_Z = 1.959964
Books = tuple[int, int]  # successes, ended


def share_difference(
    base: Books, other: Books, drawn: tuple[float, float, float]
) -> tuple[float, float, float]:
    """The change in points and its 95 % interval: `drawn` by resampling, and never narrower than requests
    that fail independently allow (Newcombe 1998, method 10). A run without a failure resamples to none, which
    does not show that it never fails."""
    change, low, high = drawn
    if base[0] == base[1] and other[0] == other[1]:
        return 0.0, 0.0, 0.0
    (first, first_low, first_high), (second, second_low, second_high) = _score(*base), _score(*other)
    least = second - first - math.hypot(second - second_low, first_high - first)
    most = second - first + math.hypot(second_high - second, first - first_low)
    return change, min(low, 100 * least), max(high, 100 * most)


def _score(successes: int, ended: int) -> tuple[float, float, float]:
    """A share with Wilson's score interval."""
    share = successes / ended
    spread = _Z * math.sqrt(share * (1 - share) / ended + _Z**2 / (4 * ended**2))
    middle = share + _Z**2 / (2 * ended)
    scale = 1 + _Z**2 / ended
    return share, (middle - spread) / scale, (middle + spread) / scale
