"""`assay label --web`: what it refuses, and what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.ledger.store import Ledger
from cli.conftest import Done
from web.room import room, seeded_file
from web.served import Visitor, served

Assay = Callable[..., Done]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "runs.ledger"
    room(path, traces=30, labels=10)
    return path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "give one of"),
        (["list.csv", "--web"], "give one of"),
        (["--web", "--readers"], "give one of"),
        (["list.csv", "--port", "8000"], "--port goes with --web"),
        (["--readers", "--draw", "draw-1"], "--draw goes with --web"),
        (["--web", "--person", "ada"], "--person goes with a FILE"),
        (["--web", "--seeded-share", "0.1"], "--seeded-share goes with --seeded"),
    ],
)
def test_wrong_usage(assay: Assay, path: Path, options: list[str], said: str) -> None:
    done = assay("label", path, *options)
    assert done.status == 2
    assert said in done.err


def test_no_such_draw(assay: Assay, path: Path) -> None:
    done = assay("label", path, "--web", "--draw", "draw-0")
    assert done.status == 1
    assert "has no draw 'draw-0'" in done.err


@pytest.mark.parametrize("name", ["[/]", "[bold]ada[/red]", "[link=http://evil.example]ada"])
def test_a_name_is_no_markup(assay: Assay, path: Path, name: str) -> None:
    said = {"trace_id": "seeded-1", "draw_id": None}
    Ledger.open(path).append("verdicts", [
        {**said, "judge": name, "judge_kind": "person", "error_probability": 1.0, "source": "page-1:1"},
        {**said, "judge": "seeded key", "judge_kind": "check", "error_probability": 1.0, "source": "seeded-1:0"},
    ])  # fmt: skip
    done = assay("label", path, "--readers")
    assert done.status == 0, done.err
    assert name.partition("=")[0] in done.out


def test_nothing_to_label(assay: Assay, path: Path) -> None:
    with served(path) as server:
        visitor = Visitor(server.port, server.token, "ada").enter()
        while visitor.item:
            visitor.say("right")
        visitor.close()
        assert server.stop() == 0
    done = assay("label", path, "--web")
    assert done.status == 1
    assert "every output of the 1 draws" in done.err


def test_a_second_page_for_the_same_draw_names_the_first(assay: Assay, path: Path) -> None:
    with served(path) as server:
        done = assay("label", path, "--web")
        assert done.status == 1
        assert f"http://127.0.0.1:{server.port}/" in done.err
        assert server.token not in done.err
        # The port is the first one's, too.
        assert "can't be had" in assay("label", path, "--web", "--port", server.port).err
        server.kill()
    with served(path) as server:
        assert server.stop() == 0, "the lock of a killed server is released by the system"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"output": "x"}', "wrong must be true or false"),
        ('{"output": "x", "wrong": 1}', "wrong must be true or false, got 1"),
        ('{"wrong": true}', "needs an output"),
        ('{"output": 5, "wrong": true}', "output must be a string"),
        ('{"output": "x", "wrong": true, "verdict": 1}', "got 'verdict'"),
        (
            '{"output": "x", "wrong": true}\n{"output": "x", "wrong": false}',
            "as wrong and as right",
        ),
        ("no json", "2"),
        ("", "holds no seeded item"),
    ],
)
def test_a_seeded_file_is_refused_by_line(
    assay: Assay, path: Path, tmp_path: Path, line: str, said: str
) -> None:
    seeded = tmp_path / "seeded.jsonl"
    seeded.write_text("\n" + line)
    done = assay("label", path, "--web", "--seeded", seeded)
    assert done.status == 1
    assert said in done.err


def test_readers_are_unknown_until_somebody_reads_a_seeded_item(
    assay: Assay, path: Path, tmp_path: Path
) -> None:
    done = assay("label", path, "--readers")
    assert (done.status, done.out) == (0, "unknown: nobody has read a seeded item\n")
    assert assay("label", path, "--readers", "--json").json == {"readers": []}
    with served(
        path, "--seeded", seeded_file(tmp_path / "s.jsonl"), "--seeded-share", 0.5
    ) as server:
        visitor = Visitor(server.port, server.token, "ada").enter()
        while visitor.item:
            assert "to go</span>" in visitor.page
            visitor.say("unsure")
        visitor.close()
        assert server.stop() == 0
    (ada,) = json.loads(assay("label", path, "--readers", "--json").out)["readers"]
    assert ada["person"] == "ada"
    assert ada["unsure"] == ada["errors"] + ada["right"]
    for share in ("sensitivity", "specificity"):
        assert ada[share]["value"] in (0, None)
    assert "ada" in assay("label", path, "--readers").out
