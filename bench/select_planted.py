"""Whether a selected part beats chance and the whole, where junk was planted in text of this machine: a hundred seeds.

    python bench/select_planted.py [--corpus FILE] [--seeds 100] [--first 100] [--tokens 200000]

Each seed plants other junk (`bench/planted_junk.py`). A third of the held-out documents is the target that
`assay curate value` measures each source for; `assay curate select --by value` takes what is neither worthless nor
harmful; and the others prove: the proxy of words is trained on the selection, on as many tokens at random, and on
everything, which is more. Of the good text alone it is asked whether a gain is claimed. A line a seed is kept in
select_planted.jsonl beside this file; a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from assay.curate.exact_duplicates import document_digests
from assay.curate.proxies.named import ProxyChoice
from assay.curate.select import select_files
from assay.curate.select_budget import Budget
from assay.curate.select_proof import ProofSettings
from assay.curate.select_question import SelectQuestion
from assay.curate.text_column import TextColumn
from assay.curate.value_question import ValueQuestion
from assay.curate.value_run import value_files
from assay.curate.value_settings import ValueSettings
from assay.errors import BadInput
from curation import corpus
from planted_junk import GOOD, JUNK, Planted, plant, records

KEPT = Path(__file__).with_suffix(".jsonl")
HELD_OUT = 600
SHARE = 0.8
"""Of the good documents that are there once more in no order, word by word, and once more passage by passage."""

RIVALS = ("random of equal size", "everything")
EVERYTHING = Budget(1_000_000_000)
"""Of what may be taken at all."""


def one(planted: Planted, seed: int, tokens: int) -> dict[str, Any]:
    """Return what is selected of one planted corpus, and of its good text alone, and what the proofs say."""
    found: dict[str, Any] = {"seed": seed, "tokens": tokens}
    for name, kinds in (("junk", (*GOOD, *JUNK)), ("clean", GOOD)):
        with tempfile.TemporaryDirectory() as folder:
            found[name] = _selected(planted, kinds, Path(folder), seed, tokens)
    return found


def _selected(
    planted: Planted, kinds: tuple[str, ...], folder: Path, seed: int, tokens: int
) -> dict[str, Any]:
    corpus, measuring, proving = (
        folder / f"{name}.jsonl" for name in ("corpus", "measuring", "proving")
    )
    both = zip(planted.texts, planted.source, strict=True)
    _write(corpus, [{"text": text, "source": name} for text, name in both if name in kinds])
    _write(measuring, [{"text": text} for text in planted.target[::3]])
    # A page may stand twice among the held-out ones: what measures must not prove.
    digests = document_digests(TextColumn.from_texts(planted.target))
    known = set(digests[::3])
    others = [
        text
        for row, (text, digest) in enumerate(zip(planted.target, digests, strict=True))
        if row % 3 and digest not in known
    ]
    _write(proving, [{"text": text} for text in others])
    settings = ValueSettings(tokens=tokens, share=0.5, doses=(1.0,), seed=seed)
    value = value_files(
        ValueQuestion((str(corpus),), measuring, settings=settings), ProxyChoice("word")
    )
    measured = folder / "value.json"
    measured.write_text(json.dumps(value.to_json()))
    question = SelectQuestion(
        (str(corpus),), EVERYTHING, by="value", measured=measured, target=proving, per_cluster=0, seed=seed
    )  # fmt: skip
    try:
        answer = select_files(
            question, ProxyChoice("word"), ProofSettings(tokens=4 * tokens, seed=seed)
        )
    except BadInput as error:
        if "selection is all of the corpus" not in str(error):
            raise
        return {"verdicts": dict.fromkeys(RIVALS, "all of it"), "junk_share": 0.0}
    assert answer.proof is not None
    sizes = {name: int(part["selected_size"]) for name, part in answer.by_source.items()}
    return {
        "verdicts": {contest.rival: contest.verdict for contest in answer.proof.contests},
        "tokens": {
            contest.rival: [contest.selected_tokens, contest.rival_tokens]
            for contest in answer.proof.contests
        },
        "changes": {contest.rival: contest.change.to_json() for contest in answer.proof.contests},
        "junk_share": sum(sizes.get(name, 0) for name in JUNK) / max(1, sum(sizes.values())),
    }


def _write(path: Path, records: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def table(kept: list[dict[str, Any]]) -> str:
    """Return what was found, as Markdown."""
    lines = [
        "| corpus | against | better | cannot tell | worse | all of it is selected |",
        "|---|---|--:|--:|--:|--:|",
    ]
    for world in ("junk", "clean"):
        for rival in RIVALS:
            said = Counter(row[world]["verdicts"][rival] for row in kept)
            counts = " | ".join(
                str(said[name]) for name in ("better", "cannot tell", "worse", "all of it")
            )
            lines.append(
                f"| {'with junk' if world == 'junk' else 'good text alone'} | {rival} | {counts} |"
            )
    both = sum(set(row["junk"]["verdicts"].values()) == {"better"} for row in kept)
    share = sum(row["junk"]["junk_share"] for row in kept) / len(kept)
    lines += [
        "",
        f"- of {len(kept)} seeds, better than both: {both}; junk in the selection: {share:.1%} on average",
    ]
    return "\n".join(lines)


def kept_rows(path: Path = KEPT) -> list[dict[str, Any]]:
    """Return what was kept, a row a seed."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def page() -> str:
    """Return the table of the kept seeds as Markdown; empty where there are none."""
    kept = kept_rows()
    if not kept:
        return ""
    return f"""### And left out: the selection against chance and the whole

`scripts/bench select_planted`: 10 MB of documentation with planted junk, {len(kept)} seeds (each with other junk
and other held-out documents), the proxy of words.

{table(kept)}
"""


def run() -> None:
    """Run a hundred seeds, or those that are left."""
    main([])


def main(arguments: list[str] | None = None) -> None:
    """Run the seeds that are not kept yet."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=100)
    parser.add_argument("--tokens", type=int, default=100_000)
    parser.add_argument("--kept", type=Path, default=KEPT)
    asked = parser.parse_args(arguments)
    path = asked.corpus or corpus(Path(tempfile.gettempdir()), 10)
    documents = records(path)
    done = {row["seed"] for row in kept_rows(asked.kept)}
    for seed in range(asked.first, asked.first + asked.seeds):
        if seed not in done:
            row = one(plant(documents, seed, held_out=HELD_OUT, share=SHARE), seed, asked.tokens)
            with asked.kept.open("a") as stream:
                stream.write(json.dumps(row) + "\n")
    print(table(kept_rows(asked.kept)))


if __name__ == "__main__":
    main()
