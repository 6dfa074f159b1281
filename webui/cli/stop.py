"""`katydid stop`: ends tests of a dashboard that runs."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from webui.errors import InvalidInput, KatydidError, NotFound

_TIMEOUT_S = 10.0


class DashboardUnreachable(KatydidError):
    """No dashboard answers, or it refuses."""


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("stop")(stop)


def stop(
    runs: Annotated[list[str] | None, typer.Argument(metavar="RUN", help="Ids of tests.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Stop all tests and experiments, those that wait included.")
    ] = False,
    server: Annotated[
        str | None,
        typer.Option(
            "--server",
            metavar="URL",
            help="The dashboard.",
            show_default="this machine's, http://127.0.0.1:8090",
        ),
    ] = None,
    access_token: Annotated[
        str | None,
        typer.Option(
            "--access-token",
            metavar="TOKEN",
            help="For a dashboard that asks for one.",
            show_default="KATYDID_ACCESS_TOKEN, or the file that KATYDID_ACCESS_TOKEN_FILE names",
        ),
    ] = None,
) -> int:
    """Stop tests of a running dashboard, at once. Their results so far are kept.

    Exit codes: 0 stopped, 2 wrong usage, no such test, or no dashboard that answers.
    """
    from webui.cli.configuration import load_settings
    from webui.cli.console import say
    from webui.security.access import operators_token

    if bool(runs) == everything:
        raise InvalidInput.at("RUN", "name the tests to stop, or write --all")
    settings = load_settings({"access_token": access_token})
    base_url = (server or f"http://{_local(settings.host)}:{settings.port}").rstrip("/")
    token = operators_token(settings)
    stopped = _ask(base_url, token, runs or ())
    say(f"Stopped: {', '.join(stopped)}" if stopped else "No test was running.")
    return 0


def _local(host: str) -> str:
    """Where a dashboard that listens on `host` is reached from this machine."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not listened on
    return f"[{reached}]" if ":" in reached else reached


def _ask(base_url: str, token: str | None, runs: Sequence[str]) -> list[str]:
    """The ids of what was stopped; without `runs`, all is. Raises DashboardUnreachable, NotFound."""
    import httpx

    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    try:
        with httpx.Client(base_url=base_url, headers=headers, timeout=_TIMEOUT_S, trust_env=False) as client:
            if not runs:
                answer: dict[str, Any] = _read(client.post("/api/v1/stop"))
                return [*answer["runs"], *answer["experiments"]]
            return [_read(client.post(f"/api/v1/runs/{run}/stop"))["id"] for run in runs]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DashboardUnreachable(f"no dashboard answers at {base_url}: {error}") from error


def _read(response: Any) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or not (response.is_success or "detail" in answer):
        raise DashboardUnreachable(f"{response.url} is no dashboard: it answered {response.status_code}")
    if response.is_success:
        return answer
    kind = NotFound if response.status_code == 404 else DashboardUnreachable
    raise kind(str(answer["detail"]))
