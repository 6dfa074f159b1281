"""The metrics sent to an OpenTelemetry collector, by OTLP over HTTP, while the dashboard runs.

Needs the extra `otel`; what is written is in `webui.observability.otlp_data`."""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Protocol
from urllib.parse import urlsplit

from webui.errors import InvalidInput
from webui.observability.model import Family
from webui.observability.watch import Watch

EXPORT_WITHIN_S: Final = 3.0
LAST_WITHIN_S: Final = 1.0  # when Katydid closes
_LIBRARY_LOG: Final = "opentelemetry.exporter.otlp.proto.http.metric_exporter"
_PATH: Final = "/v1/metrics"

log = logging.getLogger(__name__)


def metrics_url(endpoint: str) -> str:
    """Where metrics go at a collector's address; one without a path gets OTLP's own. Raises InvalidInput."""
    try:
        parts = urlsplit(endpoint)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        valid = False
    if not valid:
        raise InvalidInput.at(
            "otlp_endpoint",
            f"give a collector's address such as http://127.0.0.1:4318, not {endpoint[:200]!r}",
        )
    return endpoint if parts.path.strip("/") else f"{parts.scheme}://{parts.netloc}{_PATH}"


class OtlpExport:
    """Sends what `watch` sees every `interval_s`. Raises InvalidInput where it cannot.

    A collector that does not answer holds nothing up: what could not be sent is left out, and the next
    sending has everything again, as all sums count from the start.
    """

    def __init__(self, watch: Watch, endpoint: str, interval_s: float) -> None:
        # fixed
        self._watch = watch
        self._url = metrics_url(endpoint)
        self._interval_s = interval_s
        self._exporter = _exporter(self._url, watch.started_ns)
        # state
        self._trouble = _Trouble()
        self.failing = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to send."""
        logging.getLogger(_LIBRARY_LOG).addFilter(self._trouble)
        self._task = asyncio.ensure_future(self._send_forever())

    async def close(self) -> None:
        """Sends the last figures, where the collector took those before, and ends."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if not self.failing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self.send(), LAST_WITHIN_S)
        await asyncio.to_thread(self._exporter.close)
        logging.getLogger(_LIBRARY_LOG).removeFilter(self._trouble)

    async def send(self) -> bool:
        """Sends the present figures; whether the collector took them."""
        picture = await self._watch.picture()
        sent = await asyncio.to_thread(lambda: self._exporter.send(picture.families()))
        self._note(sent)
        return sent

    async def _send_forever(self) -> None:
        while True:
            await self.send()
            await asyncio.sleep(self._interval_s)

    def _note(self, sent: bool) -> None:
        """Says when sending begins to fail, and when it goes on; not each time."""
        if not sent and not self.failing:
            log.warning(
                "Metrics could not be sent to %s and are tried again: %s", self._url, self._trouble.last
            )
        elif sent and self.failing:
            log.warning("Metrics are sent to %s again.", self._url)
        self.failing = not sent


class Exporter(Protocol):
    """What sends, see `webui.observability.otlp_data`."""

    def send(self, families: Sequence[Family]) -> bool: ...

    def close(self) -> None: ...


class _Trouble(logging.Filter):
    """Keeps what the library has to say of a failure, for one message of ours."""

    last = "no reason was given"

    def filter(self, record: logging.LogRecord) -> bool:
        self.last = record.getMessage()
        return False


def _exporter(url: str, started_ns: int) -> Exporter:
    try:
        from webui.observability.otlp_data import OtlpExporter
    except ImportError as error:
        raise InvalidInput.at(
            "otlp_endpoint", "sending metrics over OTLP needs an extra: pip install 'katydid[otel]'"
        ) from error
    return OtlpExporter(url, started_ns, EXPORT_WITHIN_S)
