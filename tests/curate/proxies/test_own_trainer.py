from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from assay.curate.proxies.own_trainer import OwnTrainer
from assay.curate.proxies.proxy import Proxy
from assay.curate.proxies.tokenizer import train_tokenizer
from assay.curate.text_column import TextColumn
from assay.errors import BadInput
from processes import ended

TEXTS = TextColumn.from_texts(["the cat sat on the mat", "a dög; $(touch x) `y`", "the end"])
TOKENIZER = train_tokenizer(TEXTS, vocabulary=270)
COLUMN = TOKENIZER.encode(TEXTS)

UNIGRAM = """
import json, math, pathlib, sys
from collections import Counter
data, out, seed, tokens = sys.argv[1:]
read = lambda name: [json.loads(x) for x in open(pathlib.Path(data, name), encoding="utf-8")]
count = Counter(b for x in read("train.jsonl") for b in x["text"].encode())
run = json.load(open(pathlib.Path(data, "run.json")))
assert str(run["seed"]) == seed and str(run["training_tokens"]) == tokens
total = sum(count.values()) + 256
with open(out, "w") as stream:
    for x in read("heldout.jsonl"):
        bits = -sum(math.log2((count[b] + 1) / total) for b in x["text"].encode())
        print(json.dumps({"document": x["document"], "bits": bits}), file=stream)
"""


def trainer(
    folder: Path, code: str, *, arguments: str = "{data} {out}", seconds: float = 60
) -> OwnTrainer:
    script = folder / "my train.py"
    script.write_text(code, encoding="utf-8")
    return OwnTrainer(f"'{sys.executable}' '{script}' {arguments}", TOKENIZER, seconds)


def asked(
    proxy: Proxy, tokens: int | None = None
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    rng = np.random.default_rng(1)
    return proxy.held_out_bits(COLUMN, COLUMN, rng=rng, training_tokens=tokens).bits


def test_a_command_is_a_proxy(tmp_path: Path) -> None:
    proxy = trainer(tmp_path, UNIGRAM, arguments="{data} {out} {seed} {tokens}")
    loss = proxy.held_out_bits(COLUMN, COLUMN, rng=np.random.default_rng(1))
    raw = [TEXTS.bytes_of(row) for row in range(len(TEXTS))]
    count = np.bincount(np.frombuffer(b"".join(raw), np.uint8), minlength=256) + 1
    cost = -np.log2(count / count.sum())
    wanted = [cost[np.frombuffer(part, np.uint8)].sum() for part in raw]
    assert loss.bits == pytest.approx(np.array(wanted))
    assert loss.n_bytes.tolist() == [len(part) for part in raw]
    assert loss.trained_tokens == COLUMN.n_tokens


def test_going_over_the_text_again_is_told_in_bytes(tmp_path: Path) -> None:
    code = (
        "import json,sys\nrun=json.load(open(sys.argv[1]+'/run.json'))\n"
        "open(sys.argv[2],'w').write('\\n'.join(json.dumps({'document':n,'bits':run['training_bytes']})"
        " for n in range(3)))"
    )
    n_bytes = int(TEXTS.lengths.sum())
    assert asked(trainer(tmp_path, code), 3 * COLUMN.n_tokens).tolist() == [3 * n_bytes] * 3


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import sys; print('no memory', file=sys.stderr); sys.exit(7)", "exit code 7: no memory"),
        ("import os; os.kill(os.getpid(), 9)", "signal 9"),
        ("pass", "wrote no"),
        ("import sys; open(sys.argv[2],'w').write('{\"document\":0,\"bits\":1}\\n')", "2 of 3"),
        ("import sys; open(sys.argv[2],'w').write('{\"document\":0,\"bits\":1}\\n'*2)", "twice"),
        ("import sys; open(sys.argv[2],'w').write('{\"document\":3,\"bits\":1}')", "line 1"),
        ("import sys; open(sys.argv[2],'w').write('{\"document\":0,\"bits\":NaN}')", "line 1"),
        ("import sys; open(sys.argv[2],'w').write('{\"document\":0,\"bits\":-1}')", "line 1"),
        ("import sys; open(sys.argv[2],'w').write('['*100000)", "line 1"),
        ("import sys; open(sys.argv[2],'wb').write(b'\\xff\\xfe')", "line 1"),
    ],
    ids=[
        "exit",
        "signal",
        "nothing",
        "missing",
        "twice",
        "unknown",
        "nan",
        "below",
        "deep",
        "bytes",
    ],
)
def test_a_trainer_that_fails_is_said(tmp_path: Path, code: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        asked(trainer(tmp_path, code))


def test_one_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    child, sleep = tmp_path / "child", "import time; time.sleep(120)"
    code = (
        f"import pathlib, subprocess, sys, time\np = subprocess.Popen([sys.executable, '-c', {sleep!r}])\n"
        f"pathlib.Path({str(child)!r}).write_text(str(p.pid)); time.sleep(120)"
    )
    with pytest.raises(BadInput, match=r"longer than 3 seconds"):
        asked(trainer(tmp_path, code, seconds=3))
    assert ended(child.read_text())


def test_no_shell_reads_the_command(tmp_path: Path) -> None:
    script = tmp_path / "t.py"
    script.write_text("import sys; print(sys.argv[3:], file=sys.stderr); sys.exit(1)")
    command = f"{sys.executable} {script} {{data}} {{out}} ; touch {tmp_path}/made '$HOME'"
    with pytest.raises(BadInput, match=r"';', 'touch'.*\$HOME"):
        asked(OwnTrainer(command, TOKENIZER))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("python t.py {data}", "must hold"),
        ("", "must hold"),
        ("python 't.py {data} {out}", "split"),
    ],
)
def test_a_command_that_can_not_work_is_refused(command: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        OwnTrainer(command, TOKENIZER)


def test_a_program_that_is_not_there_is_said() -> None:
    with pytest.raises(BadInput, match="can't be started"):
        asked(OwnTrainer("/no/such/program {data} {out}", TOKENIZER))


def test_a_time_limit_must_be_above_zero() -> None:
    with pytest.raises(BadInput, match="above 0"):
        OwnTrainer("x {data} {out}", TOKENIZER, 0)
    with pytest.raises(BadInput, match="above 0"):
        OwnTrainer("x {data} {out}", TOKENIZER, float("nan"))
