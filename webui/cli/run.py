"""`katydid run`: one test from the command line."""

from typing import Annotated, Any

import typer


def add_to(app: typer.Typer) -> None:
    """Adds this command."""
    app.command("run")(run)


def _in(panel: str) -> Any:
    """Makes options of one section of the help: names, metavar, help."""

    def option(*names: str, metavar: str | None = None, says: str) -> Any:
        return typer.Option(*names, metavar=metavar, help=says, rich_help_panel=panel, show_default=False)

    return option


_load, _request, _result = _in("Load"), _in("Request"), _in("Result")
_Text = str | None
_Texts = list[str] | None


def run(
    target: Annotated[
        str,
        typer.Argument(
            metavar="URL|PLAN", help="What to test: an address, or a plan in a .toml or .json file."
        ),
    ],
    users: Annotated[_Text, _load("--users", "-u", metavar="N", says="Users at a time (10).")] = None,
    spawn_rate: Annotated[
        _Text,
        _load(
            "--spawn-rate",
            metavar="RATE",
            says="Users started per second, such as 100/s (all in the first second).",
        ),
    ] = None,
    duration: Annotated[
        _Text,
        _load(
            "--duration",
            "-d",
            metavar="TIME",
            says="How long, such as 30s or 2min (10s without --iterations).",
        ),
    ] = None,
    iterations: Annotated[
        _Text, _load("--iterations", metavar="N", says="End after so many requests, all users together.")
    ] = None,
    think_time: Annotated[
        _Text,
        _load(
            "--think-time",
            metavar="TIME",
            says="Each user's pause after a request: 1s, or 1s..3s drawn evenly.",
        ),
    ] = None,
    method: Annotated[
        _Text,
        _request("--method", "-X", metavar="METHOD", says="GET, or POST with --data, unless given here."),
    ] = None,
    header: Annotated[
        _Texts,
        _request("--header", "-H", metavar="LINE", says="A header such as 'Accept: text/html'; repeatable."),
    ] = None,
    data: Annotated[
        _Text, _request("--data", metavar="TEXT|@FILE", says="The body, as it is or from a file.")
    ] = None,
    success_status: Annotated[
        _Text,
        _request(
            "--success-status",
            metavar="LIST",
            says="Statuses that count as success, such as 2xx,404 (all below 400).",
        ),
    ] = None,
    timeout: Annotated[
        _Text, _request("--timeout", metavar="TIME", says="When a request counts as failed (10s).")
    ] = None,
    keepalive: Annotated[
        bool | None,
        _request(
            "--keepalive/--no-keepalive", says="Reuse connections, or open one for each request (reuse)."
        ),
    ] = None,
    insecure: Annotated[bool, _request("--insecure", says="Accept any TLS certificate.")] = False,
    threshold: Annotated[
        _Texts,
        _result(
            "--threshold",
            metavar="RULE",
            says="Fail unless this holds, such as 'p95<200ms' or 'success>99.9%'; repeatable.",
        ),
    ] = None,
    json_file: Annotated[
        _Text,
        _result("--json", metavar="FILE|-", says="Write the result document here; - is standard output."),
    ] = None,
    name: Annotated[_Text, _result("--name", metavar="TEXT", says="What to call the test.")] = None,
    tag: Annotated[_Texts, _result("--tag", metavar="TEXT", says="A tag to find it by; repeatable.")] = None,
    note: Annotated[_Text, _result("--note", metavar="TEXT", says="A note to keep with it.")] = None,
    save: Annotated[
        bool, _result("--save/--no-save", says="Keep the run where the dashboard sees it, or nowhere (keep).")
    ] = True,
    database_url: Annotated[
        _Text, _result("--database-url", metavar="URL", says="Keep it in this database.")
    ] = None,
    data_dir: Annotated[
        _Text, _result("--data-dir", metavar="DIR", says="The folder of the database.")
    ] = None,
    quiet: Annotated[bool, _result("--quiet", "-q", says="Show nothing while it runs.")] = False,
) -> int:
    """Run one test and show its result.

    Flags override what a plan file says; headers, tags and thresholds are added to its own.

    Exit codes: 0 passed, 1 a threshold failed or every request did, 2 wrong usage or plan, 3 nothing
    could be measured, 4 the generator failed, 130 interrupted.
    """
    from webui.cli.flags import PlanFlags, plan_of
    from webui.cli.output import Output

    flags = PlanFlags(
        users=users, spawn_rate=spawn_rate, duration=duration, iterations=iterations, think_time=think_time,
        method=method, headers=tuple(header or ()), data=data, success_status=success_status, timeout=timeout,
        keepalive=keepalive, insecure=insecure, thresholds=tuple(threshold or ()), name=name,
        tags=tuple(tag or ()), note=note,
    )  # fmt: skip
    output = Output(json_file=json_file, quiet=quiet)
    output.check()
    plan = plan_of(target, flags)
    from webui.cli.one_run import run_once  # takes a second, which mistakes need not wait for

    places = {"database_url": database_url, "data_dir": data_dir}
    return run_once(plan, output, places if save else None)
