"""The Gopher, C4 and FineWeb rules as a step of a recipe, with each published threshold under its published name."""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass, replace
from typing import Any, cast

from assay.curate.documents import Documents
from assay.curate.rule import Family, Rule
from assay.curate.rules import ALL_RULES, RULES, apply_rules
from assay.curate.step import KEPT, StepResult
from assay.curate.words import WordSplit
from assay.errors import BadInput

_FIRST = {rule.name: rule for rule in reversed(ALL_RULES)}
_NAMED = {rule.name: _FIRST[rule.name] for rule in ALL_RULES}
"""The first rule of each name: "empty" is asked by two families."""
FAMILIES: tuple[Family, ...] = ("gopher-repetition", "gopher", "c4", "fineweb")


@dataclass(frozen=True, slots=True)
class _Rules:
    """What the step does; `QualityRules` adds one field a threshold."""

    families: tuple[str, ...] = FAMILIES
    words: str = "words-and-punctuation"
    without: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for given, known in ((self.families, RULES), (self.without, {r.name for r in ALL_RULES})):
            unknown = [name for name in given if name not in known]
            if unknown:
                raise BadInput(f"there is no {unknown[0]!r}; known are {', '.join(sorted(known))}")
        if not self.families:
            raise BadInput("name at least one family of rules, or switch the step off")

    @property
    def name(self) -> str:
        """The step's name."""
        return "rules"

    def rules(self) -> tuple[Rule, ...]:
        """Return the rules that are asked, in order, with the thresholds given."""
        return tuple(
            replace(rule, threshold=getattr(self, rule.name))
            for family in self.families
            for rule in RULES[cast(Family, family)]
            if rule.name not in self.without
        )

    def __call__(self, docs: Documents) -> StepResult:
        """Return the documents that fail no rule; C4's rules remove lines of them."""
        rules = self.rules()
        applied = apply_rules(docs.text, rules, cast(WordSplit, self.words))
        kept = applied.failed < 0
        reasons = [KEPT if place < 0 else rules[place].name for place in applied.failed.tolist()]
        removed = int(applied.lines_removed[kept].sum())
        left = docs.take(kept)
        if "c4" in self.families:
            left = left.with_text(applied.texts.take(kept))
        return StepResult(left, tuple(reasons), {"lines_removed": removed} if removed else {})


def _documented() -> str:
    lines = [
        "Drop documents by the Gopher, C4 and FineWeb rules, each under its published name.",
        "",
        "Parameters",
        "----------",
        "families",
        "    Those that are asked, in this order.",
        "words",
        '    How words are split: "words-and-punctuation", "whitespace" or "spacy". It moves more decisions than any',
        "    threshold.",
        "without",
        "    Rules that are not asked.",
    ]
    for rule in _NAMED.values():
        lines += [rule.name, f"    {rule.family}: drops where {rule.feature} is {rule.drops} it."]
    return "\n".join(lines)


QualityRules: Any = make_dataclass(
    "QualityRules",
    [(rule.name, float, field(default=float(rule.threshold))) for rule in _NAMED.values()],
    bases=(_Rules,),
    frozen=True,
    namespace={"__doc__": _documented(), "__module__": __name__},
)
"""The step: `families`, `words`, `without`, and the threshold of each rule by its name."""
