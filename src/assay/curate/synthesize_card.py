"""The card of a synthetic set: what it is, where it comes from, who verified it, and how pure it is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from assay.curate.synthesize_result import Synthesis
from assay.curate.synthesize_write import CARD, CHAT, NOT_KEPT, README, TABLE
from assay.figures import confidence, shown
from assay.quantity import Estimate, Quantity
from assay.terminal import visible

CARD_VERSION = 1
PURITY_UNKNOWN = "The purity of this set is unknown"


def said(found: Quantity, *, percent: bool = False) -> str:
    """Return a quantity with all that belongs to it; a share in percent says by itself what it is of."""
    if not isinstance(found, Estimate):
        return shown(found)
    text = shown(found, percent=percent, unit=not percent)
    return f"{text} ({confidence(found)}, n {found.n:,}; {found.method})"


def purity_words(found: Synthesis) -> str:
    """Return in a sentence how pure the set is."""
    purity = found.audit.purity
    if isinstance(purity, Estimate):
        return f"Purity: {said(purity, percent=True)}."
    return f"{PURITY_UNKNOWN}: {purity.reason}. That a verifier passed them does not say that they are right."


def card_json(found: Synthesis, files: Mapping[str, bytes]) -> dict[str, object]:
    """Return the card.

    Parameters
    ----------
    found
    files
        Of the set: name -> content.
    """
    return {
        "assay_synthetic_set": CARD_VERSION,
        "examples": len(found.kept),
        "digest": f"sha256:{hashlib.sha256(files[CHAT]).hexdigest()}",
        "purity": found.audit.purity.to_json(),
        "generation": {**found.generation, "models": list(found.models)},
        "verification": {**found.gate.to_json(), **found.verified.to_json()},
        "choice": found.choice.to_json(),
        "outcomes": found.outcomes,
        "reasons": found.chosen.reasons(),
        "difficulty": found.difficulty,
        "empty_buckets": list(found.chosen.empty_buckets),
        "missing_answers": found.missing,
        "yield": found.gain.to_json(),
        "audit": found.audit.to_json(),
        "files": {
            name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in files.items()
        },
    }


def with_card(found: Synthesis, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of a set with its card in JSON and for people."""
    card = card_json(found, files)
    text = json.dumps(card, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return {**files, CARD: text.encode(), README: _readme(found, card).encode()}


def _readme(found: Synthesis, card: Mapping[str, object]) -> str:
    made = found.generation
    system = f"{made['system']}@{made['version']}" if made["version"] else str(made["system"])
    judges = "\n".join(
        f"- `{_plain(name)}`" for name in (*found.verified.judges, found.verified.panel) if name
    )
    reasons = "\n".join(
        f"- {count:,}: {_plain(why)}" for why, count in found.chosen.reasons().items()
    )
    gate = found.audit.gate
    verifier = (
        f"What the verifier does is unknown: {found.audit.why_no_gate}."
        if gate is None
        else f"It keeps of right answers {said(gate.keeps_right, percent=True)}; "
        f"of wrong ones {said(gate.keeps_wrong, percent=True)}."
    )
    gain = found.gain
    return f"""# Synthetic examples: {len(found.kept):,}, verified

**{_plain(purity_words(found))}**

Made by `{_plain(system)}` (model `{_plain(", ".join(found.models))}`), {made["samples"]} samples of each of \
{gain.tasks:,} tasks, temperature {_told(made["temperature"])}, seed {_told(made["seed"])}. \
These are outputs of a model: no person wrote them.

Digest of `{CHAT}`: `{card["digest"]}`

| generated | verified | kept | tasks | with an example |
|---|---|---|---|---|
| {gain.generated:,} | {gain.verified:,} | {gain.kept:,} | {gain.tasks:,} | {gain.tasks_kept:,} |

Verified by ({found.gate.combine}):

{judges}

{_plain(verifier)}

Not kept (`{NOT_KEPT}` has each with its reason):

{reasons or "- nothing"}

Kept by how hard their tasks are (share of a task's answers that are verified): \
{", ".join(f"{name} {count:,}" for name, count in found.difficulty.items())}.

- generations: {_plain(said(gain.generations_per_verified))}
- money: {_plain(said(gain.usd_per_verified))}
- time: {_plain(said(gain.seconds_per_verified))}

`{CHAT}` has one chat a line (`messages`, with `role` and `content`); `{TABLE}` has the same and for each example \
task, sample, seed, trace in the ledger, verdicts and digest.
"""


def _told(value: object) -> str:
    return "not said" if value is None else str(value)


def _plain(text: str) -> str:
    """Return a text that can break out of no line and no code of the page."""
    return visible(text).replace("`", "'").replace("\n", " ").replace("|", "/").replace("<", "&lt;")
