"""What a sweep, or any run with a canary, finds out beside its load, on its way into snapshots."""

from webui.engine.canary import Canary
from webui.metrics.probing import Activity, BurstStats, CanaryRecord, Probing


class ProbeLog:
    """Collects until `take`; the activity stays."""

    def __init__(self, canary: Canary | None, *, sweep: bool) -> None:
        self.canary = canary
        self._sweep = sweep
        self._status: int | None = None  # what a canary answers that no sweep has chosen
        self.activity: Activity | None = None
        self._bursts: list[BurstStats] = []  # since the last snapshot
        self._chosen: CanaryRecord | None = None

    def begin(self, now: int) -> None:
        """The load begins: a canary that the plan chose for another shape than a sweep probes throughout."""
        canary = self.canary
        assert canary is not None
        canary.recorder.begin(now)
        if not self._sweep:
            [template] = canary.templates
            canary.start(template, now)
            self.set_canary(CanaryRecord(template.request.target.path, chosen_by_user=True))

    def pause(self, *, paused: bool) -> None:
        """In a pause nothing is asked."""
        if self.canary is not None:
            self.canary.paused = paused

    def _learn_status(self) -> None:
        """Completes the record of a canary that no sweep has chosen, with its first answer."""
        canary = self.canary
        if self._status is None and canary is not None and canary.status is not None:
            self._status = canary.status
            path = canary.templates[0].request.target.path
            self.set_canary(CanaryRecord(path, status=canary.status, chosen_by_user=True))

    def add_burst(self, burst: BurstStats) -> None:
        """A burst has ended."""
        self._bursts.append(burst)

    def set_canary(self, record: CanaryRecord) -> None:
        """The canary was chosen, or measured."""
        self._chosen = record

    def take(self, now: int) -> Probing:
        """What is new since the last `take`."""
        probes = self.canary.take(now) if self.canary is not None else {}
        if not self._sweep:
            self._learn_status()
        probing = Probing(tuple(self._bursts), self._chosen, probes, self.activity)
        self._bursts, self._chosen = [], None
        return probing
