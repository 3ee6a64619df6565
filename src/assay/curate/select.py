"""Selecting documents for a target up to a budget, with a reason for each that is left out, and a proof."""

from __future__ import annotations

import errno
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from assay.curate.checkpoint import DiskFull
from assay.curate.diversity import KEPT, Quota, take_best
from assay.curate.measure_store import TextStore, read_store
from assay.curate.proxies.named import ProxyChoice
from assay.curate.select_corpus import Columns, clusters, read_target, scan
from assay.curate.select_proof import ProofSettings
from assay.curate.select_proof_corpus import check_target, prove_store
from assay.curate.select_question import SelectQuestion, proving_half
from assay.curate.select_ranking import Progress, Ranking, proving_rows
from assay.curate.select_scores import NEEDS_TARGET
from assay.curate.select_verdict import Proof
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

EMPTY = "empty"
OVERLAPS = "overlaps_target"
NEAR = "near_duplicate"
SOURCE = "source_quota"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """What was selected.

    Parameters
    ----------
    question
    reasons : length documents
        "" where one is selected, else why not; in the order in which they were read.
    scores : (documents,)
        What they were ranked by: greater is better.
    ranked_by
        How the scores were made, in words.
    sizes : (documents,)
        Units of the budget that each costs.
    source : (documents,)
        Which of `names` each is of.
    names
        The sources.
    rejected
        Reason -> records that are no document.
    tokenizer
        What a token is; "" where the budget is in bytes.
    target_split
        How the target was divided, in words.
    notes
        What else must be known.
    proof
        None where there is none.
    why_unproved
        Then, why.
    """

    question: SelectQuestion
    reasons: tuple[str, ...]
    scores: FloatArray
    ranked_by: str
    sizes: IntArray
    source: IntArray
    names: tuple[str, ...]
    rejected: dict[str, int]
    tokenizer: str
    target_split: str
    notes: tuple[str, ...]
    proof: Proof | None = None
    why_unproved: str = "no proof was asked for"

    @property
    def kept(self) -> BoolArray:
        """Which documents are selected."""
        return np.array([reason == KEPT for reason in self.reasons], dtype=np.bool_)

    @property
    def by_source(self) -> dict[str, dict[str, int]]:
        """Return of each source its documents and their size, and how much of both is selected."""
        kept = self.kept
        found = {}
        for code, name in enumerate(self.names):
            mine = self.source == code
            found[name] = {
                "documents": int(mine.sum()),
                "size": int(self.sizes[mine].sum()),
                "selected_documents": int((mine & kept).sum()),
                "selected_size": int(self.sizes[mine & kept].sum()),
            }
        return found

    def to_json(self) -> dict[str, object]:
        """Return the stable JSON form."""
        kept, question = self.kept, self.question
        return {
            "by": question.by,
            "ranked_by": self.ranked_by,
            "budget": {"amount": question.budget.amount, "unit": question.budget.unit},
            "tokenizer": self.tokenizer,
            "per_cluster": question.per_cluster,
            "most_of_source": question.most_of_source,
            "seed": question.seed,
            "documents": len(self.reasons),
            "size": int(self.sizes.sum()),
            "selected_documents": int(kept.sum()),
            "selected_size": int(self.sizes[kept].sum()),
            "sources": self.by_source,
            "dropped": dict(sorted(Counter(r for r in self.reasons if r).items())),
            "rejected": self.rejected,
            "target_split": self.target_split,
            "notes": list(self.notes),
            "proof": None if self.proof is None else self.proof.to_json(),
            "why_unproved": "" if self.proof is not None else self.why_unproved,
        }


def select_files(
    question: SelectQuestion,
    choice: ProxyChoice | None,
    settings: ProofSettings | None = None,
    *,
    scratch: Path | None = None,
    work: Path | None = None,
    on_progress: Progress = lambda _what, _count, _share: None,
) -> Selection:
    """Read a corpus, select from it, and prove the selection.

    Parameters
    ----------
    question
    choice
        The proxy that proves; None: no proof.
    settings
        Of the proof.
    scratch
        Folder for temporary files: as much as the corpus has text. None: where the system puts them.
    work
        Folder where finished trainings of the proof are kept, so that a run that was killed goes on from there.
    on_progress

    Raises
    ------
    BadInput
        If a file can't be read, the budget is not below the corpus, or nothing can be selected.
    EstimateError
        If the target is too small to prove anything with.
    """
    settings = settings or ProofSettings()
    if choice is not None:
        choice.check()
    target = TextColumn.from_texts([])
    if question.target is not None:
        target = read_target(question.target, question.read, question.corpus)
    proving = target.take(proving_rows(question, target))
    if choice is not None and target.nbytes:
        check_target(proving)
    with ExitStack() as held:
        folder = Path(held.enter_context(TemporaryDirectory(prefix="assay-select-", dir=scratch)))
        with _told_when_full(folder.parent):
            store = read_store(
                question.corpus,
                question.read,
                folder / "texts",
                on_progress=lambda count, share: on_progress("reading", count, share),
            )
        found = select(question, store, target, on_progress=on_progress)
        if choice is None:
            return found
        if not target.nbytes:
            return replace(found, why_unproved="without a target there is nothing to prove it on")
        proof = prove_store(
            store,
            proving,
            (found.kept, np.array([reason != OVERLAPS for reason in found.reasons])),
            choice,
            settings,
            work=work,
            on_progress=lambda count, share: on_progress("training", count, share),
        )
        return replace(found, proof=proof)


@contextmanager
def _told_when_full(folder: Path) -> Iterator[None]:
    """Turn the system's refusal to write the texts into one sentence.

    Raises
    ------
    DiskFull
        If there is no room.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise DiskFull(
            f"no room in {folder} for a copy of the corpus's texts, which a selection needs while it is made: nothing "
            "was written",
            next_command="make room there, or name a folder elsewhere with -o: the copy is made beside it",
        ) from None


def select(
    question: SelectQuestion,
    store: TextStore,
    target: TextColumn,
    *,
    on_progress: Progress = lambda _what, _count, _share: None,
) -> Selection:
    """Return the selection from a corpus that was read, without a proof.

    Parameters
    ----------
    question
        Its files are read again only where documents are ranked by one of their fields.
    store
    target
        All held-out documents: what overlaps with any of them is never selected.
    on_progress

    Raises
    ------
    BadInput
        If the corpus holds no document, the budget is not below it, or nothing can be selected.
    """
    if not len(store):
        raise BadInput(
            f"the corpus holds no document: {_counted(store.rejected) or 'it is empty'}",
            next_command="--text-field NAME, where the text stands in another field",
        )
    fit = target.take(~proving_half(question, target))
    ranking = Ranking(question, store, fit)
    left = len(target) - len(fit) - int(proving_rows(question, target).sum())
    columns = scan(
        store,
        target,
        ranking.score,
        tokenizer=ranking.tokenizer if question.budget.unit == "tokens" else None,
        signed=question.per_cluster > 0,
        on_progress=lambda count, share: on_progress("scoring", count, share),
    )
    # What was measured to be worthless is left out whatever the budget; other rankings leave out by rank alone.
    if question.by != "value" and question.budget.amount >= int(columns.sizes.sum()):
        raise BadInput(
            f"the corpus has {int(columns.sizes.sum()):,} {question.budget.unit}, and the budget is "
            f"{question.budget.described}: there is nothing to select",
            next_command="--budget with less",
        )
    scores, excluded = ranking.finished(columns, on_progress)
    never = [
        EMPTY if not size else OVERLAPS if leak else why
        for size, leak, why in zip(
            store.texts.lengths.tolist(), columns.leaked.tolist(), excluded, strict=True
        )
    ]
    gone = np.array([bool(why) for why in never])
    taken = take_best(
        np.where(gone, -np.inf, scores),
        columns.sizes,
        question.budget.amount,
        _quotas(question, store, columns, gone),
        rng=np.random.default_rng([question.seed, 2]),
    )
    reasons = tuple(why or reason for why, reason in zip(never, taken, strict=True))
    if KEPT not in reasons:
        why = _counted(dict(Counter(reasons).most_common(5)))
        smallest = int(columns.sizes[~gone].min()) if not gone.all() else 0
        more = f"; the smallest that may be taken has {smallest:,} {question.budget.unit}"
        raise BadInput(
            f"nothing is selected: {why}{more if smallest > question.budget.amount else ''}",
            next_command="--budget with more" if smallest > question.budget.amount else "",
        )
    return Selection(
        question,
        reasons,
        scores,
        ranking.described,
        columns.sizes,
        store.source,
        store.names,
        store.rejected,
        ranking.tokenizer.name if question.budget.unit == "tokens" else "",
        _split_words(question, target, fit, left),
        ranking.notes(reasons, columns.sizes),
    )


def _counted(reasons: dict[str, int]) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())


def _split_words(
    question: SelectQuestion, target: TextColumn, fit: TextColumn, left_out: int
) -> str:
    if not target.nbytes:
        return "no target"
    if left_out:
        return (
            f"{len(target) - left_out} of the target's {len(target)} documents prove; the other {left_out} share most "
            "of their text with documents that the value was measured on, and can't prove what those made"
        )
    if question.by not in NEEDS_TARGET:
        return (
            f"all {len(target)} documents of the target prove; the selection was made without them"
        )
    return (
        f"{len(fit)} documents of the target made the selection, the other {len(target) - len(fit)} prove it: split by "
        "cluster of near-duplicates, by lot"
    )


def _quotas(
    question: SelectQuestion, store: TextStore, columns: Columns, gone: BoolArray
) -> list[Quota]:
    quotas = []
    if question.per_cluster:
        quotas.append(Quota(NEAR, clusters(store, columns, gone), question.per_cluster))
    if question.most_of_source < 1:
        most = int(question.most_of_source * question.budget.amount)
        quotas.append(Quota(SOURCE, store.source, most, of_size=True))
    return quotas
