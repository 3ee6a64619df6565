"""A plan on a terminal: whole at 80 columns, and nothing of it is lost."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from assay.report.plan_text import print_plan
from assay.volume.plan import PlanRequest, plan_labels


def printed(width: int, **given: object) -> str:
    stream = io.StringIO()
    print_plan(
        plan_labels(PlanRequest(**given)),  # type: ignore[arg-type]
        Console(file=stream, width=width, highlight=False),
    )
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("standard", ["3sigma", "4sigma", "5sigma", "6sigma"])
def test_no_figure_is_cut(width: int, standard: str) -> None:
    text = printed(width, standard=standard)
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines())
    for heading in ("0 wrong", "12 wrong", "true rate", "looking"):
        assert heading in text
    assert "next: assay " in text


def test_many_expected_rates_fit() -> None:
    text = printed(80, at_most=0.001, expected=(0.0001, 0.0003, 0.0006))
    assert "…" not in text
    assert text.count("→") == 3
    assert "22 wrong" in text


def test_the_bar_is_the_chance_of_the_recommended_plan() -> None:
    wide = printed(120, standard="4sigma")
    assert "86.6 %   97.9 %    99.9 %  █████████░" in wide
    assert "█" not in printed(80, standard="6sigma")


def test_what_no_labels_show_is_said_with_what_does() -> None:
    text = " ".join(printed(120, standard="5sigma").split())
    for words in (
        "out of reach by testing",
        "4.53 sigma one-sided",
        "mechanically complete check",
        "tried with 72 seeded errors,",
        "only if the seeded errors represent the natural ones",
        "no discount on natural outputs",
        "shift of 1.5: 6.50",
    ):
        assert words in text


def test_a_window_counts_its_errors() -> None:
    text = printed(110, standard="30/30d", per_day=20_000, labels_per_day=500, usd_per_label=0.5)
    assert "15 wrong" in text
    assert "56,838" in text
    assert "7 months" in text
    assert "says nothing of the next" in text
