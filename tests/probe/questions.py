"""Thirty plain questions with patterns of the right answer: enough for a small model to get some right, some wrong."""

from __future__ import annotations

import json
from pathlib import Path

QUESTIONS = (
    ("What is the capital of France?", "Paris"),
    ("What is the capital of Australia?", "Canberra"),
    ("What is the capital of Japan?", "Tokyo"),
    ("What is the capital of Canada?", "Ottawa"),
    ("What is the capital of Italy?", "Rome"),
    ("What is 2 + 2?", r"\b4\b"),
    ("What is 23 + 19?", r"\b42\b"),
    ("What is 7 * 8?", r"\b56\b"),
    ("What is 15 % of 200?", r"\b30\b"),
    ("What is 100 - 37?", r"\b63\b"),
    ("How many days are in a week?", r"\b7\b|[Ss]even"),
    ("How many months are in a year?", r"\b12\b|[Tt]welve"),
    ("How many legs does a spider have?", r"\b8\b|[Ee]ight"),
    ("How many continents are there?", r"\b7\b|[Ss]even"),
    ("How many minutes are in two hours?", r"\b120\b"),
    ("What is the chemical symbol of gold?", r"\bAu\b"),
    ("What is the chemical symbol of sodium?", r"\bNa\b"),
    ("What gas do plants take in?", r"[Cc]arbon dioxide|CO2"),
    ("What is the largest planet of the solar system?", "Jupiter"),
    ("What planet is called the red planet?", "Mars"),
    ("What is the largest ocean?", "Pacific"),
    ("What is the opposite of hot?", r"[Cc]old"),
    ("What colour do blue and yellow make?", r"[Gg]reen"),
    ("What animal says moo?", r"[Cc]ow"),
    ("What do bees make?", r"[Hh]oney"),
    ("Who wrote Hamlet?", "Shakespeare"),
    ("Who painted the Mona Lisa?", "Leonardo|[Dd]a Vinci"),
    ("In what year did World War II end?", "1945"),
    ("What is the freezing point of water in degrees Celsius?", r"\b0\b|[Zz]ero"),
    ("What is the plural of mouse?", r"\b[Mm]ice\b"),
)


def write_tasks(path: Path) -> Path:
    """Write them as a file of tasks."""
    lines = [
        json.dumps({"task_id": f"q{place:02}", "input": text, "reference": pattern})
        for place, (text, pattern) in enumerate(QUESTIONS)
    ]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path
