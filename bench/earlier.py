"""Labels that the methods known before needed, measured in an earlier study on the same populations.

200,000 outputs; the goals and the populations are those of `bench/labels.py`. A figure is the least number of labels
that met the goal in 80 % of 200 samples on a grid of 3 % (heavy methods: 60 samples, 6 %); the coverage beside it was
measured with 4,000 fresh samples (400 for PPI++, active and betting).
"""

from __future__ import annotations

from dataclasses import dataclass

from limits import Goal

RATES = (0.1, 0.01, 0.001, 0.0001)
AUCS = (0.75, 0.9, 0.98)
METHODS = (
    "uniform exact",
    "PPI++",
    "Neyman CLT",
    "active CLT",
    "S-gammaW",
    "T-exact",
    "S-prof",
    "S-bet",
)
VALID_METHODS = ("uniform exact", "S-gammaW", "T-exact", "S-bet")
"""Those that keep 95 % whatever the judge misses."""

# Limits of that study: normal, hidden. Then labels and coverage (%) a method; a minus marks coverage under what is
# promised, beyond what chance explains; "-" was not run, 0 stopped at once with an interval of no width.
_TABLES = {
    "a": """
686 69 | 979 96 | 822 96 | 762 95 | 790 96 | 905 96 | 1037 96 | 778 95 | -
379 69 | 979 96 | 627 95 | 480 95 | 443 -94 | 652 98 | 1037 96 | 469 95 | 1864 100
105 69 | 979 96 | 300 -92 | 134 -94 | 149 -94 | 509 100 | 1037 95 | 209 98 | -
7234 692 | 10170 95 | 9413 94 | 8381 95 | 8380 95 | 9057 96 | 10572 96 | 8221 95 | 21836 100
4013 692 | 10170 95 | 9056 96 | 5070 95 | 4872 95 | 6151 98 | 9597 96 | 5168 95 | 16228 100
1125 692 | 10170 95 | 5693 97 | 1387 -93 | 1259 -92 | 3187 99 | 6907 96 | 2122 97 | 6937 100
51681 6813 | 70372 97 | 70372 94 | 56887 95 | 57952 -94 | 63885 96 | 67702 96 | 57998 95 | -
28965 6813 | 70372 97 | 67702 -94 | 35075 -93 | 33340 96 | 45102 98 | 50652 97 | 37897 95 | 79549 100
8557 6813 | 70372 97 | 60284 95 | 10779 -89 | 8284 -89 | 24288 99 | 28905 97 | 17482 99 | 42048 100
139058 58579 | 168045 99 | 0 -0 | 0 -0 | 0 -0 | 161669 100 | 155533 98 | 149632 95 | -
92728 58579 | 168045 99 | 171327 -94 | 105637 -80 | 86887 -88 | 138491 100 | 125724 100 | 114133 100 | -
35832 58579 | 168045 99 | 0 -0 | 36458 -72 | 15834 -68 | 105636 100 | 97771 100 | 82151 100 | -
""",
    "b": """
19 28 | 92 95 | 48 -86 | 52 -88 | 57 -92 | 89 99 | 92 98 | 60 -92 | -
11 28 | 92 95 | 31 -84 | 27 -87 | 25 -85 | 85 100 | 103 97 | 40 97 | 154 100
3 28 | 92 95 | 21 -74 | 20 -69 | 10 -87 | 60 100 | 90 98 | 35 100 | -
213 277 | 979 96 | 704 -93 | 592 -89 | 652 -88 | 959 99 | 960 98 | 746 -94 | 2082 100
118 277 | 979 96 | 678 -90 | 300 -85 | 338 -87 | 824 98 | 1037 96 | 509 98 | 1537 100
32 277 | 979 96 | 300 -79 | 56 -80 | 67 -84 | 580 100 | 1037 96 | 372 100 | 1024 100
2125 2753 | 9056 95 | 6907 -92 | 5693 -88 | 5917 -90 | 9234 98 | 9056 97 | 7909 -93 | -
1174 2753 | 9056 95 | 4876 -87 | 2893 -84 | 2730 -86 | 7609 100 | 8882 98 | 4972 98 | 13898 100
325 2753 | 9056 95 | 4691 -86 | 615 -80 | 204 -68 | 5168 100 | 7042 100 | 3942 100 | 9133 100
18985 25890 | 65133 98 | 0 -0 | 0 -0 | 0 -0 | 67702 98 | 67702 96 | 49682 -93 | -
10491 25890 | 65133 98 | 0 -0 | 23822 -80 | 25572 -80 | 59128 100 | 56885 99 | 40159 100 | -
2924 25890 | 65133 98 | 0 -0 | 3578 -70 | 2621 -69 | 45102 100 | 41743 100 | 33097 100 | -
""",
}


@dataclass(frozen=True, slots=True)
class Figure:
    """What one method needed.

    Parameters
    ----------
    method
    labels
        0 where it stopped at once.
    coverage : in [0, 1]
    kept
        Whether the interval kept what it promises, as far as measured.
    """

    method: str
    labels: int
    coverage: float
    kept: bool


@dataclass(frozen=True, slots=True)
class Earlier:
    """The earlier study's figures of one cell."""

    normal: float
    hidden: float
    figures: tuple[Figure, ...]

    def best(self, *, valid: bool) -> Figure:
        """Return the fewest labels of the methods that hold whatever the judge misses, or of all that kept 95 %."""
        able = [
            f
            for f in self.figures
            if f.labels and f.kept and (f.method in VALID_METHODS or not valid)
        ]
        return min(able, key=lambda figure: figure.labels)


def earlier(goal: Goal, rate: float, auc: float) -> Earlier | None:
    """Return the figures of a cell, None where the study had none."""
    if rate not in RATES or auc not in AUCS:
        return None
    lines = _TABLES[goal].strip().splitlines()
    first, *cells = lines[RATES.index(rate) * len(AUCS) + AUCS.index(auc)].split("|")
    normal, hidden = (float(word) for word in first.split())
    figures = []
    for method, cell in zip(METHODS, cells, strict=True):
        if cell.strip() == "-":
            continue
        labels, coverage = cell.split()
        figures.append(
            Figure(method, int(labels), abs(int(coverage)) / 100, not coverage.startswith("-"))
        )
    return Earlier(normal, hidden, tuple(figures))
