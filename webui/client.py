"""A dashboard's API from Python, such as in a test of a service (docs/client.md):

with Katydid("http://127.0.0.1:8090", token="…") as katydid:
    result = katydid.run({"base_url": "http://127.0.0.1:8000", "requests": [{"path": "/items"}],
                          "load": {"users": 50, "duration_s": 30}, "thresholds": ["p95<200ms"]})
    assert result.status == "passed", result.thresholds
"""

import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final, Self, TypeVar, Unpack

import httpx
from pydantic import BaseModel, ValidationError

from webui.analysis.compare_document import Comparison
from webui.analysis.document import RunDocument
from webui.api.arguments import Confirm, Filters, NewValues
from webui.api.models import RunItem, RunList, Share
from webui.api.problems import ProblemDetails
from webui.errors import KatydidError
from webui.plan.documents import plan_to_data
from webui.plan.model import Plan

LONG_POLL_S: Final = 20.0  # the dashboard answers earlier when the run ends
POLL_S: Final = 0.25  # where it cannot wait: a run of another process
MARGIN_S: Final = 10.0  # for an answer, beyond the time it may wait
_Model = TypeVar("_Model", bound=BaseModel)
AnyPlan = Plan | Mapping[str, Any]
Transport = httpx.BaseTransport | None


class Unreachable(KatydidError):
    """No dashboard answered, or not in time."""


class ApiError(KatydidError):
    """The dashboard refused or failed. `problem` says what was wrong, field by field in `problem.errors`;
    `kind` is the last word of its type, such as `not-found`, `queue-full`, `invalid-input`."""

    def __init__(self, problem: ProblemDetails) -> None:
        self.problem, self.status, self.kind = problem, problem.status, problem.type.rpartition(":")[2]
        super().__init__(problem.detail)


class Katydid:
    """One dashboard, for one thread at a time. Every method raises ApiError and Unreachable. Without a
    `token`, that of the variable KATYDID_ACCESS_TOKEN is sent, if it is set."""

    def __init__(
        self, url: str = "http://127.0.0.1:8090", *, token: str | None = None, transport: Transport = None
    ) -> None:
        token = token or os.environ.get("KATYDID_ACCESS_TOKEN")
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=MARGIN_S, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection; runs go on."""
        self._http.close()

    def run(self, plan: AnyPlan, *confirm: Confirm, timeout_s: float | None = None) -> RunDocument:
        """Runs the plan and returns its result. Raises TimeoutError after `timeout_s`, as `wait` does."""
        return self.wait(self.start(plan, *confirm).id, timeout_s)

    def start(self, plan: AnyPlan, *confirm: Confirm) -> RunDocument:
        """Starts a run of the plan, or queues it. `confirm`: what the plan needs a yes for."""
        data = plan_to_data(plan) if isinstance(plan, Plan) else plan
        headers = {"Confirm": ", ".join(confirm)} if confirm else {}
        return self._ask(RunDocument, "POST", "/runs", json=data, headers=headers)

    def wait(self, run_id: str, timeout_s: float | None = None) -> RunDocument:
        """The run's result, when it has ended. Raises TimeoutError after `timeout_s`; the run goes on."""
        deadline = time.monotonic() + (float("inf") if timeout_s is None else timeout_s)
        while True:
            asked = time.monotonic()
            result = self.result(run_id, wait_s=max(0.0, min(deadline - asked, LONG_POLL_S)))
            if result.ended_at is not None:
                return result
            if time.monotonic() >= deadline:
                raise TimeoutError(f"the run {run_id} has not ended within {timeout_s:g} s")
            time.sleep(max(0.0, asked + POLL_S - time.monotonic()))

    def result(self, run_id: str, *, wait_s: float = 0) -> RunDocument:
        """The run's result, or its figures so far; with `wait_s` it is waited so long for the end."""
        headers = {"Prefer": f"wait={max(1, round(wait_s))}"} if wait_s else {}
        return self._ask(RunDocument, "GET", f"/runs/{run_id}", headers=headers, timeout=wait_s + MARGIN_S)

    def runs(self, **filters: Unpack[Filters]) -> Iterator[RunItem]:
        """All runs that fit, the newest first unless sorted otherwise; pages are read as they are needed."""
        page: dict[str, Any] = {**filters}
        while True:
            found = self._ask(RunList, "GET", "/runs", params=page)
            yield from found.items
            if found.next_cursor is None:
                return
            page["cursor"] = found.next_cursor

    def stop(self, run_id: str) -> RunDocument:
        """Stops a live run; its results are kept."""
        return self._ask(RunDocument, "POST", f"/runs/{run_id}/stop")

    def change(self, run_id: str, **changes: Unpack[NewValues]) -> RunDocument:
        """Changes the load of a run that goes on, what is written on it, or whether it is the baseline."""
        return self._ask(RunDocument, "PATCH", f"/runs/{run_id}", json=changes)

    def delete(self, run_id: str) -> None:
        """Deletes an ended run; for 7 days it can be restored."""
        self._send("DELETE", f"/runs/{run_id}")

    def restore(self, run_id: str) -> RunDocument:
        """Undoes a deletion."""
        return self._ask(RunDocument, "POST", f"/runs/{run_id}/restore")

    def compare(self, *run_ids: str) -> Comparison:
        """Two to five runs side by side, the base first."""
        return self._ask(Comparison, "GET", "/compare", params={"run": run_ids})

    def export(self, run_id: str, format: str) -> bytes:
        """The run as a file of a format of docs/exports.md, such as `html` or `junit`."""
        return self._send("GET", f"/runs/{run_id}/export/{format}").content

    def share(self, run_id: str, *, expires_in_days: int | None = None, hide_target: bool = False) -> Share:
        """A link that shows the run, read-only, until it expires or is revoked."""
        wanted = {"expires_in_days": expires_in_days, "hide_target": hide_target}
        return self._ask(Share, "POST", f"/runs/{run_id}/shares", json=wanted)

    def _ask(self, model: type[_Model], method: str, path: str, **more: Any) -> _Model:
        answer = self._send(method, path, **more)
        try:
            return model.model_validate_json(answer.content)
        except ValidationError as error:
            raise Unreachable(f"What answers at {answer.url} is not a dashboard of this version.") from error

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, f"/api/v1{path}", **more)
        except httpx.TransportError as error:
            raise Unreachable(f"The dashboard at {self._http.base_url} does not answer: {error}") from error
        if answer.is_success:
            return answer
        try:
            raise ApiError(ProblemDetails.model_validate_json(answer.content))
        except ValidationError:  # not the dashboard's, such as a proxy's page
            said = f"{answer.status_code} {answer.reason_phrase}"
            why = f"The answer was {said}, without a word on why."
            raise ApiError(
                ProblemDetails(title=said, status=max(400, answer.status_code), detail=why)
            ) from None
