"""Hold the interval that 300 labels gave against the whole truth.

    python examples/uncover.py ESTIMATE.json TRUTH.json

Both are what `assay volume --json` printed: once from the labels of a draw, once from a census. Exits with 3 where the
interval missed the truth: of a hundred draws with other seeds, at most five may.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

SHOWN = {
    "errors": "wrong outputs in the week",
    "errors_per_day": "errors per day",
    "escaped_errors_per_day": "escaped errors per day",
}


def compare(estimate: dict[str, Any], truth: dict[str, Any]) -> bool:
    """Print each number beside its truth; return whether the interval of the errors held it."""
    labels = estimate["labels"]
    print(f"{'':28} {f'from {labels} labels':>24} {'the truth':>12}")
    for key, name in SHOWN.items():
        guess, fact = estimate[key], truth[key]
        if guess["value"] is None or fact["value"] is None:
            continue
        interval = f"{guess['value']:,.0f} [{guess['low']:,.0f}, {guess['high']:,.0f}]"
        print(f"{name:28} {interval:>24} {fact['value']:12,.0f}")
    held: bool = estimate["errors"]["low"] <= truth["errors"]["value"] <= estimate["errors"]["high"]
    print("The interval held the truth." if held else "The interval missed the truth.")
    return held


def main() -> None:
    """Read both files and compare the first system of each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("estimate", type=Path)
    parser.add_argument("truth", type=Path)
    arguments = parser.parse_args()
    systems = [
        json.loads(path.read_text("utf-8"))["systems"][0]
        for path in (arguments.estimate, arguments.truth)
    ]
    sys.exit(0 if compare(*systems) else 3)


if __name__ == "__main__":
    main()
