"""Three models of throughput by users, fitted in the logarithm with 3 % error, and compared by AIC. Pure.

Linear: X = N / D. Hard minimum: X = min(N / D, top). Universal Scalability Law (Gunther):
X = N / (D (1 + a (N - 1) + b N (N - 1))). Curves are drawn within the measured range alone.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from webui.analysis.diagnosed import Fit
from webui.sweep.figures import Point

ERROR = 0.03
DRAWN = 64

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]


def fits_of(points: Sequence[Point]) -> tuple[Fit, ...]:
    """The models, the best first; none with fewer than three levels."""
    known = sorted((p.users, p.rate) for p in points if p.rate > 0)
    users = np.array([n for n, _ in known], dtype=np.float64)
    rates = np.array([x for _, x in known], dtype=np.float64)
    if len(set(users.tolist())) < 3:
        return ()
    found = [linear(users, rates), hard_minimum(users, rates), usl(users, rates)]
    fits = [_fit(model, parameters, curve, users, rates) for model, parameters, curve in found]
    best = min(fits, key=lambda fit: fit.aic)
    return tuple(
        sorted((fit.model_copy(update={"chosen": fit is best}) for fit in fits), key=lambda fit: fit.aic)
    )


def _fit(model: str, parameters: dict[str, float], curve: Curve, users: Floats, rates: Floats) -> Fit:
    predicted = curve(users)
    misfit = float((((np.log(rates) - np.log(predicted)) / ERROR) ** 2).sum())
    spread = float(((rates - rates.mean()) ** 2).sum())
    r_squared = 1 - float(((rates - predicted) ** 2).sum()) / spread if spread > 0 else None
    grid = _grid(users, parameters.get("knee"))
    drawn = curve(grid)
    return Fit.model_validate(
        {
            "model": model,
            "aic": misfit + 2 * _COUNTS[model],
            "r_squared": r_squared,
            "chosen": False,
            "parameters": parameters,
            "points": [(float(n), float(x)) for n, x in zip(grid, drawn, strict=True)],
        }
    )


_COUNTS = {"linear": 1, "hard-minimum": 2, "usl": 3}


def _grid(users: Floats, knee: float | None) -> Floats:
    """Places to draw at, the corner itself among them."""
    grid = np.linspace(users[0], users[-1], DRAWN)
    if knee is not None and users[0] < knee < users[-1]:
        grid = np.sort(np.append(grid, knee))
    return grid


def linear(users: Floats, rates: Floats) -> tuple[str, dict[str, float], Curve]:
    """N / D."""
    light = float(np.exp(np.mean(np.log(users / rates))))
    return "linear", {"service_s": light}, lambda n: n / light


def hard_minimum(users: Floats, rates: Floats) -> tuple[str, dict[str, float], Curve]:
    """min(N / D, top): D from the levels below the corner, top from those above, wherever that fits best."""
    tried = []
    distinct = sorted(set(users.tolist()))
    for below, above in pairwise(distinct):
        low, high = users <= below, users >= above
        light = float(np.exp(np.mean(np.log(users[low] / rates[low]))))
        top = float(np.exp(np.mean(np.log(rates[high]))))
        error = float(((np.log(rates) - np.log(np.minimum(users / light, top))) ** 2).sum())
        tried.append((error, light, top))
    _, light, top = min(tried)
    parameters = {"service_s": light, "top_rps": top, "knee": top * light}
    return "hard-minimum", parameters, lambda n: np.minimum(n / light, top)


def usl(users: Floats, rates: Floats) -> tuple[str, dict[str, float], Curve]:
    """The law is linear in D, D a and D b for N / X; least squares of the relative error, none below zero."""
    target = users / rates
    columns = np.stack([np.ones_like(users), users - 1, users * (users - 1)], axis=1)
    best: tuple[float, Floats] | None = None
    for kept in ((0, 1, 2), (0, 1), (0, 2), (0,)):
        part = columns[:, kept] / target[:, None]
        solution = np.linalg.lstsq(part, np.ones_like(target), rcond=None)[0]
        if (solution < 0).any() or solution[0] <= 0:
            continue
        error = float(((part @ solution - 1) ** 2).sum())
        if best is None or error < best[0] - 1e-12:
            full = np.zeros(3)
            full[list(kept)] = solution
            best = error, full
    light, a, b = best[1] if best is not None else np.array([float(np.mean(target)), 0.0, 0.0])
    parameters = {"service_s": float(light), "sigma": float(a / light), "kappa": float(b / light)}
    return "usl", parameters, lambda n: n / (light + a * (n - 1) + b * n * (n - 1))
