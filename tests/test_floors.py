"""The house: imports go down the floors only, and there are no cycles."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "assay"

FLOORS = [
    {"cli"},
    {"web"},
    {"report"},
    {"volume", "curate", "capability"},
    {"probe"},
    {"judge"},
    {"ask"},
    {"ledger", "estimate"},
    {"figures", "terminal"},
    {"quantity"},
    {"errors"},
]
"""From the top down. Rooms on one floor don't import each other."""

NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def room(path: Path) -> str:
    parts = path.relative_to(SOURCE).with_suffix("").parts
    return parts[0]


def imports(path: Path) -> set[str]:
    """Assay modules that a file imports anywhere, lazily too."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names if alias.name.split(".")[0] == "assay"}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "assay":
            base = node.module or ""
            found |= {
                f"{base}.{alias.name}" if is_module(f"{base}.{alias.name}") else base
                for alias in node.names
            }
    return found


def is_module(name: str) -> bool:
    path = SOURCE.joinpath(*name.split(".")[1:])
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def floor(name: str) -> int:
    return next(level for level, rooms in enumerate(FLOORS) if name in rooms)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_down_the_floors_only(path: Path) -> None:
    own = room(path)
    if own == "__init__":
        return
    for name in imports(path):
        parts = name.split(".")
        other = parts[1] if len(parts) > 1 else "__init__"
        if other in (own, "__init__"):
            continue
        assert floor(other) > floor(own), f"{own} must not import {other} ({name})"


def test_no_module_imports_itself_by_way_of_others() -> None:
    names = {
        path: ".".join(("assay", *path.relative_to(SOURCE).with_suffix("").parts))
        for path in modules()
    }
    graph = {
        name.removesuffix(".__init__"): {
            target for target in imports(path) if target != name.removesuffix(".__init__")
        }
        for path, name in names.items()
    }
    # A package's __init__ that gathers its modules' names is a door, not a room.
    doors = {
        name.removesuffix(".__init__") for name in names.values() if name.endswith(".__init__")
    }
    graph = {name: targets - doors for name, targets in graph.items() if name not in doors}
    cycle = find_cycle(graph)
    assert cycle is None, " -> ".join(cycle or ())


def find_cycle(graph: dict[str, set[str]]) -> list[str] | None:
    state: dict[str, int] = {}
    trail: list[str] = []

    def visit(name: str) -> list[str] | None:
        state[name] = 1
        trail.append(name)
        for target in sorted(graph.get(name, ())):
            if state.get(target) == 1:
                return [*trail[trail.index(target) :], target]
            if target not in state and (found := visit(target)):
                return found
        trail.pop()
        state[name] = 2
        return None

    for name in graph:
        if name not in state and (found := visit(name)):
            return found
    return None


def test_a_cycle_would_be_found() -> None:
    assert find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a", "b", "c", "a"]
    assert find_cycle({"a": {"b"}, "b": set()}) is None


def test_every_room_has_a_name_that_says_what_is_in_it() -> None:
    assert not {path.stem for path in modules()} & NAMELESS


def test_no_module_is_more_than_one_room() -> None:
    long = {
        str(p.relative_to(SOURCE)): n
        for p in modules()
        if (n := len(p.read_text("utf-8").splitlines())) > 500
    }
    assert not long
