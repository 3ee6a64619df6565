"""`assay curate instructions`: duplicates and contradictions of a fine-tuning set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from assay.cli.output import console, emit, json_option, note

if TYPE_CHECKING:
    from assay.curate.instructions import InstructionReport


@click.command(epilog="Example: assay curate instructions chat.jsonl -o cleaned")
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--show", default=5, show_default=True, type=click.IntRange(0), help="Clusters.")
@click.option(
    "--keep-contradictions",
    is_flag=True,
    help="Leave them in what is written. Else all records of a cluster go: which is right, nobody has said.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="New folder to write to: kept.jsonl, dropped.jsonl with reasons, every cluster of contradictions, the report.",
)
@json_option
def command(
    files: tuple[str, ...],
    *,
    show: int,
    keep_contradictions: bool,
    output: Path | None,
    as_json: bool,
) -> None:
    """Find instructions that stand there twice, and those with different answers.

    Reads chats (messages or conversations), instruction and output, prompt and completion. Answers are held against
    each other as texts, and numbers as numbers. An instruction with another name, number or negation is another one.
    Long answers that differ may all be right: they are listed apart. Whether other words mean the same is for a judge
    or a person to say.
    """
    from assay.curate.instructions import inspect_files
    from assay.curate.instructions_write import write_cleaned
    from assay.curate.select_write import check_output

    if output is not None:
        check_output(output)
    found = inspect_files(files)
    if output is not None:
        lines = write_cleaned(found, output, keep_contradictions=keep_contradictions)
        note(f"{output}: " + ", ".join(f"{count:,} in {name}" for name, count in lines.items()))
    if as_json:
        emit(found.to_json())
        return
    _print(found, show)


def _print(found: InstructionReport, show: int) -> None:
    from collections import Counter

    from rich.text import Text

    from assay.terminal import visible

    out = console()
    records, contradicted = len(found.pairs), len(found.contradicted)
    sure = sum(one.sure for one in found.contradictions)
    head = (
        f"{sure:,} instructions stand there with answers that contradict each other ({_share(contradicted, records)}); "
        f"{_share(found.repeats, records)} say again what an earlier one says."
    )
    out.print(Text(visible(head), style="bold"))
    lines = []
    if contradicted:
        lines.append(
            "  A training is pulled two ways by the former: at most one answer of each cluster can be right."
        )
    if found.repeats:
        lines.append("  The latter weigh more than once in every epoch.")
    lines.append(
        f"  {found.same_instruction:,} records have an instruction that stands there before; "
        f"{found.near_instruction:,} other instructions are near-duplicates of one and "
        f"mostly ask another thing ({found.settings})."
    )
    names = {"same": "the same instruction", "near": "one instruction but for filler, look at it"}
    for asked, kinds in found.counted().items():
        lines += [
            f"  {count:>7,} clusters of {names[asked]}: different {differs}"
            for differs, count in kinds.items()
        ]
    lost = Counter(one.reason for one in found.rejected)
    lines += [f"  {count:>7,} records left out: {reason}" for reason, count in sorted(lost.items())]
    for one in found.contradictions[:show]:
        lines.append(f"  {names[one.asked]}, {len(one.rows)} records, different {one.differs}:")
        lines += [
            f"    {pair.where}: {pair.instruction[:70]!r} -> {pair.answer[:60]!r}"
            for pair in one.pairs[:4]
        ]
    for line in lines:
        out.print(Text(visible(line)))


def _share(count: int, records: int) -> str:
    return f"{count:,} of {records:,} records, {count / records:.1%}"
