"""A dashboard's API from Python, such as in a test of a service (docs/client.md):

    with Katydid("http://127.0.0.1:8090", token="…") as katydid:
        result = katydid.run({"base_url": "http://127.0.0.1:8000", "requests": [{"path": "/items"}],
                              "load": {"users": 50, "duration_s": 30}, "thresholds": ["p95<200ms"]})
        assert result.status == "passed", result.thresholds

What the API gives comes as the models that it is written with. For one thread at a time.
"""

import os
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict, TypeVar, Unpack

import httpx
from pydantic import BaseModel, ValidationError

from webui.analysis.compare_document import Comparison
from webui.analysis.document import RunDocument
from webui.api.models import RunItem, RunList, Share
from webui.api.problems import ProblemDetails
from webui.errors import KatydidError
from webui.plan.documents import plan_to_data
from webui.plan.model import Plan

LONG_POLL_S: Final = 20  # the dashboard answers earlier when the run ends
POLL_S: Final = 0.25  # where it cannot wait: a run of another process
_MARGIN_S: Final = 10.0  # for an answer, beyond the time it may wait

Confirm = Literal["repeat-writes", "may-test"]
_Model = TypeVar("_Model", bound=BaseModel)


class Unreachable(KatydidError):
    """No dashboard answered, or not in time."""


class ApiError(KatydidError):
    """The dashboard refused or failed. `problem` says what was wrong, field by field in `problem.errors`;
    `kind` is the last word of its type, such as `not-found`, `queue-full`, `invalid-input`."""

    def __init__(self, problem: ProblemDetails) -> None:
        self.problem = problem
        self.status = problem.status
        self.kind = problem.type.rpartition(":")[2]
        super().__init__(problem.detail)


class Filters(TypedDict, total=False):
    """What `Katydid.runs` lists; see docs/api.md."""

    search: str
    status: str
    tag: str
    target: str
    since: str
    until: str
    plan_key: str
    pinned: bool
    sort: str
    order: Literal["asc", "desc"]
    limit: int


class Changes(TypedDict, total=False):
    """What `Katydid.change` changes; see docs/api.md."""

    users: int
    rate_rps: float
    paused: bool
    add_s: float
    name: str
    tags: list[str]
    note: str
    pinned: bool
    baseline: bool


class Katydid:
    """One dashboard. Every method raises ApiError and Unreachable. Without a `token`, that of the variable
    KATYDID_ACCESS_TOKEN is sent, if it is set."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8090",
        *,
        token: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        token = token or os.environ.get("KATYDID_ACCESS_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_MARGIN_S, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; runs go on."""
        self._http.close()

    def run(
        self, plan: Plan | Mapping[str, Any], *confirm: Confirm, timeout_s: float | None = None
    ) -> RunDocument:
        """Runs the plan and returns its result. Raises TimeoutError after `timeout_s`, as `wait` does."""
        return self.wait(self.start(plan, *confirm).id, timeout_s)

    def start(self, plan: Plan | Mapping[str, Any], *confirm: Confirm) -> RunDocument:
        """Starts a run of the plan, or queues it. `confirm`: what the plan needs a yes for."""
        data = plan_to_data(plan) if isinstance(plan, Plan) else plan
        headers = {"Confirm": ", ".join(confirm)} if confirm else {}
        return _read(RunDocument, self._ask("POST", "/runs", json=data, headers=headers))

    def wait(self, run_id: str, timeout_s: float | None = None) -> RunDocument:
        """The run's result, when it has ended. Raises TimeoutError after `timeout_s`; the run goes on."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            left = LONG_POLL_S if deadline is None else deadline - time.monotonic()
            asked = time.monotonic()
            result = self.result(run_id, wait_s=max(0.0, min(left, LONG_POLL_S)))
            if result.ended_at is not None:
                return result
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError(f"the run {run_id} has not ended within {timeout_s:g} s")
            time.sleep(max(0.0, POLL_S - (time.monotonic() - asked)))

    def result(self, run_id: str, *, wait_s: float = 0) -> RunDocument:
        """The run's result, or its figures so far; with `wait_s` it is waited so long for the end."""
        headers = {"Prefer": f"wait={max(1, round(wait_s))}"} if wait_s else {}
        answer = self._ask("GET", f"/runs/{run_id}", headers=headers, timeout=wait_s + _MARGIN_S)
        return _read(RunDocument, answer)

    def runs(self, **filters: Unpack[Filters]) -> Iterator[RunItem]:
        """All runs that fit, the newest first unless sorted otherwise; pages are read as they are needed."""
        page: dict[str, Any] = {**filters}
        while True:
            found = _read(RunList, self._ask("GET", "/runs", params=page))
            yield from found.items
            if found.next_cursor is None:
                return
            page["cursor"] = found.next_cursor

    def stop(self, run_id: str) -> RunDocument:
        """Stops a live run; its results are kept."""
        return _read(RunDocument, self._ask("POST", f"/runs/{run_id}/stop"))

    def change(self, run_id: str, **changes: Unpack[Changes]) -> RunDocument:
        """Changes the load of a run that goes on, what is written on it, or whether it is the baseline."""
        return _read(RunDocument, self._ask("PATCH", f"/runs/{run_id}", json=changes))

    def delete(self, run_id: str) -> None:
        """Deletes an ended run; for 7 days it can be restored."""
        self._ask("DELETE", f"/runs/{run_id}")

    def compare(self, *run_ids: str) -> Comparison:
        """Two to five runs side by side, the base first."""
        return _read(Comparison, self._ask("GET", "/compare", params={"run": run_ids}))

    def export(self, run_id: str, format: str) -> bytes:
        """The run as a file of a format of docs/exports.md, such as `html` or `junit`."""
        return self._ask("GET", f"/runs/{run_id}/export/{format}").content

    def share(self, run_id: str, *, expires_in_days: int | None = None, hide_target: bool = False) -> Share:
        """A link that shows the run, read-only, until it expires or is revoked."""
        wanted = {"expires_in_days": expires_in_days, "hide_target": hide_target}
        return _read(Share, self._ask("POST", f"/runs/{run_id}/shares", json=wanted))

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, f"/api/v1{path}", **more)
        except httpx.TransportError as error:
            raise Unreachable(f"The dashboard at {self._http.base_url} does not answer: {error}") from error
        if answer.is_success:
            return answer
        raise ApiError(_problem(answer))


def _problem(answer: httpx.Response) -> ProblemDetails:
    try:
        return ProblemDetails.model_validate_json(answer.content)
    except ValidationError:  # not the dashboard's, such as a proxy's page
        status = max(400, answer.status_code)
        detail = f"The answer was {answer.status_code} {answer.reason_phrase}, without a word on why."
        return ProblemDetails(title=answer.reason_phrase or "Unexpected answer", status=status, detail=detail)


def _read(model: type[_Model], answer: httpx.Response) -> _Model:
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        raise Unreachable(f"What answers at {answer.url} is not a dashboard of this version.") from error
