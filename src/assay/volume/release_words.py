"""A release certificate in words: its claim, and what it hangs on."""

from __future__ import annotations

from assay.figures import plain
from assay.volume.release import Release
from assay.volume.release_certificate import REVIEW_ALL


def release_claim(found: Release, end: str) -> str:
    """Return the claim in one or two sentences; `end` is when it ends."""
    question, tested = found.question, found.tested
    window = found.labels.draw.window
    name = f"{window.system} {window.version}".strip()
    if tested.threshold is None:
        return (
            f"{name}: nothing can be certified at {plain(100 * question.at_most)} % errors by {question.judge}: "
            f"{REVIEW_ALL}."
        )
    share = found.released / found.outputs
    return (
        f"{name}: outputs that {question.judge} scores at most {tested.threshold!r} may go out unread until {end}: "
        f"at most {plain(100 * question.at_most)} % of them are wrong ({plain(100 * question.confidence_level)} %). In "
        f"the window those were {found.released:,} of {found.outputs:,} outputs ({plain(100 * share)} %)."
    )


def release_conditions(found: Release) -> tuple[str, ...]:
    """Return what the promise hangs on, in full."""
    draw = found.labels.draw
    said = [
        f"the outputs were drawn by the logged seed, {draw.seed} ({draw.draw_id})",
        "the judge, the promise, the procedure and the thresholds were fixed before anybody saw a label",
        "the labels are right; an output that any reader called wrong, or nobody could decide, counts as wrong",
        f"{found.question.judge} was not made from these labels",
        "what comes is like what was drawn from: one system, version and judge, the same users; a new version ends it",
        "the promise is on all that is released together, in the long run: not on one output, a topic or a day",
    ]
    if found.labels.set_aside:
        said.append(
            f"{found.labels.set_aside:,} labels of {len(draw.strata)} strata were set aside, by the draw's own seed, "
            "so that the others are a simple random sample"
        )
    if found.other_draws:
        others = ", ".join(found.other_draws[:5])
        said.append(
            f"nobody picked {draw.draw_id} for what its labels say: {others} could answer, too"
        )
    return tuple(said)
