"""A stretch of one run, with how long load was offered in it. Pure."""

from webui.analysis.stretch import Stretch, StretchDocument, cut, stretch_document
from webui.runs.changes import offered_s
from webui.runs.model import RunView


def stretch_of(view: RunView, from_s: float, to_s: float) -> tuple[Stretch, float]:
    """The stretch, and for how many seconds of it load was offered: pauses and what came after the load's
    end are no load. Raises InvalidInput."""
    stretch = cut(view.snapshots, from_s, to_s)
    changes = [change for change in view.changes if change.applied]
    load_end = view.load_s + view.paused_s  # not the planned end: a run may be stopped before it
    end = offered_s(stretch.to_s, load_end, changes)
    begin = offered_s(stretch.from_s, load_end, changes)
    return stretch, max(0.0, end - begin)


def read_stretch(view: RunView, from_s: float, to_s: float) -> StretchDocument:
    """The parts of the run's result for that stretch. Raises InvalidInput."""
    stretch, load_s = stretch_of(view, from_s, to_s)
    return stretch_document(view.id, view.plan, stretch, load_s)
