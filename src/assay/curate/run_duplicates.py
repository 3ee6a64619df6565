"""Duplicates over all blocks of a run: which document of a cluster is kept, and why each other one goes."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from assay.curate.exact_duplicates import exact_hashes, first_with_same
from assay.curate.minhash import BlockSignature, MinHashSettings, block_signature
from assay.curate.near_duplicates import NearDuplicateSettings, find_clusters
from assay.curate.shingle_normalisation import DigitKind, Normalisation, NumberKind, WordKind
from assay.curate.shingles import ShingleSettings
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

Progress = Callable[[int, float | None], None]
Rows = NDArray[np.int64]
Digests = NDArray[np.uint64]
EXACT, NEAR, SAME_ID = "exact_duplicate", "near_duplicate", "duplicate_id"
EXACT_FILE, SIGNATURE_FILE = "exact.npy", "signature.npy"


@dataclass(frozen=True, slots=True)
class ExactDuplicates:
    """Documents that are the same; the first in the order of the input is kept.

    Parameters
    ----------
    on
        Whether they are dropped: ``exact_duplicate``.
    same
        "words": with the same words in the same order, by the normalisation of [near_duplicates]; "bytes": to the byte.
    """

    on: bool = True
    same: str = "words"

    def __post_init__(self) -> None:
        if self.same not in ("words", "bytes"):
            raise BadInput(f'same must be "words" or "bytes", got {self.same!r}')


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """Documents that are nearly the same: candidates by MinHash, verified exactly; the first of a cluster is kept.

    Parameters
    ----------
    on
        Whether they are dropped: ``near_duplicate``.
    threshold
        Exact Jaccard similarity of the sets of shingles from which on two documents are near-duplicates; in (0, 1].
    bands, rows
        Of MinHash: two documents are candidates if all rows of a band are equal. 18 x 6 find 97 % of the pairs at
        the threshold of 0.75; FineWeb's 14 x 8 find 77 %. Candidates are verified, so more of them cost only time.
    seed
        Of the permutations.
    shingle_words
        Words in a shingle.
    lowercase
        Capital letters are compared as small ones.
    words
        "letters-and-digits": punctuation and spaces only separate; "whitespace": a word is what stands between spaces.
    digits
        "keep", or "zero": each digit as 0.
    numbers
        "as-written", or "canonical": a number in another format is the same.
    most_compared
        Documents of one bucket that each document of it is compared with at most; pairs beyond are counted.
    """

    on: bool = True
    threshold: float = 0.75
    bands: int = 18
    rows: int = 6
    seed: int = 1
    shingle_words: int = 5
    lowercase: bool = True
    words: str = "letters-and-digits"
    digits: str = "keep"
    numbers: str = "as-written"
    most_compared: int = 64

    def __post_init__(self) -> None:
        self.settings()

    @property
    def normalisation(self) -> Normalisation:
        """What makes no difference between two texts."""
        return Normalisation(
            self.lowercase,
            cast(WordKind, self.words),
            cast(DigitKind, self.digits),
            cast(NumberKind, self.numbers),
        )

    def settings(self) -> NearDuplicateSettings:
        """Return them as the search takes them.

        Raises
        ------
        BadInput
            If one is out of range.
        """
        shingles = ShingleSettings(self.shingle_words, self.normalisation)
        sketch = MinHashSettings(self.bands, self.rows, self.seed, shingles)
        return NearDuplicateSettings(self.threshold, sketch, self.most_compared)


@dataclass(frozen=True, slots=True, eq=False)
class Duplicates:
    """What the documents of all blocks are to each other.

    Parameters
    ----------
    reason : (documents,) str
        ``""`` where a document is kept, else why it goes.
    cluster : (documents,)
        Number of its cluster, from 0 in the order of the keepers; -1 where it is in none.
    keeper : (documents,)
        Row of the document that is kept in its place; its own where it is kept.
    facts
        What was counted, for the record.
    """

    reason: NDArray[np.str_]
    cluster: Rows
    keeper: Rows
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Signatures:
    """What the search for duplicates needs, block by block; what the settings don't ask for is empty.

    Parameters
    ----------
    near
    exact : (documents, 2) each
        Hashes; empty where those of `near` are taken.
    """

    near: tuple[BlockSignature, ...] = ()
    exact: tuple[Digests, ...] = ()

    @classmethod
    def of(cls, texts: TextColumn, exact: ExactDuplicates, near: NearDuplicates) -> Signatures:
        """Return those of the texts of one block."""
        sketch = (block_signature(texts, near.settings().minhash),) if near.on else ()
        if not exact.on or (near.on and exact.same == "words"):
            return cls(sketch)
        if exact.same == "bytes":
            return cls(sketch, (digests([texts.bytes_of(row) for row in range(len(texts))]),))
        return cls(sketch, (exact_hashes(texts, near.normalisation),))

    def files(self) -> dict[str, bytes]:
        """Return those of one block as files."""
        files = {}
        for hashes in self.exact:
            files[EXACT_FILE] = saved(hashes)
        for sketch in self.near:
            stream = io.BytesIO()
            sketch.save(stream)
            files[SIGNATURE_FILE] = stream.getvalue()
        return files

    @classmethod
    def load(cls, folders: Sequence[Path]) -> Signatures:
        """Return those of the blocks in some folders; the sketches stay on disk until they are asked for."""
        near = [f / SIGNATURE_FILE for f in folders]
        exact = [f / EXACT_FILE for f in folders]
        return cls(
            tuple(BlockSignature.load(path) for path in near if path.exists()),
            tuple(np.load(path, allow_pickle=False) for path in exact if path.exists()),
        )

    @property
    def hashes(self) -> Sequence[Digests]:
        """By which documents are the same."""
        return self.exact or tuple(sketch.exact for sketch in self.near)


def find_duplicates(
    signatures: Signatures,
    refused: NDArray[np.bool_],
    load_texts: Callable[[Rows], TextColumn],
    settings: tuple[ExactDuplicates, NearDuplicates],
    *,
    progress: Progress = lambda _count, _share: None,
    scratch: Path | None = None,
) -> Duplicates:
    """Return the duplicates among the documents of all blocks, in the order of the input.

    Parameters
    ----------
    signatures
    refused : (documents,)
        Documents that go for their doc_id, and can be nobody's keeper.
    load_texts
        Returns the texts of some rows.
    settings
    progress
        Called with candidates that were loaded.
    scratch
        A folder for temporary files.
    """
    exact, near = settings
    every = np.arange(len(refused))
    reason = np.where(refused, SAME_ID, np.full(len(every), "", dtype="<U16"))
    keeper = every.copy()
    if exact.on:
        _drop_exact(signatures.hashes, reason, keeper)
    facts: dict[str, object] = {}
    if near.on:
        found = find_clusters(
            signatures.near,
            load_texts,
            near.settings(),
            left_out=reason != "",
            on_progress=lambda done, total: progress(done, done / total if total else 1.0),
            scratch=scratch,
        )
        reason[found.keeper != every] = NEAR
        # A text that is the same as one that goes has the keeper of that one.
        keeper = found.keeper[keeper]
        facts = found.to_json()
    members = np.bincount(keeper, minlength=len(every))
    number = np.cumsum(members > 1) - 1
    cluster = np.where(members[keeper] > 1, number[keeper], -1)
    return Duplicates(reason, cluster, keeper, _facts(reason, cluster, facts, settings))


def digests(contents: Sequence[bytes]) -> Digests:
    """Return a hash of 128 bits of each of some byte strings (BLAKE2b, RFC 7693), of shape (contents, 2).

    Notes
    -----
    Equal hashes are taken for equal contents: among 10**9 different ones two meet with probability 1.5e-21.
    """
    whole = b"".join(hashlib.blake2b(content, digest_size=16).digest() for content in contents)
    return np.frombuffer(whole, dtype="<u8").reshape(-1, 2)


def saved(array: NDArray[Any]) -> bytes:
    """Return an array in NumPy's own format."""
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


def _drop_exact(hashes: Sequence[Digests], reason: NDArray[np.str_], keeper: Rows) -> None:
    alive = np.flatnonzero(reason == "")
    whole = np.concatenate([*hashes, np.zeros((0, 2), dtype=np.uint64)])[alive]
    first = alive[first_with_same(whole)] if len(alive) else alive
    reason[alive[first != alive]] = EXACT
    keeper[alive] = first


def _facts(
    reason: NDArray[np.str_],
    cluster: Rows,
    found: Mapping[str, object],
    settings: tuple[ExactDuplicates, NearDuplicates],
) -> dict[str, object]:
    exact, near = settings
    normalised = near.normalisation.described
    facts: dict[str, object] = {
        "exact": "off"
        if not exact.on
        else ("the same bytes" if exact.same == "bytes" else f"the same words ({normalised})"),
        "near": near.settings().described if near.on else "off",
        "exact_duplicates": int((reason == EXACT).sum()),
        "near_duplicates": int((reason == NEAR).sum()),
        "clusters": int(cluster.max(initial=-1)) + 1,
    }
    names = (
        *("far_from_keeper", "pairs_compared", "pairs_left"),
        *("unverified_would_also_remove", "of_them_without_neighbour"),
    )
    return facts | {name: found[name] for name in names if name in found}
