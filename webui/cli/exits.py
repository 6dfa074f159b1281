"""What a command's exit code says, and which one a run ends with. Pure."""

from enum import IntEnum

from webui.analysis.document import RunDocument
from webui.errors import GeneratorFailed, KatydidError


class ExitCode(IntEnum):
    """Exit codes, fixed for scripts."""

    PASSED = 0
    FAILED = 1  # a threshold failed, or every request did
    USAGE = 2  # wrong usage or plan, or something that the command needs is not to be had
    NOTHING_MEASURED = 3  # not one response came
    GENERATOR_FAILED = 4
    INTERRUPTED = 130  # 128 + SIGINT, as shells say it


def of_error(error: KatydidError) -> ExitCode:
    """The code for a command that an error ended."""
    return ExitCode.GENERATOR_FAILED if isinstance(error, GeneratorFailed) else ExitCode.USAGE


def of_run(document: RunDocument, *, interrupted: bool) -> ExitCode:
    """The code for a run that has ended; `interrupted`: by the person at the terminal."""
    if interrupted:
        return ExitCode.INTERRUPTED
    if document.totals.sent == 0 or document.status == "interrupted" or _all_engines_lost(document):
        return ExitCode.GENERATOR_FAILED
    if document.totals.completed == 0:
        return ExitCode.NOTHING_MEASURED
    broken = any(not threshold.passed for threshold in document.thresholds)
    if document.status == "failed" or broken or document.totals.successes == 0:
        return ExitCode.FAILED
    return ExitCode.PASSED


def _all_engines_lost(document: RunDocument) -> bool:
    return 0 < document.shards <= document.shards_lost
