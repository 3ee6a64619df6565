"""Synthetic examples from a model's own verified answers: a folder that is begun, answered, verified, and made a set.

    FOLDER/
        synthesize.json     what is generated; fixed when the folder is begun
        verified.json       how it was verified and chosen the last time
        tasks.jsonl         the tasks, as they were given (ending as theirs)
        ledger/             every answer, verdict and label
        set/                the examples
        audit-....csv       the list of an audit, to be labeled

Whatever ends a run, the same command goes on; what is answered is not asked again.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.ask.place import AskSettings
from assay.ask.prompt import Prompt
from assay.ask.run import AskPlan
from assay.ask.tasks import read_tasks
from assay.curate.checkpoint import refuse_another, told_when_full, write_whole
from assay.curate.synthesize_audit import NOT_DRAWN, read_audit
from assay.curate.synthesize_audit_draw import draw_audit, newest_audit
from assay.curate.synthesize_candidates import candidates, check_tasks
from assay.curate.synthesize_card import with_card
from assay.curate.synthesize_choose import Choice, choose
from assay.curate.synthesize_gate import Gate
from assay.curate.synthesize_result import Synthesis
from assay.curate.synthesize_verify import Verified, read_verdicts
from assay.curate.synthesize_write import mend_set, set_files, write_set
from assay.curate.synthesize_yield import yield_of
from assay.errors import BadInput
from assay.judge.rules import CheckSettings
from assay.ledger.store import Ledger

FORMAT = 1
MARK, VERIFIED, LEDGER = "synthesize.json", "verified.json", "ledger"
LISTS = "{}.csv"
"""The list of an audit, by the name of its draw."""

_ENDINGS = (".jsonl.gz", ".jsonl.zst", ".jsonl")


@dataclass(frozen=True, slots=True)
class SynthesisFolder:
    """A folder that was begun.

    Parameters
    ----------
    path
    plan
        What is generated.
    """

    path: Path
    plan: AskPlan

    @property
    def ledger_path(self) -> Path:
        """Where the answers stand."""
        return self.path / LEDGER

    @property
    def generation(self) -> dict[str, object]:
        """What is generated, as the folder keeps it."""
        return _generation(self.plan)


def is_synthesis(path: Path) -> bool:
    """Return whether a path is the folder of a synthesis."""
    # A name that is too long is that of no folder: os.path says so, and Path raises.
    return os.path.isfile(path / MARK)  # noqa: PTH113


def begin_synthesis(path: Path, tasks: Path, plan: AskPlan) -> SynthesisFolder:
    """Make the folder, or open the one that was begun with the same; more samples than before are asked for.

    Parameters
    ----------
    path
    tasks
        The file of tasks that the plan was read from; the folder keeps a copy.
    plan

    Raises
    ------
    BadInput
        If the folder is of something else, or the tasks can't be used.
    DiskFull
        If there is no room.
    """
    check_tasks(plan.tasks)
    now = _generation(plan)
    if is_synthesis(path):
        before = _read_json(path / MARK)
        _refuse_fewer(path, before, now)
        refuse_another(path, {**before, "samples": 0}, {**now, "samples": 0})
    else:
        with told_when_full(path):
            _refuse_place(path)
    with told_when_full(path):
        path.mkdir(exist_ok=True)
        copy = path / _tasks_name(tasks)
        if not copy.exists():
            write_whole(copy, tasks.read_bytes())
        prompt = plan.settings.prompt
        kept = {**now, "prompt_text": None if prompt is None else prompt.text}
        # Written last: without it nothing was begun.
        write_whole(path / MARK, _json(kept))
    return SynthesisFolder(path, plan)


def open_synthesis(path: Path) -> SynthesisFolder:
    """Open the folder of a synthesis, to read it or to choose anew; nothing is asked.

    Raises
    ------
    BadInput
        If it is none, or its files are damaged.
    """
    if not is_synthesis(path):
        raise BadInput(f"{path} is no folder of a synthesis: it has no {MARK}")
    told = _read_json(path / MARK)
    copies = [path / f"tasks{ending}" for ending in _ENDINGS]
    tasks = next((copy for copy in copies if copy.exists()), copies[-1])
    try:
        text, variant = told["prompt_text"], told["prompt"]
        settings = AskSettings(
            told["system"], told["version"], model=told["model"], temperature=told["temperature"],
            max_tokens=told["max_tokens"], seed=told["seed"],
            prompt=None if text is None else Prompt(text, variant), replay=told["replay"] or "",
        )  # fmt: skip
        found = read_tasks(tasks, skip_bad=True).first(int(told["limit"]))
        return SynthesisFolder(path, AskPlan(found, settings, int(told["samples"])))
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"is damaged: {error}", where=str(path / MARK)) from None


def keep_verified(folder: SynthesisFolder, gate: Gate, verified: Verified, choice: Choice) -> None:
    """Keep how the answers were verified, so that the set can be made again without asking anybody."""
    kept = {"gate": gate.to_json(), "verified": verified.to_json(), "choice": choice.to_json()}
    with told_when_full(folder.path):
        write_whole(folder.path / VERIFIED, _json(kept))


def kept_verified(folder: SynthesisFolder) -> tuple[Gate, Verified, Choice]:
    """Return how the answers were verified and chosen the last time.

    Raises
    ------
    BadInput
        If they were not yet.
    """
    place = folder.path / VERIFIED
    if not place.exists():
        raise BadInput(
            f"{folder.path} holds answers that were not verified yet",
            next_command="give the command again that began it",
        )
    told = _read_json(place)
    try:
        gate = told["gate"]
        checks = dict(gate["checks"])
        if checks.get("schema"):
            checks["schema"] = Path(checks["schema"])
        choice = told["choice"]
        return (
            Gate(tuple(gate["verify"]), gate["combine"], gate["cut"], CheckSettings(**checks)),
            Verified(tuple(told["verified"]["judges"]), told["verified"]["panel"] or ""),
            Choice(choice["per_task"], choice["near"], tuple(choice["balance"].items()), choice["seed"]),
        )  # fmt: skip
    except (KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"is damaged: {error}", where=str(place)) from None


def kept_choice(folder: SynthesisFolder) -> Choice | None:
    """Return how the set was chosen the last time; None where there is none."""
    return kept_verified(folder)[2] if (folder.path / VERIFIED).exists() else None


def make_set(
    folder: SynthesisFolder, gate: Gate, verified: Verified, choice: Choice, *, audit: int = 0
) -> Synthesis:
    """Choose the examples, write them, draw an audit where one is wanted, and read its labels.

    Parameters
    ----------
    folder
    gate, verified
        How the answers were verified.
    choice
    audit : >= 0
        Labels of the kept, and as many of the rejected ones; 0: no new draw.

    Raises
    ------
    BadInput
        If there is no answer.
    DiskFull
        If there is no room; the set before stays.
    """
    mend_set(folder.path)
    ledger = Ledger.open(folder.ledger_path)
    found, missing = candidates(ledger, folder.plan)
    if not found:
        raise BadInput(
            f"{folder.path} holds no answer yet",
            next_command="give the command again that began it",
        )
    verdicts = read_verdicts(ledger, gate, verified, found)
    chosen = choose(found, verdicts, gate.combine, choice)
    if audit:
        draw = draw_audit(ledger, folder.plan, chosen.decided, labels=audit, seed=choice.seed)
    else:
        draw = newest_audit(ledger, chosen.decided)
    audited = read_audit(ledger, draw) if draw else NOT_DRAWN
    result = Synthesis(
        folder.generation, gate, verified, choice, chosen,
        yield_of(chosen.decided, audited.purity), audited, missing,
    )  # fmt: skip
    settings = folder.plan.settings
    files = set_files(chosen, settings.system, settings.version)
    write_set(folder.path, with_card(result, files))
    return result


def _generation(plan: AskPlan) -> dict[str, object]:
    settings = plan.settings
    return {
        "format": FORMAT,
        "system": settings.system,
        "version": settings.version,
        "model": settings.model,
        "temperature": settings.temperature,
        "max_tokens": settings.max_tokens,
        "seed": settings.seed,
        "prompt": settings.prompt.variant if settings.prompt else None,
        "replay": settings.replay or None,
        "samples": plan.epochs,
        "tasks": plan.tasks.content_hash,
        "limit": len(plan.tasks.tasks),
    }


def _refuse_fewer(path: Path, before: dict[str, Any], now: dict[str, object]) -> None:
    before.pop("prompt_text", None)
    if int(before.get("samples") or 0) > int(str(now["samples"])):
        raise BadInput(
            f"{path} was begun with {before['samples']} samples a task, and fewer are wanted now: {now['samples']}",
            next_command="give at least as many --samples, or another folder with -o",
        )


def _refuse_place(path: Path) -> None:
    if path.exists() and (not path.is_dir() or not _only_begun(path)):
        raise BadInput(
            f"{path} is there already and no folder of a synthesis", next_command="-o NEW"
        )
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise BadInput(f"{path} can't be made: there is no folder {path.parent} to write in")


def _only_begun(path: Path) -> bool:
    """Return whether a folder holds nothing but the copy of the tasks: a run was killed before it began."""
    names = {f"tasks{ending}{more}" for ending in _ENDINGS for more in ("", ".tmp")}
    return {one.name for one in path.iterdir()} <= names | {f"{MARK}.tmp"}


def _tasks_name(tasks: Path) -> str:
    return f"tasks{next((e for e in _ENDINGS if tasks.name.endswith(e)), _ENDINGS[-1])}"


def _read_json(place: Path) -> dict[str, Any]:
    try:
        told = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"can't be read: {error}", where=str(place)) from None
    if not isinstance(told, dict):
        raise BadInput("is damaged: no object", where=str(place))
    return told


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
