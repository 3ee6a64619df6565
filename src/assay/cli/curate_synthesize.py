"""`assay curate synthesize`: generate, verify, reject, choose and export examples for training."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from assay.cli.curate_synthesize_asking import Judging, asked, judged
from assay.cli.endpoint_options import EndpointOptions, endpoint_options
from assay.cli.finite_number import FiniteRange
from assay.cli.output import console, emit, json_option, note, progress

if TYPE_CHECKING:
    from assay.curate.synthesize import SynthesisFolder
    from assay.curate.synthesize_choose import Choice
    from assay.curate.synthesize_gate import Gate, VerifierSpec
    from assay.curate.synthesize_result import Synthesis

VERIFIERS = (
    "a check as exact, numeric/boxed, choice, json-schema, python or by-task; model:RUBRIC; "
    "agreement:SHARE[/PARSER]; or none"
)
GENERATING = (
    "system", "output", "replay", "samples", "temperature", "max_tokens", "prompt", "limit", "skip_bad",
)  # fmt: skip
VERIFYING = (
    "combine", "cut", "tolerance", "relative", "pattern", "schema", "judge_url", "judge_model",
)  # fmt: skip
ASKING = (
    "url", "model", "api_key_env", "usd_per_million_input", "usd_per_million_output", "concurrency", "timeout",
    "max_usd",
)  # fmt: skip
SEED = 1
TEMPERATURE = 0.8


@click.command(
    epilog="Example: assay curate synthesize tasks.jsonl --model local --system small@1 --samples 8 "
    "--verify numeric --audit 50 -o sums.  Once its labels are there: assay curate synthesize sums"
)
@click.argument("tasks", metavar="TASKS|FOLDER", type=click.Path(path_type=Path))
@click.option(
    "--system", metavar="NAME@VERSION", help="What generates, as the ledger and the card name it."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Folder; one that was begun with the same goes on where it stood.",
)
@endpoint_options
@click.option(
    "--replay", type=click.Path(path_type=Path), help="Answer with what this file recorded."
)
@click.option(
    "--samples",
    default=4,
    show_default=True,
    type=click.IntRange(1),
    help="Answers to each task, each with a seed of its own.",
)
@click.option(
    "--temperature", type=FiniteRange(0), help=f"Of the answers.  [default: {TEMPERATURE:g}]"
)
@click.option("--max-tokens", type=click.IntRange(1), help="Most tokens of an answer.")
@click.option(
    "--seed",
    type=click.IntRange(0),
    help=f"Of the samples, of what is drawn, and of the audit.  [default: {SEED}]",
)
@click.option(
    "--prompt",
    type=click.Path(path_type=Path),
    help="A prompt variant: a file with {input}, and {context} if need be.",
)
@click.option("--limit", type=click.IntRange(1), help="Only the first so many tasks.")
@click.option("--skip-bad", is_flag=True, help="Leave out lines that are no tasks.")
@click.option(
    "--verify", multiple=True, metavar="VERIFIER", help=f"{VERIFIERS}. May be given again."
)
@click.option(
    "--combine",
    type=click.Choice(["all", "any", "majority", "panel"]),
    help="Which of several verifiers must pass an answer.  [default: all]",
)
@click.option(
    "--cut",
    type=FiniteRange(0, 1, min_open=True),
    help="A verdict passes below this probability of error.  [default: 0.5]",
)
@click.option("--tolerance", default=0.0, type=FiniteRange(0), help="numeric: absolute.")
@click.option("--relative", default=0.0, type=FiniteRange(0), help="numeric: share.")
@click.option("--pattern", default=None, help="regex: the pattern for all.")
@click.option(
    "--schema", default=None, type=click.Path(path_type=Path), help="json-schema: its file."
)
@click.option("--judge-url", default=None, help="model: where the judge is.  [default: --url]")
@click.option("--judge-model", default=None, help="model: which judges.  [default: --model]")
@click.option(
    "--per-task", type=click.IntRange(1), help="Most examples of one task.  [default: 10]"
)
@click.option(
    "--near",
    type=FiniteRange(0, 1, min_open=True),
    metavar="JACCARD",
    help="Leave out an answer that is so alike another to its task.",
)
@click.option(
    "--balance",
    metavar="hard=X,medium=Y,easy=Z",
    help="Shares of the set by how many of a task's answers are verified.",
)
@click.option(
    "--audit",
    type=click.IntRange(1),
    metavar="N",
    help="Draw N kept and N rejected answers by lot to be labeled.",
)
@json_option
def command(
    tasks: Path,
    system: str | None,
    output: Path | None,
    endpoint: EndpointOptions,
    **options: Any,
) -> None:
    """Make examples for training from a model's own answers: several to each task, verified, each said once.

    Given the folder of an earlier run instead of tasks, nothing is generated: the set is chosen anew, and labels that
    have come in say how pure it is.
    """
    from assay.curate.synthesize import is_synthesis, open_synthesis

    judging = Judging(options["judge_url"], options["judge_model"])
    if is_synthesis(tasks) or os.path.isdir(tasks):  # noqa: PTH112 - as is_synthesis
        _only_folder(options["verify"])
        folder, place = open_synthesis(tasks), tasks
    else:
        if system is None or output is None:
            missing = "--system" if system is None else "--output"
            raise click.UsageError(f"Missing option '{missing}'.")
        # Refused before anything is asked, and not after hours of it.
        _gate(options)
        _choice(options, None)
        folder, place = _generated(tasks, system, output, endpoint, options), output
    found = _made(folder, endpoint, judging, options)
    _show(found, place, options)


def _only_folder(verify: tuple[str, ...]) -> None:
    """Refuse options that would do nothing to a folder."""
    context = click.get_current_context()

    def given(names: tuple[str, ...]) -> list[str]:
        said = click.core.ParameterSource.COMMANDLINE
        return [
            f"--{name.replace('_', '-')}"
            for name in names
            if context.get_parameter_source(name) is said
        ]

    if found := given(GENERATING):
        raise click.UsageError(
            f"the folder of a synthesis goes without {', '.join(found)}: nothing is generated"
        )
    if not verify and (found := given((*VERIFYING, *ASKING))):
        raise click.UsageError(f"{', '.join(found)} of a folder goes with --verify")


def _generated(
    tasks: Path, system: str, output: Path, endpoint: EndpointOptions, options: dict[str, Any]
) -> SynthesisFolder:
    from dataclasses import replace

    from assay.ask.place import AskSettings
    from assay.ask.prompt import read_prompt
    from assay.ask.run import AskPlan
    from assay.ask.tasks import read_tasks
    from assay.cli.ask_report import exit_status, note_tasks, report_json, tell
    from assay.curate.synthesize import begin_synthesis

    name, _, version = system.rpartition("@") if "@" in system else (system, "", "")
    if not name:
        raise click.BadParameter("must be NAME@VERSION, as helper@2", param_hint="--system")
    prompt = read_prompt(options["prompt"]) if options["prompt"] else None
    seed, heat = options["seed"], options["temperature"]
    if options["replay"] is None:
        # What was recorded had settings of its own, which nobody may invent.
        seed = SEED if seed is None else seed
        heat = TEMPERATURE if heat is None else heat
    settings = AskSettings(
        name, version, model=endpoint.model or "", temperature=heat,
        max_tokens=options["max_tokens"], seed=seed, prompt=prompt,
    )  # fmt: skip
    if options["replay"] is not None:
        if endpoint.url or endpoint.model:
            raise click.UsageError("--replay answers itself: leave out --url and --model")
        from assay.ask.replay import Replay, read_recording

        recording = read_recording(options["replay"])
        answers: Any = Replay(recording)
        settings = replace(settings, replay=recording.content_hash)
    else:
        answers = endpoint.open()
    read = read_tasks(tasks, skip_bad=options["skip_bad"])
    note_tasks(read, prompt)
    plan = AskPlan(read.first(options["limit"]), settings, options["samples"])
    folder = begin_synthesis(output, tasks, plan)
    report = asked(folder, answers, endpoint)
    if report.left:
        if options["as_json"]:
            # All that failed is in it: the notes name the first few.
            emit(
                {
                    "folder": str(output),
                    "set": None,
                    **report_json(report, plan, folder.ledger_path),
                }
            )
        tell(report, plan, folder.ledger_path, as_json=True)
        note(f"{output}: no set was made yet")
        verify = " ".join(f"--verify {quote(name)}" for name in options["verify"])
        note(f"of what is there: assay curate synthesize {quote(str(output))} {verify}")
        sys.exit(exit_status(report))
    options["spent_usd"] = report.pool.spent_usd if report.pool else 0.0
    return folder


def _made(
    folder: SynthesisFolder, endpoint: EndpointOptions, judging: Judging, options: dict[str, Any]
) -> Synthesis:
    from assay.curate.synthesize import keep_verified, kept_choice, kept_verified, make_set
    from assay.curate.synthesize_verify import verify
    from assay.judge.run_check import Selection
    from assay.ledger.store import Ledger

    settings = folder.plan.settings
    if options["verify"]:
        gate = _gate(options)
        # The same command makes the same set; a folder alone goes on with what it was told before.
        choice = _choice(options, None if "spent_usd" in options else kept_choice(folder))
        ledger = Ledger.open(folder.ledger_path)

        def ask_model(spec: VerifierSpec) -> str:
            return judged(ledger, spec, endpoint, judging, options.get("spent_usd", 0.0))

        with progress("verify", "answers") as advance:
            verified = verify(
                ledger,
                gate,
                Selection(settings.system, settings.version),
                ask_model=ask_model,
                on_progress=advance,
            )
    else:
        gate, verified, before = kept_verified(folder)
        choice = _choice(options, before)
    keep_verified(folder, gate, verified, choice)
    return make_set(folder, gate, verified, choice, audit=options["audit"] or 0)


def _gate(options: dict[str, Any]) -> Gate:
    from assay.curate.synthesize_gate import Gate
    from assay.judge.rules import CheckSettings

    checks = CheckSettings(
        options["tolerance"],
        options["relative"],
        options["pattern"],
        schema=options["schema"].resolve() if options["schema"] else None,
    )
    return Gate(options["verify"], options["combine"] or "all", options["cut"] or 0.5, checks)


def _choice(options: dict[str, Any], before: Choice | None) -> Choice:
    """Return how the set is chosen: what is not given as the time before."""
    from dataclasses import replace

    from assay.curate.synthesize_choose import Choice

    given = {
        name: options[name] for name in ("per_task", "near", "seed") if options[name] is not None
    }
    if options["balance"] is not None:
        given["balance"] = _balance(options["balance"])
    return replace(before or Choice(seed=SEED), **given)


def _balance(text: str) -> tuple[tuple[str, float], ...]:
    pairs = []
    for part in text.split(","):
        name, equals, share = part.partition("=")
        try:
            pairs.append((name.strip(), float(share)))
        except ValueError:
            equals = ""
        if not equals:
            raise click.BadParameter(
                f"must be as hard=0.5,medium=0.3,easy=0.2, got {text!r}", param_hint="--balance"
            )
    return tuple(pairs)


def _show(found: Synthesis, place: Path, options: dict[str, Any]) -> None:
    from assay.curate.synthesize import LEDGER
    from assay.curate.synthesize_write import CARD, SET

    listed = _listed(found, place)
    if options["as_json"]:
        import json

        card = json.loads((place / SET / CARD).read_text("utf-8"))
        emit({"folder": str(place), "set": str(place / SET), "list": listed, **card})
    else:
        from assay.report.synthesize_text import print_synthesis

        print_synthesis(found, str(place / SET), console())
    if not found.kept:
        note("no example was kept: look at what was rejected, and why, in not-kept.jsonl")
    store = quote(str(place / LEDGER))
    if not found.audit.draw_id:
        note(f"next: assay curate synthesize {quote(str(place))} --audit 100")
    elif found.audit.to_label and listed:
        note("fill the column `verdict` of the list with right, wrong or unsure")
        note(f"next: assay label {store} {quote(listed)}")
        note(f"then: assay curate synthesize {quote(str(place))}")


def _listed(found: Synthesis, place: Path) -> str | None:
    """Write the list of the audit where it is not there yet: one that is may hold labels."""
    from assay.curate.checkpoint import told_when_full, write_whole
    from assay.curate.synthesize import LEDGER, LISTS
    from assay.ledger.draws import stored_draw
    from assay.ledger.store import Ledger
    from assay.volume.labels import list_of

    if not found.audit.draw_id:
        return None
    file = place / LISTS.format(found.audit.draw_id)
    if not file.exists():
        ledger = Ledger.open(place / LEDGER)
        text = list_of(ledger, [stored_draw(ledger, found.audit.draw_id)])
        with told_when_full(place):
            write_whole(file, text.encode())
    return str(file)
