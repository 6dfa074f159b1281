"""The flags of `katydid serve` in groups, as typed; None where one was not given. See also limit_flags."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from webui.cli.spreading import in_panel

_listen = in_panel("Where it listens")
_access = in_panel("Who may use it")
_keep = in_panel("What it keeps and runs")
_Text = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenFlags:
    """Addresses, names and the certificate."""

    host: Annotated[
        _Text,
        _listen(
            "--host",
            metavar="HOST",
            says="Listen here (127.0.0.1). Other than on loopback, whoever asks needs a token.",
        ),
    ] = None
    port: Annotated[
        _Text, _listen("--port", metavar="N", says="Listen on this port (8090); 0 takes any free one.")
    ] = None
    allowed_host: Annotated[
        list[str] | None,
        _listen(
            "--allowed-host",
            metavar="NAME",
            says="Answer for this name too, such as katydid.example or *.example; repeatable.",
        ),
    ] = None
    tls_cert: Annotated[
        _Text, _listen("--tls-cert", metavar="FILE", says="Serve HTTPS with this certificate chain, PEM.")
    ] = None
    tls_key: Annotated[
        _Text,
        _listen("--tls-key", metavar="FILE", says="Its private key, PEM (in the certificate's file)."),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessFlags:
    """Tokens and logins."""

    access_token: Annotated[
        _Text,
        _access(
            "--access-token",
            metavar="TOKEN",
            says="Who has this may do everything (none on loopback, else a new one). "
            "Others on this machine see it here: a file hides it.",
        ),
    ] = None
    access_token_file: Annotated[
        _Text, _access("--access-token-file", metavar="FILE", says="Read that token from here.")
    ] = None
    viewer_token: Annotated[
        _Text,
        _access("--viewer-token", metavar="TOKEN", says="Who has this may read, and change nothing."),
    ] = None
    viewer_token_file: Annotated[
        _Text, _access("--viewer-token-file", metavar="FILE", says="Read that token from here.")
    ] = None
    session_hours: Annotated[
        _Text, _access("--session-hours", metavar="N", says="How long a login lasts (12).")
    ] = None
    no_access_control: Annotated[
        bool, _access("--no-access-control", says="Let in everybody who can reach the dashboard.")
    ] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFlags:
    """The database, the queue, the practice targets and where metrics go."""

    database_url: Annotated[
        _Text,
        _keep(
            "--database-url",
            metavar="URL",
            says="Keep runs here: sqlite:///FILE or postgresql://… (katydid.db in the data folder).",
        ),
    ] = None
    data_dir: Annotated[
        _Text, _keep("--data-dir", metavar="DIR", says="The data folder (the user's own).")
    ] = None
    max_running: Annotated[
        _Text, _keep("--max-running", metavar="N", says="How many tests run at a time (4).")
    ] = None
    max_queued: Annotated[_Text, _keep("--max-queued", metavar="N", says="How many more may wait (200).")] = (
        None
    )
    practice_target: Annotated[
        bool | None,
        _keep("--practice-target/--no-practice-target", says="Serve the practice targets too (on)."),
    ] = None
    otlp_endpoint: Annotated[
        _Text,
        _keep(
            "--otlp-endpoint",
            metavar="URL",
            says="Send metrics to this OpenTelemetry collector, such as http://127.0.0.1:4318.",
        ),
    ] = None
    otlp_interval: Annotated[
        _Text, _keep("--otlp-interval", metavar="TIME", says="How often metrics are sent (10s).")
    ] = None


def settings_of(*groups: Any) -> dict[str, Any]:
    """The settings that the flags in these dataclasses are, by name."""
    given = {name: value for group in groups for name, value in asdict(group).items()}
    given["access_control"] = False if given.pop("no_access_control") else None
    return {name: None if value == [] else value for name, value in given.items()}
