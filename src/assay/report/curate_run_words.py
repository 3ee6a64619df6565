"""A run of `assay curate run` in words and rows, for the terminal and for the page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]

MOST_CUT_OFF = 10


@dataclass(frozen=True, slots=True)
class Flow:
    """What one stage took away; `left` is what goes on."""

    stage: str
    documents: int
    left: int


def headline(record: Record) -> str:
    """Return the result in one sentence."""
    records, kept = record["records"], record["kept"]
    if not records:
        return "No record could be read." if record["cut_off"] else "There was no record to read."
    return (
        f"{kept:,} of {records:,} records are kept ({share(kept, records)}): "
        f"{megabytes(record['kept_bytes'])} of {megabytes(record['bytes'])} MB of text."
    )


def _what_to_do(reason: str) -> str:
    if reason == "not UTF-8":
        return "Write the file as UTF-8 first: iconv -f UTF-16 -t UTF-8 FILE, or whatever it is written in."
    return "The recipe's table [read] says which field is the text."


def sentences(record: Record) -> Iterator[str]:
    """Yield what else is to be known of it."""
    yield from _cut_off(record["cut_off"])
    if record["rejected"] and not record["documents"]:
        reason, shown = next(iter(record["rejected_examples"].items()))
        said = f"{reason}: {shown[0][1]}" if shown[0][1] else reason
        yield (
            f"None of the records could be read as a document. The first, at {shown[0][0]}: {said}. "
            + _what_to_do(reason)
        )
    if record["sample_share"] < 1:
        yield (
            f"This is a sample: {100 * record['sample_share']:.3g} % of the records were drawn. A sample has fewer "
            "duplicates than the whole: their share here is less than it will be."
        )
    if record["changed"]:
        yield f"The text of {documents(record['changed'])} was changed by a step."
    if record["repaired"]:
        yield f"In {documents(record['repaired'])} lone surrogates, which are no text, became U+FFFD."
    if record["renamed_ids"]:
        yield (
            f"{documents(record['renamed_ids'])} bore a doc_id that stood there already: "
            "named ID#2, ID#3 and so on."
        )
    yield from duplicate_sentences(record["duplicates"])


def _cut_off(places: Sequence[Mapping[str, str]]) -> Iterator[str]:
    for place in places[:MOST_CUT_OFF]:
        path, _, line = place["where"].rpartition(":")
        yield (
            f"{path} is cut off or damaged at line or record {int(line):,} ({place['detail']}): how many records it "
            "held from there on is unknown, and none of them is counted. Get or mend it and run again, or go on with "
            "what could be read."
        )
    more = len(places) - MOST_CUT_OFF
    if more > 0:
        yield f"{more:,} more files are cut off or damaged: rejected.jsonl.zst names them."


def duplicate_sentences(facts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was found of duplicates, and by which rule."""
    if facts["exact"] != "off":
        yield f"{facts['exact_duplicates']:,} exact duplicates: {facts['exact']}."
    if facts["near"] == "off":
        return
    yield f"{facts['near_duplicates']:,} near-duplicates: {facts['near']}."
    more, alone = facts["unverified_would_also_remove"], facts["of_them_without_neighbour"]
    if more:
        yield (
            f"Candidates that are not verified would have removed {more:,} more; {alone:,} of them have no "
            "candidate at the threshold."
        )
    if facts["far_from_keeper"]:
        yield (
            f"{documents(facts['far_from_keeper'])} went though below the threshold to the one that is kept: "
            "a chain of others connects them."
        )
    if facts["pairs_left"]:
        yield f"{facts['pairs_left']:,} pairs of candidates were not compared: their buckets are too large."


def flows(record: Record) -> list[Flow]:
    """Return what each stage took away, in order; the first is what could not be read."""
    left = record["records"]
    rejected = sum(record["rejected"].values())
    found = [Flow("not readable", rejected, left - rejected)] if rejected else []
    left -= rejected
    for stage in record["stages"]:
        gone = sum(row["documents"] for row in record["dropped"] if row["step"] == stage)
        left -= gone
        if gone:
            found.append(Flow(stage, gone, left))
    return found


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source, what is kept of it, and why most of the others went."""

    source: str
    documents: int
    kept: int
    kept_share: str
    kept_megabytes: str
    reasons: str


def source_rows(record: Record, most: int = 3) -> list[SourceRow]:
    """Return the sources, those with most text first."""
    rows = sorted(record["sources"].items(), key=lambda item: (-item[1]["bytes"], item[0]))
    return [
        SourceRow(
            name,
            own["documents"],
            own["kept"],
            share(own["kept"], own["documents"]),
            megabytes(own["kept_bytes"]),
            _main_reasons(own["dropped"], own["documents"], most),
        )
        for name, own in rows
    ]


@dataclass(frozen=True, slots=True)
class ReasonRow:
    """A reason, and how much went for it."""

    stage: str
    reason: str
    documents: int
    documents_share: str
    text: str


def reason_rows(record: Record) -> list[ReasonRow]:
    """Return the reasons, stage by stage, most documents first."""
    order = {stage: place for place, stage in enumerate(record["stages"])}
    rows = sorted(
        record["dropped"],
        key=lambda row: (order[row["step"]], -row["documents"], row["reason"]),
    )
    return [
        ReasonRow(
            row["step"],
            row["reason"],
            row["documents"],
            share(row["documents"], record["documents"]),
            megabytes(row["bytes"]),
        )
        for row in rows
    ]


def documents(count: int) -> str:
    """Return a number of documents.

    Examples
    --------
    >>> documents(1), documents(1_200)
    ('1 document', '1,200 documents')
    """
    return f"{count:,} document" + "s" * (count != 1)


def share(part: int, whole: int) -> str:
    """Return a share in per cent; what is not nothing is not shown as nothing, nor as all.

    Examples
    --------
    >>> share(1, 3), share(1, 100_000), share(99_999, 100_000), share(0, 5)
    ('33 %', '<0.1 %', '>99.9 %', '0 %')
    """
    if not whole or not part:
        return "0 %"
    value = 100 * part / whole
    if value < 0.1:
        return "<0.1 %"
    if part < whole and value > 99.9:
        return ">99.9 %"
    return f"{value:.0f} %" if 10 <= value <= 90 or part == whole else f"{value:.1f} %"


def megabytes(size: int) -> str:
    """Return a size in millions of bytes.

    Examples
    --------
    >>> megabytes(0), megabytes(1_234), megabytes(56_789_012)
    ('0', '<0.1', '56.8')
    """
    if not size:
        return "0"
    return "<0.1" if size < 50_000 else f"{size / 1e6:,.1f}"


def _main_reasons(dropped: Mapping[str, int], documents: int, most: int) -> str:
    rows = sorted(dropped.items(), key=lambda item: (-item[1], item[0]))
    said = [f"{reason} {share(count, documents)}" for reason, count in rows[:most]]
    more = len(rows) - most
    return ", ".join(said) + (f", and {more} more" if more > 0 else "")
