"""Samples of the lm-evaluation-harness: one filter, the model from beside the file, only metrics that say right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import AssayError, BadInput
from assay.ledger.ingest.lm_eval import LM_EVAL
from assay.ledger.ingest.reader import Head
from assay.ledger.ingest.record import Blank, Item, Record, Rejected, Row, Tally
from assay.ledger.ingest.source import ReadOptions, Source

DATE = "2026-11-22T16-02-53.195673"


def _generation(doc: int = 0, filter_name: str = "strict-match", **changed: Any) -> dict[str, Any]:
    line = {
        "doc_id": doc, "doc": {"question": "1+1?"}, "target": "2",
        "arguments": {"gen_args_0": {"arg_0": "Question: 1+1?\nAnswer:", "arg_1": {"until": ["\n"]}}},
        "resps": [["It is 2."]], "filtered_resps": ["2"], "filter": filter_name, "metrics": ["exact_match"],
        "doc_hash": f"hash{doc}", "exact_match": 1.0,
    }  # fmt: skip
    return {k: v for k, v in (line | changed).items() if v is not ...}


def _choice(likelihoods: list[str], **changed: Any) -> dict[str, Any]:
    arguments = {
        f"gen_args_{n}": {"arg_0": "Pick:", "arg_1": f" {'abcdefghijkl'[n]}"}
        for n in range(len(likelihoods))
    }
    responses = [[[value, "False"]] for value in likelihoods]
    return _generation(
        filter_name="none", arguments=arguments, resps=responses, filtered_resps=[r[0] for r in responses],
        target="1", metrics=["acc", "acc_norm"], exact_match=..., acc=1.0, acc_norm=0.0,
    ) | changed  # fmt: skip


def _write(
    tmp_path: Path, *lines: Any, name: str = f"samples_arith_{DATE}.jsonl", results: Any = None
) -> Path:
    path = tmp_path / name
    path.write_text(
        "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
    )
    if results is not None:
        (tmp_path / f"results_{DATE}.json").write_text(json.dumps(results))
    return path


def _read(path: Path, filter_name: str = "", system: str = "m") -> list[Item]:
    source = Source(path)
    assert LM_EVAL.recognises(Head(source.head(), path.name))
    return list(LM_EVAL.read(source, ReadOptions(filter=filter_name, system=system)))


def _only(items: list[Item]) -> tuple[Row, tuple[Row, ...]]:
    (item,) = items
    assert isinstance(item, Record), item
    (trace,) = item.traces
    return trace, item.verdicts


def _tally(items: list[Item]) -> tuple[int, int, int, int, int]:
    tally = Tally()
    for item in items:
        tally.add(item)
    return tally.accepted, tally.rejected, tally.blank, tally.traces, tally.verdicts


# Counted apart: 6 documents and 2 filters, all wrong; 6 questions, of which acc and acc_norm find 2 right each.
@pytest.mark.shared_data
@pytest.mark.parametrize("filter_name", ["strict-match", "flexible-extract"])
def test_real_generations(filter_name: str, shared_data: Path) -> None:
    items = _read(
        shared_data / "fixtures" / "lm_eval" / f"samples_toygen_{DATE}.jsonl",
        filter_name,
        system="",
    )
    assert _tally(items) == (12, 0, 0, 6, 6)
    traces = [row for item in items if isinstance(item, Record) for row in item.traces]
    verdicts = [row for item in items if isinstance(item, Record) for row in item.verdicts]
    assert {row["system"] for row in traces} == {"i82qcls7"}
    assert {row["judge"] for row in verdicts} == {f"exact_match,{filter_name}"}
    assert [row["error_probability"] for row in verdicts] == [1.0] * 6
    assert [row["output"] for row in traces] == ["lol"] * 6
    assert traces[0]["at"] == 1_795_363_372_842_823


@pytest.mark.shared_data
def test_real_choices(shared_data: Path) -> None:
    items = _read(shared_data / "fixtures" / "lm_eval" / f"samples_toymc_{DATE}.jsonl", system="")
    assert _tally(items) == (6, 0, 0, 6, 12)
    right = {"acc,none": 0, "acc_norm,none": 0}
    for item in items:
        assert isinstance(item, Record)
        (trace,) = item.traces
        for row in item.verdicts:
            right[str(row["judge"])] += row["error_probability"] == 0.0
            assert (trace["output"] == trace["reference"]) == (row["error_probability"] == 0.0)
    assert right == {"acc,none": 2, "acc_norm,none": 2}


@pytest.mark.shared_data
def test_real_results_file_is_not_the_samples(shared_data: Path) -> None:
    with pytest.raises(BadInput, match="--log_samples"):
        _read(shared_data / "fixtures" / "lm_eval" / f"results_{DATE}.json")


def test_whole_line(tmp_path: Path) -> None:
    results = {
        "model_name": "vendor/m",
        "date": 1_795_363_372.5,
        "higher_is_better": {"arith": {"exact_match": True}},
    }
    path = _write(tmp_path, _generation(), results=results)
    trace, (verdict,) = _only(_read(path, system=""))
    own = Source(path).content_hash
    assert {k: v for k, v in trace.items() if v is not None} == {
        "trace_id": f"{own}-doc0", "task_id": "arith/hash0", "system": "vendor/m", "version": "", "epoch": 1,
        "at": 1_795_363_372_500_000, "input": "Question: 1+1?\nAnswer:", "output": "It is 2.", "answer": "2",
        "reference": "2", "origin": "exam", "source": f"{own}:1",
        "tags": '{"doc_id":"0","filter":"strict-match","task":"arith"}',
    }  # fmt: skip
    assert {k: v for k, v in verdict.items() if v is not None} == {
        "trace_id": f"{own}-doc0", "judge": "exact_match,strict-match", "judge_kind": "check",
        "error_probability": 0.0, "at": 1_795_363_372_500_000, "source": f"{own}:1",
    }  # fmt: skip


def test_several_filters_need_a_choice(tmp_path: Path) -> None:
    lines = [_generation(doc, name) for name in ("strict-match", "flexible") for doc in range(3)]
    path = _write(tmp_path, *lines)
    with pytest.raises(BadInput, match="strict-match, flexible") as caught:
        _read(path)
    assert (
        caught.value.next_command == f"assay ingest {path} --into runs.ledger --filter strict-match"
    )
    with pytest.raises(BadInput, match="no filter 'strict'"):
        _read(path, "strict")
    assert _tally(_read(path, "flexible")) == (6, 0, 0, 3, 3)


def test_another_filter_is_another_verdict_on_the_same_trace(tmp_path: Path) -> None:
    path = _write(tmp_path, _generation(0, "a"), _generation(0, "b", exact_match=0.0))
    ids = [
        row["trace_id"]
        for name in "ab"
        for item in _read(path, name)
        if isinstance(item, Record)
        for row in item.verdicts
    ]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_repeated_document_keeps_both_lines(tmp_path: Path) -> None:
    items = _read(_write(tmp_path, _generation(), _generation(resps=[["3"]])))
    assert (
        len({row["trace_id"] for item in items if isinstance(item, Record) for row in item.traces})
        == 2
    )


def test_choice_with_the_highest_likelihood(tmp_path: Path) -> None:
    line = _choice(["-3.5", "-0.25", "-10", "-1", "-2", "-3", "-4", "-5", "-6", "-7", "-8"])
    trace, verdicts = _only(_read(_write(tmp_path, line)))
    assert (trace["output"], trace["answer"], trace["reference"]) == ("b", "b", "b")
    assert [(v["judge"], v["error_probability"]) for v in verdicts] == [
        ("acc,none", 0.0),
        ("acc_norm,none", 1.0),
    ]


@pytest.mark.parametrize(
    ("target", "expected"), [("0", "a"), (1, "b"), ("b", "b"), ("7", "7"), ("other", "other")]
)
def test_reference_of_a_choice(tmp_path: Path, target: object, expected: str) -> None:
    trace, _ = _only(_read(_write(tmp_path, _choice(["-1", "-2"], target=target))))
    assert trace["reference"] == expected


def test_infinite_and_missing_likelihoods(tmp_path: Path) -> None:
    trace, _ = _only(_read(_write(tmp_path, _choice(["-inf", "nan", "-9"]))))
    assert trace["output"] == "c"
    (item,) = _read(_write(tmp_path, _choice(["nan", "?"])))
    assert isinstance(item, Rejected)
    assert "no log-likelihood" in item.reason


@pytest.mark.parametrize(("greedy", "output"), [("True", "a"), ("False", "")])
def test_single_continuation_is_given_only_where_it_is_greedy(
    tmp_path: Path, greedy: str, output: str
) -> None:
    trace, _ = _only(_read(_write(tmp_path, _choice(["-1"], resps=[[["-1.5", greedy]]]))))
    assert trace["output"] == output


def test_arguments_of_old_versions_are_lists(tmp_path: Path) -> None:
    old = _generation(arguments=[["Q:", {"until": []}]], metrics=..., filter=..., doc_hash=...)
    trace, (verdict,) = _only(_read(_write(tmp_path, old)))
    assert (trace["input"], trace["task_id"]) == ("Q:", "arith/0")
    assert verdict["judge"] == "exact_match,none"


def test_metric_that_does_not_say_right_is_a_tag(tmp_path: Path) -> None:
    line = _generation(
        metrics=["bleu", "loss", "f1", "exact_match", "pair"],
        bleu=31.0,
        loss=0.5,
        f1=0.25,
        pair=[1, 2],
    )
    trace, verdicts = _only(_read(_write(tmp_path, line)))
    assert {v["judge"]: v["error_probability"] for v in verdicts} == {
        "f1,strict-match": 0.75, "exact_match,strict-match": 0.0
    }  # fmt: skip
    tags = json.loads(str(trace["tags"]))
    assert (tags["metric.bleu"], tags["metric.loss"]) == ("31.0", "0.5")


def test_results_say_which_direction_is_good(tmp_path: Path) -> None:
    results = {
        "model_name": "m",
        "higher_is_better": {"arith": {"exact_match": False, "novel": True}},
    }
    line = _generation(metrics=["exact_match", "novel"], novel=1)
    _, verdicts = _only(_read(_write(tmp_path, line, results=results)))
    assert [v["judge"] for v in verdicts] == ["novel,strict-match"]


@pytest.mark.parametrize("arguments", ["pretrained=org/m,dtype=auto", {"pretrained": "org/m"}])
def test_model_from_the_arguments_in_old_results(tmp_path: Path, arguments: object) -> None:
    path = _write(tmp_path, _generation(), results={"config": {"model_args": arguments}})
    assert _only(_read(path, system=""))[0]["system"] == "org/m"


def test_model_from_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "EleutherAI__pythia-160m"
    folder.mkdir()
    assert (
        _only(_read(_write(folder, _generation()), system=""))[0]["system"]
        == "EleutherAI/pythia-160m"
    )


def test_nobody_named(tmp_path: Path) -> None:
    path = _write(tmp_path, _generation())
    with pytest.raises(BadInput, match="which model answered") as caught:
        _read(path, system="")
    assert caught.value.next_command == f"assay ingest {path} --into runs.ledger --system NAME"


@pytest.mark.parametrize("results", ["{", "[]", '{"model_name": 5}', ""])
def test_damaged_results_are_no_results(tmp_path: Path, results: str) -> None:
    path = _write(tmp_path, _generation())
    (tmp_path / f"results_{DATE}.json").write_text(results)
    assert _only(_read(path))[0]["system"] == "m"


def test_counts_add_up_over_bad_lines(tmp_path: Path) -> None:
    bad = [
        json.dumps(_generation(filter=...)),
        '{"doc_id": 1',
        "[]",
        '{"doc_id": NaN}',
        '{"doc_id": 1, "doc_id": 2}',
        '{"a": 1}',
    ]
    arguments: list[Any] = [None, 5, {}, [], [[]], {"a": 1}]
    responses: list[Any] = [None, [], [[]]]
    bad += [json.dumps(_generation(arguments=value)) for value in arguments]
    bad += [json.dumps(_generation(resps=value)) for value in responses]
    items = _read(_write(tmp_path, _generation(), "", *bad, _generation(1)))
    assert _tally(items) == (2, len(bad), 1, 2, 2)
    assert isinstance(items[1], Blank)
    assert [item.line for item in items] == list(range(1, len(items) + 1))


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(list(_generation())), _JSON, max_size=4))
def test_any_values(tmp_path_factory: pytest.TempPathFactory, changed: dict[str, Any]) -> None:
    path = _write(tmp_path_factory.mktemp("lm"), _generation(), json.dumps(_generation() | changed))
    try:
        items = list(LM_EVAL.read(Source(path), ReadOptions(system="m")))
    except AssayError:
        return
    assert len(items) == 2
    assert isinstance(items[0], Record)


@pytest.mark.parametrize(
    ("start", "name", "expected"),
    [
        (b'{"doc_id": 0, "doc": {"text": "' + b"x" * 65_000, "samples_t.jsonl", True),
        (b'{"doc_id": 0, "doc": {"text": "' + b"x" * 65_000, "other.jsonl", False),
        (b'{"results": {}, "group_subtasks": {}}', "results.json", True),
        (b'{"task_id": 0}', "samples_x.jsonl", False),
        (b"", "", False),
        (b"\x00\xff", "samples_x", False),
    ],
)
def test_recognised(start: bytes, name: str, expected: bool) -> None:
    assert LM_EVAL.recognises(Head(start, name)) is expected
