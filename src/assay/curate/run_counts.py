"""What a run counts while it writes: documents by source, step and reason, features, and examples of each reason."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from assay.curate.rejected import CUT_OFF
from assay.curate.run_features import FEATURES, Codes, class_counts

EXAMPLES = 10
"""Of each reason so many are kept for the page: those whose hash is least, so that they come from everywhere."""

MOST_REJECTED_EXAMPLES = 10


@dataclass(slots=True)
class SourceCounts:
    """Of one source."""

    documents: int = 0
    bytes: int = 0
    kept: int = 0
    kept_bytes: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return the columns."""
        own = {name: getattr(self, name) for name in ("documents", "bytes", "kept", "kept_bytes")}
        return own | {"dropped": dict(sorted(self.dropped.items()))}


@dataclass(slots=True)
class Counts:
    """Of a run; what came in is what was kept, dropped by each reason, and rejected."""

    sources: dict[str, SourceCounts] = field(default_factory=dict)
    dropped: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    """(step, reason) -> documents, bytes."""
    rejected: dict[str, int] = field(default_factory=dict)
    rejected_examples: dict[str, list[list[str]]] = field(default_factory=dict)
    cut_off: dict[str, str] = field(default_factory=dict)
    """Places beyond which a file could not be read -> why. No records: what a file held beyond is not counted."""
    steps: dict[str, dict[str, int]] = field(default_factory=dict)
    repaired: int = 0
    changed: int = 0
    renamed_ids: int = 0
    before: dict[str, list[int]] = field(default_factory=dict)
    after: dict[str, list[int]] = field(default_factory=dict)
    _examples: dict[str, list[tuple[int, int, dict[str, object]]]] = field(default_factory=dict)

    def add_block(self, counted: Mapping[str, Any], before: Codes) -> None:
        """Add what a block's work counted."""
        self.repaired += counted["repaired"]
        self.changed += counted["changed"]
        _add(self.before, class_counts(before))
        for where, reason, detail in counted["rejected"]:
            if reason == CUT_OFF:
                self.cut_off[where] = detail
                continue
            self.rejected[reason] = self.rejected.get(reason, 0) + 1
            shown = self.rejected_examples.setdefault(reason, [])
            if len(shown) < MOST_REJECTED_EXAMPLES:
                shown.append([where, detail])
        for step, counts in counted["steps"].items():
            own = self.steps.setdefault(step, {})
            for name, value in counts.items():
                own[name] = own.get(name, 0) + value

    def add_dropped(self, step: str, row: Mapping[str, Any]) -> None:
        """Add a document that was dropped."""
        size = int(row["bytes"])
        own = self.dropped.setdefault((step, row["reason"]), [0, 0])
        own[0] += 1
        own[1] += size
        source = self._source(row["source"], size)
        source.dropped[row["reason"]] = source.dropped.get(row["reason"], 0) + 1

    def add_kept(self, sources: Sequence[str], sizes: Sequence[int], after: Codes) -> None:
        """Add the documents of a block that are kept."""
        for name, size in zip(sources, sizes, strict=True):
            source = self._source(name, size)
            source.kept += 1
            source.kept_bytes += size
        _add(self.after, class_counts(after))

    def add_example(self, reason: str, place: int, shown: dict[str, object]) -> None:
        """Offer a dropped document as an example; `place` is its number among all that came in."""
        rank = -_mixed(place)
        held = self._examples.setdefault(reason, [])
        if len(held) < EXAMPLES:
            heapq.heappush(held, (rank, place, shown))
        elif rank > held[0][0]:
            heapq.heapreplace(held, (rank, place, shown))

    def wants_example(self, reason: str, place: int) -> bool:
        """Whether a dropped document would be an example: its text is read only then."""
        held = self._examples.get(reason, [])
        return len(held) < EXAMPLES or -_mixed(place) > held[0][0]

    def examples(self) -> dict[str, list[dict[str, object]]]:
        """Return the examples of each reason, in the order of the input."""
        return {
            reason: [shown for _, _, shown in sorted(held, key=lambda item: item[1])]
            for reason, held in sorted(self._examples.items())
        }

    @property
    def documents(self) -> int:
        """Documents that came in."""
        return sum(source.documents for source in self.sources.values())

    @property
    def kept(self) -> int:
        """Documents that are kept."""
        return sum(source.kept for source in self.sources.values())

    def to_json(self) -> dict[str, object]:
        """Return all counts."""
        rejected = sum(self.rejected.values())
        return {
            "records": self.documents + rejected,
            "documents": self.documents,
            "bytes": sum(source.bytes for source in self.sources.values()),
            "kept": self.kept,
            "kept_bytes": sum(source.kept_bytes for source in self.sources.values()),
            "dropped": [
                {"step": step, "reason": reason, "documents": documents, "bytes": size}
                for (step, reason), (documents, size) in sorted(self.dropped.items())
            ],
            "rejected": dict(sorted(self.rejected.items())),
            "rejected_examples": dict(sorted(self.rejected_examples.items())),
            "cut_off": [
                {"where": where, "detail": self.cut_off[where]} for where in sorted(self.cut_off)
            ],
            "changed": self.changed,
            "repaired": self.repaired,
            "renamed_ids": self.renamed_ids,
            "counted_by_steps": dict(sorted(self.steps.items())),
            "sources": {name: own.to_json() for name, own in sorted(self.sources.items())},
            "features": {
                feature.name: {
                    "unit": feature.unit,
                    "edges": list(feature.edges),
                    "before": self.before.get(feature.name, []),
                    "after": self.after.get(feature.name, []),
                }
                for feature in FEATURES
            },
            "examples": self.examples(),
        }

    def _source(self, name: str, size: int) -> SourceCounts:
        source = self.sources.setdefault(name, SourceCounts())
        source.documents += 1
        source.bytes += size
        return source


def _add(into: dict[str, list[int]], counts: Mapping[str, list[int]]) -> None:
    for name, values in counts.items():
        old = into.get(name, [0] * len(values))
        into[name] = [a + b for a, b in zip(old, values, strict=True)]


def _mixed(place: int) -> int:
    mask = 2**64 - 1
    z = (place + 1) * 0x9E3779B97F4A7C15 & mask
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & mask
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & mask
    return z ^ (z >> 31)
