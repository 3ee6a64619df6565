"""MinHash signatures of texts, and the bands by which two texts become candidates for being near-duplicates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from assay.curate.exact_duplicates import digests_of_words
from assay.curate.missing_part import import_part
from assay.curate.shingles import Flat, ShingleSettings, shingles, words_and_shingles
from assay.curate.text_column import TextColumn
from assay.errors import BadInput

Hashes = NDArray[np.uint64]

_ROWS_AT_A_TIME = 2_048
_ODD = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


@dataclass(frozen=True, slots=True)
class MinHashSettings:
    """How texts are sketched.

    Parameters
    ----------
    bands, rows : >= 1
        ``bands * rows`` permutations; two texts are candidates if all rows of a band are equal. 14 x 8 are FineWeb's.
    seed : >= 0
        Of the permutations.
    shingles

    Raises
    ------
    BadInput
        If a number is out of range.
    """

    bands: int = 14
    rows: int = 8
    seed: int = 1
    shingles: ShingleSettings = field(default_factory=ShingleSettings)

    def __post_init__(self) -> None:
        if not (1 <= self.bands <= 1_024 and 1 <= self.rows <= 256 and self.seed >= 0):
            raise BadInput(
                "MinHash takes 1 to 1,024 bands of 1 to 256 rows and a seed of at least 0, got "
                f"{self.bands} bands of {self.rows}, seed {self.seed}"
            )

    @property
    def hashes(self) -> int:
        """Permutations in all."""
        return self.bands * self.rows

    def candidate_chance(self, jaccard: float) -> float:
        """Return the chance that two texts of that Jaccard similarity become candidates: 1 - (1 - j^rows)^bands.

        Examples
        --------
        >>> [round(MinHashSettings().candidate_chance(j), 3) for j in (0.5, 0.75, 0.9)]
        [0.053, 0.772, 1.0]
        """
        chance: float = 1 - (1 - jaccard**self.rows) ** self.bands
        return chance


SENSITIVE = MinHashSettings(bands=18, rows=6)
"""Finds 97 % of the pairs at a Jaccard similarity of 0.75, where 14 x 8 find 77 %. Unverified it would remove too much;
verified, it costs a quarter more time."""


def signatures(texts: TextColumn, settings: MinHashSettings | None = None) -> NDArray[np.uint32]:
    """Return the MinHash signature of each text, of shape (texts, bands * rows).

    Raises
    ------
    MissingPart
        Without the extra ``curate``.

    Notes
    -----
    The share of equal columns of two rows estimates the Jaccard similarity of the sets of shingles [1]_, with standard
    deviation sqrt(j (1 - j) / hashes). A text without a word has 2^32 - 1 throughout.

    References
    ----------
    .. [1] Broder, "On the resemblance and containment of documents", SEQUENCES 1997, doi:10.1109/SEQUEN.1997.666900.
    """
    settings = settings or MinHashSettings()
    return _signatures(shingles(texts, settings.shingles), settings)


def _signatures(runs: Flat, settings: MinHashSettings) -> NDArray[np.uint32]:
    rensa = import_part("rensa", extra="curate", what="finding near-duplicates")
    found = np.empty((len(runs), settings.hashes), dtype=np.uint32)
    for start in range(0, len(runs), _ROWS_AT_A_TIME):
        offsets = runs.offsets[start : start + _ROWS_AT_A_TIME + 1]
        matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(
            runs.values[offsets[0] : offsets[-1]],
            (offsets - offsets[0]).astype(np.uint64),
            settings.hashes,
            settings.seed,
        )
        found[start : start + _ROWS_AT_A_TIME] = matrix.to_rows()
    return found


def bands(signature: NDArray[np.uint32], settings: MinHashSettings | None = None) -> Hashes:
    """Return one 64-bit hash of each band of each signature, of shape (texts, bands)."""
    settings = settings or MinHashSettings()
    wide = signature.reshape(len(signature), settings.bands, settings.rows).astype(np.uint64)
    hashes = np.zeros((len(signature), settings.bands), dtype=np.uint64)
    for row in range(settings.rows):
        hashes ^= wide[:, :, row]
        hashes *= _ODD
        hashes ^= hashes >> _SHIFT
    return hashes


@dataclass(frozen=True, slots=True, eq=False)
class BlockSignature:
    """What the search for duplicates needs of each text of a block: 8 (bands + 3) bytes.

    Parameters
    ----------
    bands : (texts, bands) uint64
    exact : (texts, 2) uint64
        `assay.curate.exact_duplicates.exact_hashes`.
    n_shingles : (texts,) int64
        Shingles in each, repeats counted; 0 where it has no word.
    """

    bands: Hashes
    exact: Hashes
    n_shingles: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.n_shingles)

    def save(self, file: Path | BinaryIO) -> None:
        """Write it as one array in NumPy's own format, which `load` need not read as a whole."""
        sizes = self.n_shingles.astype(np.uint64)[:, None]
        np.save(file, np.concatenate([self.bands, self.exact, sizes], axis=1))

    @classmethod
    def load(cls, file: Path) -> Self:
        """Return what was written; it stays on disk until it is asked for.

        Raises
        ------
        BadInput
            If it is no such file.
        """
        try:
            whole = np.load(file, mmap_mode="r", allow_pickle=False)
        except (ValueError, EOFError, OSError) as error:
            raise BadInput(f"{file} holds no signatures: {error}") from error
        if whole.ndim != 2 or whole.shape[1] < 4 or whole.dtype != np.uint64:
            raise BadInput(f"{file} holds no signatures: shape {whole.shape}, {whole.dtype}")
        return cls(whole[:, :-3], whole[:, -3:-1], whole[:, -1].astype(np.int64))


def block_signature(texts: TextColumn, settings: MinHashSettings | None = None) -> BlockSignature:
    """Return what the search for duplicates needs of the texts of a block.

    Notes
    -----
    A function of each text alone: however texts are put into blocks, each has the same signature.
    """
    settings = settings or MinHashSettings()
    words, runs = words_and_shingles(texts, settings.shingles)
    return BlockSignature(
        bands(_signatures(runs, settings), settings),
        digests_of_words(texts, words),
        np.diff(runs.offsets),
    )


def joined(blocks: Sequence[BlockSignature], column: int | None = None) -> Hashes:
    """Return one band of all blocks, or without a number the exact hashes."""
    if not blocks:
        return np.zeros((0, 2) if column is None else 0, dtype=np.uint64)
    return np.concatenate([b.exact if column is None else b.bands[:, column] for b in blocks])
