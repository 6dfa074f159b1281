"""The comparison in sentences: one that a manager understands, then the rest. Pure."""

from collections.abc import Iterator, Sequence

from webui import units
from webui.analysis.compare_document import (
    CellPart,
    ComparedRunPart,
    MeasurePart,
    SettingPart,
    VerdictPart,
)

MINUS = "−"
_TAILS = {"p99.9": "slowest 1 in 1,000", "p99": "slowest 1 in 100", "p95": "slowest 1 in 20"}
_WORTH_A_SENTENCE = 5.0  # percent
_TOLD = 3  # settings named in a sentence


def verdict(
    runs: Sequence[ComparedRunPart],
    measures: Sequence[MeasurePart],
    settings: Sequence[SettingPart],
    *,
    open_model: bool,
) -> VerdictPart:
    """What came out, first of the second run, then of the others, then what differed."""
    rows = {measure.key: measure for measure in measures}
    told = [list(_of_run(runs, place, rows, open_model=open_model)) for place in range(1, len(runs))]
    headline, details = " ".join(told[0]), [" ".join(each) for each in told[1:]]
    return VerdictPart(headline=headline, details=(*details, *_of_settings(runs, settings)))


def _of_run(
    runs: Sequence[ComparedRunPart], place: int, rows: dict[str, MeasurePart], *, open_model: bool
) -> Iterator[str]:
    base, run = runs[0], runs[place]
    if not run.comparable:
        yield f"{base.letter} and {run.letter} cannot be compared: {_why(run, base)}."
        return
    cells = {key: measure.runs[place] for key, measure in rows.items()}
    lead = _lead(cells, open_model=open_model)
    yield _speed(base.letter, run.letter, lead, cells)
    yield from _tail(run.letter, cells, lead)
    yield from _success(run.letter, cells, rows)


def _why(run: ComparedRunPart, base: ComparedRunPart) -> str:
    letter, reason = (base.letter, base.reasons[0]) if base.reasons else (run.letter, run.reasons[0])
    subject, _, rest = reason.partition(" ")
    named = {"it": letter, "its": f"{letter}’s"}.get(subject, subject)
    return f"{named} {rest}"


def _lead(cells: dict[str, CellPart], *, open_model: bool) -> str:
    """What speed is told by. Where starts come on a schedule, throughput is the plan's, not the target's."""
    order = ("p50", "mean", "throughput") if open_model else ("throughput", "p50", "mean")
    return next((key for key in order if key in cells and cells[key].change is not None), "throughput")


def _speed(first: str, second: str, lead: str, cells: dict[str, CellPart]) -> str:
    cell = cells[lead]
    if cell.word == "same":
        return f"{second} is as fast as {first}."
    if cell.change is None or cell.word == "no clear difference":
        return f"There is no clear difference between {first} and {second}."
    ratio = 1 + cell.change / 100
    by = "" if lead == "throughput" else ", by the median of the response times"
    return f"{second} is {_times(ratio if lead == 'throughput' else 1 / max(ratio, 1e-9))} {first}{by}."


def _times(ratio: float) -> str:
    """How fast in words: `about twice as fast as`, `12% slower than`."""
    if 1.9 <= ratio <= 2.1:
        return "about twice as fast as"
    if ratio > 1.5:
        return f"about {ratio:.2g} times as fast as"
    if 0.48 <= ratio <= 0.52:
        return "about half as fast as"
    if ratio < 0.48:
        return f"about {1 / max(ratio, 1e-9):.2g} times slower than"
    return f"{units.significant(abs(ratio - 1) * 100, 2)}% {'faster' if ratio > 1 else 'slower'} than"


def _tail(letter: str, cells: dict[str, CellPart], lead: str) -> Iterator[str]:
    """A sentence on the slowest requests, where they went another way than the rest."""
    main = cells[lead].word
    told = ((cells[key], words) for key, words in _TAILS.items() if key in cells)
    cell, words = next(((cell, words) for cell, words in told if cell.change is not None), (None, ""))
    if cell is None or cell.change is None or cell.word == main:
        return
    if main not in ("faster", "slower") and abs(cell.change) < _WORTH_A_SENTENCE:
        return
    if cell.word in ("faster", "slower"):
        yield f"{letter}’s {words} requests take {_longer(cell.change)}."
    elif main in ("faster", "slower"):
        yield f"Its {words} requests are not clearly {main}."


def _longer(change: float) -> str:
    if 90 <= change <= 110:
        return "about twice as long"
    if -52 <= change <= -48:
        return "about half as long"
    return f"{units.significant(abs(change), 2)}% {'longer' if change > 0 else 'less time'}"


def _success(letter: str, cells: dict[str, CellPart], rows: dict[str, MeasurePart]) -> Iterator[str]:
    cell = cells.get("success")
    if cell is not None and cell.word in ("lower", "higher"):
        how = "More" if cell.word == "lower" else "Fewer"
        here, there = units.percent(cell.value), units.percent(rows["success"].runs[0].value)
        yield f"{how} of {letter}’s requests fail: {here} succeed, against {there}."


def _of_settings(runs: Sequence[ComparedRunPart], settings: Sequence[SettingPart]) -> Iterator[str]:
    different = [setting for setting in settings if setting.differs]
    if not different:
        yield "All settings that Katydid knows of are the same; what differs is the service, or the moment."
        return
    count = units.plural(len(different), "setting differs", "settings differ")
    names = ", ".join(setting.label for setting in different[:_TOLD])
    more = " and more" if len(different) > _TOLD else ""
    yield f"{count[:1].upper()}{count[1:]} between the runs: {names}{more}."
    if len(different) > 1:
        yield from _alone(runs, different)


def _alone(runs: Sequence[ComparedRunPart], different: Sequence[SettingPart]) -> Iterator[str]:
    """For each setting the first two runs that differ in nothing else."""
    told = set()
    for second in range(1, len(runs)):
        for first in range(second):
            apart = [setting for setting in different if setting.values[first] != setting.values[second]]
            if len(apart) == 1 and apart[0].key not in told:
                told.add(apart[0].key)
                pair = f"{runs[first].letter} against {runs[second].letter}"
                yield f"{pair} shows the effect of one setting alone: {apart[0].label}."


def signed(value: float, decimals: int) -> str:
    """`+12.3`, `−4.0` with a real minus sign; `0` for none."""
    text = f"{abs(value):,.{decimals}f}"
    if not text.strip("0.,"):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"


def change_text(cell: CellPart, unit: str) -> tuple[str, str]:
    """A change and its interval: `+97.9%` and `+97.3% to +98.4%`; decimals are added until its ends differ.
    Two dashes where there is none."""
    if cell.change is None or cell.low is None or cell.high is None:
        return units.DASH, ""
    if cell.change == cell.low == cell.high == 0:
        return "0", "0 to 0"
    mark = {"%": "%", "points": "\u00a0pt", "/s": "\u00a0/s"}[unit]
    decimals = next((n for n in (1, 2, 3) if _told_apart(cell.low, cell.high, n)), 3)
    change, low, high = (signed(value, decimals) for value in (cell.change, cell.low, cell.high))
    first = low if unit != "%" else f"{low}%"
    return f"{change}{mark}", f"{first} to {high}{mark}"


def _told_apart(low: float, high: float, decimals: int) -> bool:
    """Whether so many decimals show that the ends differ, and that none of them is no change."""
    first, second = round(low, decimals), round(high, decimals)
    return first != second and (low * high <= 0 or (first != 0 and second != 0))
