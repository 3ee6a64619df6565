"""The columns of the ledger's tables, and the version of the schema.

The columns a user writes are those of a trace line and a verdict line (docs/GLOSSARY.md). Added here is `source`: the
content hash of the file and the line a row came from, so that every row can be traced back and none is added twice.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

SCHEMA_VERSION = 4
"""Raised by one with every change of a table; `assay.ledger.migrate` knows the way from each older version."""

ColumnType = Literal["string", "float", "integer", "timestamp"]


class Column(NamedTuple):
    """A column: its name, its type, and what it means."""

    name: str
    type: ColumnType
    meaning: str


TRACES: tuple[Column, ...] = (
    Column("trace_id", "string", "identity of the trace"),
    Column("task_id", "string", "what was asked; the same task may be asked in several epochs"),
    Column("system", "string", "what answered: a model, an agent, a pipeline, or people"),
    Column("version", "string", "version of the system; empty where none is known"),
    Column("epoch", "integer", "which repeat of the task, from 1"),
    Column("at", "timestamp", "when the answer was given, UTC"),
    Column("conversation_id", "string", "the conversation it belongs to"),
    Column("turn", "integer", "which turn of the conversation, from 0"),
    Column("input", "string", "the request"),
    Column("output", "string", "the whole text that came back"),
    Column("answer", "string", "the final answer taken from the output"),
    Column("reasoning", "string", "the reasoning before the answer"),
    Column("context", "string", "what was given along with the request, as retrieved documents"),
    Column("reference", "string", "the right answer, where one is known"),
    Column("latency_seconds", "float", "from request to answer, > 0"),
    Column("prompt_tokens", "integer", "tokens read, >= 0"),
    Column("completion_tokens", "integer", "tokens written, >= 0"),
    Column("cost_usd", "float", "what it cost, >= 0; null is unknown, never free"),
    Column("origin", "string", "field, exam or probe"),
    Column("tags", "string", "JSON object of strings, sorted keys, no spaces"),
    Column("source", "string", "content hash of the file, and line"),
)

VERDICTS: tuple[Column, ...] = (
    Column("trace_id", "string", "the trace that was judged"),
    Column("judge", "string", "who says it"),
    Column("judge_kind", "string", "check, model or person"),
    Column(
        "error_probability",
        "float",
        "probability of error in [0, 1]; null where the judge is unsure",
    ),
    Column("severity", "integer", "1 worst to 3"),
    Column("kind", "string", "kind of error"),
    Column("note", "string", "what the judge adds in words"),
    Column("at", "timestamp", "when it was judged, UTC"),
    Column("draw_id", "string", "the draw that asked for it; null for any other verdict"),
    Column("inclusion_probability", "float", "probability with which the draw took the trace"),
    Column("source", "string", "content hash of the file, and line"),
)

DRAWS: tuple[Column, ...] = (
    Column("draw_id", "string", "identity of the draw"),
    Column("at", "timestamp", "when it was drawn, UTC"),
    Column("seed", "integer", "seed of the random order"),
    Column("system", "string", "the system whose outputs are the population"),
    Column("version", "string", "its version"),
    Column(
        "window_from", "timestamp", "first moment of the window, included; null: from the beginning"
    ),
    Column("window_to", "timestamp", "end of the window, excluded; null: to the end"),
    Column(
        "origin",
        "string",
        "field, exam or probe: the origin of the outputs; null: all, as in draws of schema 3 and before",
    ),
    Column("population", "integer", "outputs in the window when it was frozen"),
    Column(
        "traces_version", "integer", "version of the table `traces` that the window was frozen at"
    ),
    Column(
        "verdicts_version",
        "integer",
        "the same of the table `verdicts`, whose scores made the strata",
    ),
    Column("judge", "string", "the judge whose score made the strata; null without one"),
    Column("stratified_by", "string", "JSON list of the tags that made the strata"),
    Column("stratum", "string", "name of the stratum"),
    Column(
        "stratum_rule", "string", "JSON: limits of the score, and tags, that define the stratum"
    ),
    Column("stratum_size", "integer", "outputs in the stratum"),
    Column("stratum_labels", "integer", "labels planned in the stratum"),
    Column("position", "integer", "place in the stratum's random order, from 1"),
    Column("label_order", "integer", "place in the list given to the person, from 1"),
    Column("trace_id", "string", "the trace that was drawn"),
    Column("inclusion_probability", "float", "stratum_labels / stratum_size"),
    Column(
        "batch",
        "integer",
        "which hand-out of the draw the row came with, from 1; null: the only one",
    ),
    Column(
        "draw_labels",
        "integer",
        "labels planned in the whole draw; null: those of the only hand-out",
    ),
    Column(
        "at_most",
        "float",
        "error rate that the draw is made to certify at any label; null for any other draw",
    ),
    Column(
        "anticipated_error_rate",
        "float",
        "what the judge led one to expect of the stratum; null where nothing was known",
    ),
    Column("parent", "string", "the draw whose labels this one has read again; null for any other"),
    Column(
        "unit_plan",
        "string",
        "JSON: the units of a draw of conversations, texts or amounts; null for any other draw",
    ),
    Column("unit_id", "string", "the unit that the trace was drawn with"),
    Column("unit_weight", "float", "weight with which the unit was drawn, > 0"),
    Column("copies", "integer", "outputs that a label of this trace stands for"),
    Column("amount", "float", "what a wrong label adds to the total of sizes"),
)

CASES: tuple[Column, ...] = (
    Column("case_id", "string", "identity of the case"),
    Column("event", "string", "opened, noted, reference, closed or reopened"),
    Column("at", "timestamp", "when, UTC"),
    Column("person", "string", "who says it"),
    Column("trace_id", "string", "the output that was complained of"),
    Column("note", "string", "what is said"),
    Column("reference", "string", "the right answer; null where the event gives none"),
    Column("kind", "string", "kind of error"),
    Column("severity", "integer", "1 worst to 3"),
)

TABLES: dict[str, tuple[Column, ...]] = {
    "traces": TRACES,
    "verdicts": VERDICTS,
    "draws": DRAWS,
    "cases": CASES,
}

EVIDENCE = ("traces", "verdicts", "draws")
"""The tables that an estimate rests on. Cases are complaints: nobody drew them, and no number may see them."""

JUDGE_KINDS = ("check", "model", "person")
ORIGINS = ("field", "exam", "probe")
"""Work first: where a system has outputs of several origins, its volume is of the first of these."""
