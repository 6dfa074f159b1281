"""JUnit XML: one test case for the run itself, one for each threshold, one for each check. Pure.

Attributes and elements: those that Jenkins, GitLab and GitHub's reporters read, see
https://github.com/testmoapp/junitxml.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as ET

from webui import units
from webui.analysis.document import ErrorPart, ThresholdPart
from webui.exports.source import Source
from webui.exports.words import measured
from webui.metrics.snapshot import EndpointStats
from webui.plan.assertions import claim
from webui.plan.checks import Check, StatusCheck
from webui.plan.request import Request

Verdict = Literal["passed", "failure", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class Case:
    """One test case; `message` says why it did not pass."""

    name: str
    group: str
    verdict: Verdict
    message: str = ""


def junit(source: Source) -> bytes:
    """The file: a suite each for the run, its thresholds and its checks, as far as there are any."""
    suites = {
        "run": [_run_case(source)],
        "thresholds": [_threshold_case(source, part) for part in source.document.thresholds],
        "checks": list(_check_cases(source)),
    }
    cases = [case for group in suites.values() for case in group]
    counts = _counts(f"Katydid: {source.document.name}", cases)
    root = ET.Element("testsuites", {**counts, "time": _seconds(cases, source)})
    for name, group in suites.items():
        if group:
            _add_suite(root, name, group, source)
    ET.indent(root)
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _add_suite(root: ET.Element, name: str, cases: Sequence[Case], source: Source) -> None:
    document = source.document
    suite = ET.SubElement(root, "testsuite", {**_counts(name, cases), "time": _seconds(cases, source)})
    if document.started_at is not None:
        suite.set("timestamp", f"{document.started_at:%Y-%m-%dT%H:%M:%S}")
    properties = ET.SubElement(suite, "properties")
    for key, value in _properties(source):
        ET.SubElement(properties, "property", {"name": key, "value": _clean(value)})
    for case in cases:
        attributes = {"name": _clean(case.name), "classname": _clean(case.group)}
        attributes["time"] = _seconds([case], source)
        element = ET.SubElement(suite, "testcase", attributes)
        if case.verdict != "passed":
            ET.SubElement(element, case.verdict, {"message": _clean(case.message), "type": case.verdict})


def _counts(name: str, cases: Sequence[Case]) -> dict[str, str]:
    def of(verdict: Verdict) -> str:
        return str(sum(case.verdict == verdict for case in cases))

    return {
        "name": _clean(name),
        "tests": str(len(cases)),
        "failures": of("failure"),
        "errors": of("error"),
        "skipped": of("skipped"),
    }


def _seconds(cases: Sequence[Case], source: Source) -> str:
    """How long they took. All that the run took is its own case's: readers add times up."""
    took = source.document.duration_s if any(case.group == "run" for case in cases) else None
    return f"{took or 0:.3f}"


def _properties(source: Source) -> Iterator[tuple[str, str]]:
    document = source.document
    yield "katydid.run", document.id
    yield "katydid.status", source.status
    yield "katydid.trustworthy", {True: "yes", False: "no", None: "unknown"}[document.audit.trustworthy]
    for reason in document.audit.reasons:
        yield "katydid.untrustworthy", reason
    if document.warmup is not None:
        yield "katydid.warmup_s", _figure(document.warmup.duration_s)
        yield "katydid.warmup_sent", _figure(document.warmup.sent)
    for key in ("sent", "successes", "failures", "cut_off", "dropped", "throughput_rps"):
        yield f"katydid.{key}", _figure(getattr(document.totals, key))
    for key in ("p50", "p95", "p99"):
        yield f"katydid.{key}_ms", _figure(getattr(document.response_time_ms, key))


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


# -- the run itself ------------------------------------------------------------------------------------


def _run_case(source: Source) -> Case:
    """Fails for what no threshold and no check says: nothing measured, no success, interrupted."""
    document = source.document
    reason = document.status_reason or f"The run was {document.status}."
    if source.partial:
        return Case("run", "run", "skipped", f"Partial: the run goes on ({document.status}).")
    if document.status in ("error", "interrupted"):
        return Case("run", "run", "error", reason)
    if document.status == "stopped":
        return Case("run", "run", "skipped", f"Stopped before its end: {reason}")
    told_elsewhere = any(not part.passed for part in document.thresholds)
    if document.status == "failed" and not told_elsewhere:
        return Case("run", "run", "failure", reason)
    return Case("run", "run", "passed")


# -- thresholds ----------------------------------------------------------------------------------------


def _threshold_case(source: Source, part: ThresholdPart) -> Case:
    if part.passed:
        return Case(part.expression, "thresholds", "passed")
    if part.actual is None and source.partial:
        return Case(part.expression, "thresholds", "skipped", "There is no figure yet.")
    was = "It could not be measured" if part.actual is None else f"It was {measured(part)}"
    return Case(part.expression, "thresholds", "failure", f"{was}; required is {part.expression}.")


# -- checks --------------------------------------------------------------------------------------------


def _check_cases(source: Source) -> Iterator[Case]:
    stats = {name: part for _, name, part in source.endpoints}
    errors = {error.kind: error for error in source.document.errors}
    for request in source.plan.requests:
        figures = stats.get(request.label, EndpointStats())
        failed, sample = _failed_checks(errors.get("check_failed"), request.label)
        blamed = _blamed(request, sample)
        for check in request.checks:
            group = f"checks.{request.label}"
            yield _check_case(claim(check), group, check, request, figures, failed, sample, check in blamed)


def _check_case(
    name: str,
    group: str,
    check: Check,
    request: Request,
    figures: EndpointStats,
    failed: int,
    sample: str,
    blamed: bool,
) -> Case:
    """Responses are counted by request, not by check: of several checks the one that the first sample names
    failed, and whether others did too cannot be told. A status check is counted by the statuses."""
    if not figures.totals.completed:
        return Case(name, group, "skipped", "No response came.")
    if isinstance(check, StatusCheck) and request.success_statuses is None:
        wrong = sum(count for code, count in figures.status_codes.items() if not check.rule.test(code))
        message = f"{units.plural(wrong, 'response')} had another status."
        return Case(name, group, "failure" if wrong else "passed", message)
    if not failed:
        return Case(name, group, "passed")
    words = f"{units.plural(failed, 'response')} failed a check of this request"
    if blamed:
        return Case(name, group, "failure", f"{words}; the first: {sample}")
    return Case(name, group, "skipped", f"{words}, first another one; whether this one too is not known.")


def _failed_checks(error: ErrorPart | None, label: str) -> tuple[int, str]:
    """How many responses failed a check of that request, and what the first one's said."""
    for place in error.endpoints if error is not None else ():
        if place.endpoint == label:
            return place.count, place.sample
    return 0, ""


def _blamed(request: Request, sample: str) -> Sequence[Check]:
    """The checks that the sample speaks of; all where it names none that is known, as its rule is hidden."""
    if not sample:
        return ()
    named = [check for check in request.checks if sample.startswith(f"{claim(check)}, ")]
    return named or request.checks


def _clean(text: str) -> str:
    """Without characters that XML 1.0 cannot hold, not even escaped, and those that it discourages: a log
    on a terminal may be where this is read."""
    return "".join(char if _in_xml(ord(char)) else "\ufffd" for char in text)


def _in_xml(code: int) -> bool:
    text = 0x20 <= code <= 0x7E or 0xA0 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD
    return code in (0x9, 0xA, 0xD) or text or code >= 0x10000
