"""What to do where a sweep decides nothing, by what stood in its way. Pure."""

from webui.analysis.diagnosed import NextStep
from webui.analysis.diagnosis.canary import Canary, reason_text
from webui.analysis.diagnosis.facts import Facts
from webui.analysis.diagnosis.verdict import Cause, Verdict

_CANARY_TELLS: tuple[Cause, ...] = ("no-canary", "look-alikes")
_STEPS: dict[Cause, NextStep] = {
    "never-served": NextStep(
        title="Make one request succeed",
        text="Send a single request and look at its answer: the diagnosis needs a target that serves one "
        "user.",
    ),
    "often-fails": NextStep(
        title="Find out why requests fail even alone",
        text="Nothing was in their way, so concurrency isn't the cause: the errors and status codes of this "
        "test say what came instead. If these answers are as they should be, count them as successes.",
    ),
    "rate-limited": NextStep(
        title="Lift the rate limit for this test",
        text="What is behind it shows only without it: allow this client more, or test from behind it.",
        same_sweep=True,
    ),
    "few-answers": NextStep(
        title="Sweep a quicker request",
        text="A level needs several answers of each user, and a sweep ends within a minute: answers of up to "
        "some 3 s leave time for that. If you stopped it, let it run to its end.",
    ),
    "stopped": NextStep(
        title="Let the sweep run to its end",
        text="It stops by itself once it knows enough, within a minute.",
        same_sweep=True,
    ),
    "breaks-down": NextStep(
        title="Look into the service's log for the time of these failures",
        text="Timeouts and crashes under load leave their cause there. A sweep that ends below that number "
        "of users can tell what limits the service until then.",
    ),
    "generator": NextStep(
        title="Sweep from another machine",
        text="Here the load generator had no processor left, so its own speed is what was measured. Where it "
        "shares the machine with the target, both fight over the same processors: a target that computes in "
        "as many workers as there are processors leaves none to measure with.",
        same_sweep=True,
    ),
    "changed": NextStep(
        title="Sweep again when the service is warm",
        text="Caches that fill up, a processor that slows down and other users all make a service another "
        "one while it is measured.",
        same_sweep=True,
    ),
    "contradicts": NextStep(
        title="Sweep again in a quiet moment",
        text="Other load on the target or on this machine blurs what is measured.",
        same_sweep=True,
    ),
    "varies": NextStep(
        title="Sweep with longer levels",
        text="Levels of 10 s (--step 10s) average out more of what varies. Or test one kind of request at a "
        "time.",
    ),
    "look-alikes": NextStep(
        title="Test one part of the work at a time",
        text="Sweep a route that does only a part of what this one does, such as only its database query: "
        "what is left shows which of the two it is.",
    ),
    "shared": NextStep(
        title="Watch processors and network meanwhile",
        text="Sweep again, and look at the target's host: if all its processors are busy, computing is the "
        "limit; if not, compare the size of an answer times their number per second with the network's "
        "bandwidth.",
        same_sweep=True,
    ),
    "workers": NextStep(
        title="Sweep it with one worker",
        text="Start the service with a single worker process. What is one for each worker is one then, and "
        "what all of them share stays as it is.",
    ),
}


def tries_for(verdict: Verdict, facts: Facts | None) -> tuple[NextStep, ...]:
    """What to try next, the most telling first."""
    step = _STEPS.get(verdict.cause)
    steps = () if step is None else (step,)
    if facts is None or facts.canary.path is not None or verdict.cause not in _CANARY_TELLS:
        return steps
    return (_canary(facts.canary), *steps)


def _canary(canary: Canary) -> NextStep:
    """A canary would tell; why there is none says how to get one."""
    chosen = canary.reason.startswith("chosen-")
    why = reason_text(canary.reason)
    return NextStep(
        title="Choose another canary" if chosen else "Choose a canary",
        text=f"{why} Name a second, cheap route that answers in a few milliseconds without login and does "
        "none of this one's work: it tells whether the whole server waits, or only this route.",
        same_sweep=False,
    )
