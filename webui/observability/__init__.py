"""What a monitoring system reads of this dashboard and its runs: Prometheus, and OpenTelemetry over OTLP."""

from webui.observability.otlp import OtlpExport
from webui.observability.watch import Watch

__all__ = ["OtlpExport", "Watch"]
