"""Draw the README's figure from what the demo measured.

scripts/demo && .venv/bin/python examples/figure.py demo-out/estimate.json demo-out/truth.json docs/figure.svg
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

GREY, ACCENT, TRUTH = "#8a8a8a", "#2f6fb3", "#c0392b"
"""Readable on white and on black: the page that shows the figure chooses its background."""


def bars(rows: list[dict[str, Any]], title: str, height: int) -> Any:
    """Return intervals as bars, estimates as points and truths as ticks, a row each."""
    import altair as alt

    order = [row["name"] for row in rows]
    base = alt.Chart(alt.Data(values=rows))
    # The reader's font may be wider than the one that Vega measures with: room is kept for it.
    y = alt.Y("name:N", sort=order, title=None, axis=alt.Axis(minExtent=170))
    x = alt.X("low:Q", title=title, scale=alt.Scale(zero=True))
    return alt.layer(
        base.mark_rule(strokeWidth=7, color=GREY, opacity=0.7).encode(x=x, x2="high:Q", y=y),
        base.mark_point(filled=True, size=70, color=ACCENT, opacity=1).encode(x="value:Q", y=y),
        base.transform_filter("isValid(datum.truth)")
        .mark_tick(thickness=3, size=18, color=TRUTH)
        .encode(x="truth:Q", y=y),
    ).properties(width=520, height=height)


def row(name: str, guess: dict[str, Any], truth: dict[str, Any] | None) -> dict[str, Any]:
    """Return a row of the figure."""
    fact = truth["value"] if truth else None
    return {"name": name, **{key: guess[key] for key in ("value", "low", "high")}, "truth": fact}


def figure(estimate: dict[str, Any], truth: dict[str, Any]) -> Any:
    """Return the figure: the whole desk beside the people, and its parts."""
    import altair as alt

    ours, theirs = estimate["systems"][0], truth["systems"][0]
    whole = [
        row(f"the model, {ours['labels']} labels", ours["errors_per_day"], theirs["errors_per_day"])
    ]
    if ours["human"]:
        whole.append(row("the people (assumed)", ours["human"]["errors_per_day"], None))
    facts = {part["name"]: part["errors_per_day"] for part in theirs["by"]["kind"]}
    parts = [
        row(part["name"], part["errors_per_day"], facts[part["name"]])
        for part in ours["by"]["kind"]
    ]
    caption = "bar: 95 % interval · point: estimate · red: the truth, uncovered afterwards"
    return (
        alt.vconcat(
            bars(whole, "errors per day", 60).properties(title="Errors per day"),
            bars(parts, "errors per day", 200).properties(title="by kind of request"),
        )
        .properties(
            title=alt.TitleParams(caption, fontSize=11, fontWeight="normal", orient="bottom"),
            padding=16,
        )
        .configure(background="transparent", font="system-ui, sans-serif")
        .configure_axis(
            labelColor=GREY,
            titleColor=GREY,
            gridColor="#80808040",
            domainColor=GREY,
            labelLimit=220,
        )
        .configure_title(color=GREY, anchor="start")
        .configure_view(stroke=None)
    )


def main() -> None:
    """Read the demo's two answers and write the figure."""
    import vl_convert

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("estimate", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    answers = [
        json.loads(path.read_text("utf-8")) for path in (arguments.estimate, arguments.truth)
    ]
    arguments.output.write_text(vl_convert.vegalite_to_svg(figure(*answers).to_dict()), "utf-8")


if __name__ == "__main__":
    main()
