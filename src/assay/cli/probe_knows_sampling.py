"""Drawing flagged answers to read, as a part of `assay probe knows`: a list without what the detector says."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from assay.cli.output import emit, note

if TYPE_CHECKING:
    from assay.ledger.store import Ledger
    from assay.probe.knows import Detector
    from assay.probe.knows_read import KnowsColumns


def draw_list(
    store: Ledger,
    detector: Detector,
    columns: KnowsColumns,
    options: dict[str, Any],
    *,
    as_json: bool,
) -> None:
    """Draw from one class of what is flagged, and write the list to fill in."""
    from assay.errors import BadInput
    from assay.probe.knows_kinds import Kind
    from assay.probe.knows_sample import QUESTIONS, draw_flagged, flagged_ids, list_text

    path = options["output"]
    if path.exists():
        raise BadInput(f"{path} is there already and may hold readings; give another name with -o")
    kind = {"format": Kind.FORMAT, "disputed": Kind.DISPUTED}.get(options["kind"], Kind.SLIP)
    draw = draw_flagged(
        flagged_ids(columns, kind),
        detector.name,
        labels=options["sample"],
        seed=options["seed"],
        kind=kind,
    )
    try:
        path.write_text(list_text(store, draw), "utf-8", newline="")
    except OSError as error:
        raise BadInput(f"{path} can't be written: {error.strerror}") from None
    drawn = len(draw.trace_ids)
    if as_json:
        told = {"draw": draw.draw, "kind": kind.value, "list": str(path), "drawn": drawn}
        emit(told | {"flagged": draw.flagged})
    else:
        click.echo(
            f"{draw.draw}: {drawn:,} of {draw.flagged:,} flagged answers ({kind.value}); list: {path}"
        )
    note(f"fill the column `reading` with yes, no or unsure: {QUESTIONS[kind]}")
    note(
        f"next: the same command with --readings {quote(str(path))} in place of --sample, --class, --seed and -o"
    )
