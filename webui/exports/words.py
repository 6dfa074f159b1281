"""Words that several exports say. Pure."""

from webui import units
from webui.analysis.document import ThresholdPart

# status -> (mark, word)
VERDICTS = {
    "queued": ("⏳", "waiting"),
    "running": ("⏳", "running"),
    "stopping": ("⏳", "stopping"),
    "passed": ("✅", "passed"),
    "failed": ("❌", "failed"),
    "stopped": ("⏹️", "stopped"),
    "interrupted": ("⚠️", "interrupted"),
    "error": ("❌", "error"),
}


def measured(part: ThresholdPart) -> str:
    """What was measured for a threshold: `174 ms`, `99.98%`; a dash where there is no figure."""
    if part.actual is None:
        return "–"
    if part.expression == "audit.trustworthy":
        return "yes" if part.actual else "no"
    match part.unit:
        case "ms":
            return units.milliseconds(part.actual)
        case "%":
            return units.percent(part.actual)
        case "/s":
            return f"{units.significant(part.actual)}/s"
        case _:
            return units.count(part.actual)
