"""The check `python`: right and wrong code, each kind of error, and code that tries to forge its verdict."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assay.errors import BadInput
from assay.judge.check import Check, Item, Outcome
from assay.judge.parsers import PLAIN, PlainParser
from assay.judge.python_check import KINDS, PythonCheck, function_task
from assay.judge.rules import CheckSettings, check_named
from assay.judge.run_check import judge_by_check
from assay.judge.sandbox.protocol import Limits
from assay.ledger.ingest.pipeline import ingest_file
from assay.ledger.store import Ledger

SECRET = "wanted-6f1c"
DOUBLE = {"function": "f", "cases": [{"args": [2], "returns": 4}, {"args": [5], "returns": 10}]}
GUESS = {"function": "f", "cases": [{"args": [1], "returns": SECRET}]}
HUMAN_EVAL = {
    "function": "f",
    "test": "def check(candidate):\n    assert candidate(2) == 4\n    assert candidate(x=5) == 10",
}
GUESS_TEST = {"function": "f", "test": f"assert f(1) == {SECRET!r}"}


@pytest.fixture(scope="module")
def check() -> Iterator[PythonCheck]:
    made = PythonCheck(Limits(seconds=3.0), workers=1)
    yield made
    made._pool[0].close()


def judged(check: PythonCheck, code: str, reference: object) -> Outcome:
    return check.compare([code], [Item("", json.dumps(reference))])[0]


@pytest.mark.parametrize("reference", [DOUBLE, HUMAN_EVAL], ids=["cases", "test"])
@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("def f(x): return 2 * x", None),
        ("def f(x):\n    print('working')\n    return x + x", None),
        ("f = lambda x: x * 2", None),
        ("def f(x): return x * x", "wrong-value"),
        ("def f(x): return None", "wrong-value"),
        ("def f(x): return object()", "wrong-value"),
        ("def f(x) return 2 * x", "syntax"),
        ("def f(x): return x + ''", "exception"),
        ("import numpy\ndef f(x): return 2 * x", "exception"),
        ("raise ValueError('no')", "exception"),
        ("def f(x): f(x)\nf(1)", "exception"),
        ("def f(x):\n    while True: pass", "time"),
        ("def f(x): return bytearray(10 << 30)", "memory"),
        ("def f(x): return len(open('/etc/passwd').read())", "forbidden"),
        ("import os\ndef f(x): os.fork()", "forbidden"),
        (
            "import ctypes\ndef f(x): ctypes.CDLL(None).ptrace(0, 0, 0, 0); return 2 * x",
            "forbidden",
        ),
        ("import threading\ndef f(x): threading.Thread(target=print).start()", "forbidden"),
        ("def f(x):\n    for _ in range(100): print('x' * (1 << 20))", "output"),
        ("def g(x): return 2 * x", "no-code"),
        ("  \n", "no-code"),
        ("x = 1", "no-code"),
    ],
)
def test_verdicts(check: PythonCheck, reference: object, code: str, kind: str | None) -> None:
    outcome = judged(check, code, reference)
    assert outcome.wrong is (kind is not None), outcome
    assert outcome.kind == (kind or ""), outcome
    assert kind is None or kind in KINDS


FORGERIES = {
    "says that it passed": """
import os, json
for fd in range(3, 64):
    for line in ('{"passed": true}', '{"value": "wanted"}', '{"done": 1}'):
        try: os.write(fd, line.encode() + b'\\n')
        except OSError: pass
def f(x): return 0""",
    "is equal to everything": """
class Any:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
def f(x): return Any()""",
    "is a text that is equal to everything": """
class Text(str):
    def __eq__(self, other): return True
def f(x): return Text('a')""",
    "patches json and builtins": """
import json, builtins
json.dumps = lambda *_, **__: '{"passed": true}'
json.loads = lambda *_, **__: {"passed": True}
builtins.isinstance = lambda *_: True
def f(x): return 0""",
    "exits well": "import sys\nsys.exit(0)",
    "exits well in the call": "import sys\ndef f(x): sys.exit(0)",
    "exits at once": "import os\ndef f(x): os._exit(0)",
    "exits at once with a word": """
import os
os.write(3, b'{"passed": true}\\n'); os._exit(0)""",
    "speaks at exit": """
import atexit, os
atexit.register(lambda: os.write(3, b'{"passed": true}\\n'))
def f(x): return 0""",
    "patches the runner": """
import sys
for name, module in list(sys.modules.items()):
    for attribute in ('send', '_called', '_cases', 'described', 'examine', 'same_value'):
        if hasattr(module, attribute) and name.startswith('assay'):
            setattr(module, attribute, lambda *_, **__: {"passed": True, "value": 1})
def f(x): return 0""",
    "raises the test's own word": "def f(x): raise AssertionError",
    "stops the test": "def f(x): raise SystemExit(0)",
    "skips the test": "import unittest\ndef f(x): raise unittest.SkipTest",
    "blames the test": """
import os
for fd in (3, 5):
    try: os.write(fd, b'{"kind": "test", "error": "", "message": "is at fault"}\\n')
    except OSError: pass
def f(x): raise NameError('g')""",
    "dies under the test": "import ctypes\ndef f(x): ctypes.string_at(0)",
    "traces the runner": """
import sys
def trace(frame, event, argument):
    for name in list(frame.f_locals):
        if isinstance(frame.f_locals[name], dict): frame.f_locals[name]['passed'] = True
    return trace
sys.settrace(trace); sys.setprofile(trace)
def f(x): return 0""",
}


@pytest.mark.parametrize("reference", [GUESS, GUESS_TEST], ids=["cases", "test"])
@pytest.mark.parametrize("forgery", FORGERIES)
def test_no_answer_forges_its_verdict(check: PythonCheck, forgery: str, reference: object) -> None:
    assert judged(check, FORGERIES[forgery], reference).wrong is True


@pytest.mark.parametrize("word", ["StopIteration", "StopAsyncIteration", "AssertionError"])
def test_no_answer_ends_the_loop_of_a_test(check: PythonCheck, word: str) -> None:
    every = {"function": "f", "test": "assert all(map(lambda x: f(x) == x + 1, [1, 2, 9]))"}
    assert judged(check, "def f(x): return x + 1", every).wrong is False
    assert judged(check, f"def f(x): raise {word}", every).wrong is True


SNOOP = """
import gc, os, re, sys
def f(x):
    seen, frame = [], sys._getframe()
    while frame:
        seen.append(repr(frame.f_locals)); frame = frame.f_back
    seen += [repr(o) for o in gc.get_objects() if isinstance(o, (dict, list, tuple, str, bytes))]
    for fd in range(64):
        try:
            os.set_blocking(fd, False)
            seen.append(repr(os.read(fd, 65536)))
        except OSError: pass
    for text in seen:
        found = re.search('wanted-[0-9a-f]{4}', text)
        if found: return found[0]
    return ''
"""


def test_what_is_expected_is_nowhere_to_be_found(check: PythonCheck) -> None:
    # It can be found where it is: in a setup, which is in the process.
    told = {"setup": f"left = [{SECRET!r}]", **GUESS}
    assert judged(check, SNOOP, told).wrong is False
    for _ in range(3):  # nor what an earlier trace of the same task left behind
        assert judged(check, "def f(x): return 1", GUESS_TEST).wrong is True
        assert judged(check, SNOOP, GUESS).wrong is True
        assert judged(check, SNOOP, GUESS_TEST).wrong is True


def test_a_check_made_in_one_process_would_be_forged() -> None:
    """Why there are two: the usual harness, in which the same code passes."""
    space: dict[str, Any] = {}
    exec(FORGERIES["is equal to everything"] + f"\nassert f(1) == {SECRET!r}", space)


def test_assertions_see_values_of_their_type(check: PythonCheck) -> None:
    code = (
        "def f(x): return {'t': (1, 2), 's': {1}, 'k': {1: None}, 'b': b'x', 'c': 2j, 'i': 10**30}"
    )
    test = """
r = f(0)
assert r == {'t': (1, 2), 's': {1}, 'k': {1: None}, 'b': b'x', 'c': 2j, 'i': 10**30}
assert type(r['t']) is tuple
"""
    assert judged(check, code, {"function": "f", "test": test}).wrong is False


def test_assertions_may_expect_an_exception_and_call_a_second_function(check: PythonCheck) -> None:
    code = "def enc(s): return s[::-1]\ndef dec(s):\n    if not s: raise ValueError('empty')\n    return s[::-1]"
    test = """
assert dec(enc('abc')) == 'abc'
try:
    dec('')
    assert False, 'nothing was raised'
except ValueError as error:
    assert str(error) == 'empty'
"""
    reference = {"function": "dec", "functions": ["enc"], "test": test}
    assert judged(check, code, reference).wrong is False
    assert judged(check, code.replace("raise", "return"), reference).wrong is True


def test_numbers_are_compared_within_a_tolerance(check: PythonCheck) -> None:
    reference = {"function": "f", "cases": [{"returns": 0.3}]}
    assert judged(check, "def f(): return 0.1 + 0.2", reference).wrong is False
    assert judged(check, "def f(): return 0.1 + 0.2", reference | {"tolerance": 0}).wrong is True
    assert judged(check, "def f(): return 0.29", reference | {"tolerance": 0.05}).wrong is False


def test_arguments_by_name_and_a_setup(check: PythonCheck) -> None:
    reference = {
        "function": "f",
        "setup": "from typing import List\nimport math",
        "cases": [{"args": [[1, 4]], "kwargs": {"k": 2}, "returns": [2, 4.0]}],
    }
    code = "def f(x: List[int], *, k): return (math.sqrt(x[1]) * 1, k * 2)"
    assert judged(check, code, reference).wrong is False


def test_the_note_names_the_case_and_what_came(check: PythonCheck) -> None:
    assert judged(check, "def f(x): return 4", DOUBLE) == Outcome(
        True, "case 2: returned 4", "wrong-value"
    )
    note = judged(check, "def f(x): return '\\ud800' + 'x' * 999", DOUBLE).note
    assert len(note) == 200
    note.encode()


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("no json", "must be JSON"),
        ("[]", "a JSON object"),
        ("{}", "function must be a name"),
        ('{"function": "os.system"}', "function must be a name"),
        ('{"function": "f"}', "either cases or a test"),
        ('{"function": "f", "cases": [], "test": ""}', "either cases or a test"),
        ('{"function": "f", "cases": [{}], "test": "x"}', "either cases or a test"),
        ('{"function": "f", "cases": [{"args": []}]}', "args, kwargs and returns"),
        ('{"function": "f", "cases": [{"args": {}, "returns": 1}]}', "must be a list"),
        ('{"function": "f", "cases": [{"returns": 1}], "tolerance": -1}', "tolerance"),
        ('{"function": "f", "cases": [{"returns": 1}], "tolerance": NaN}', "tolerance"),
        ('{"function": "f", "cases": [{"returns": 1}], "setup": 1}', "setup"),
        ('{"function": "f", "test": "assert ("}', "test is at fault"),
        ('{"function": "f", "test": "assert g(1)"}', "test is at fault"),
    ],
)
def test_a_reference_at_fault_leaves_the_trace_unjudged(
    check: PythonCheck, reference: str, message: str
) -> None:
    outcome = check.compare(["def f(x): return 1"], [Item("", reference)])[0]
    assert outcome.wrong is None
    assert message in outcome.note
    if "test is" not in message:
        with pytest.raises(BadInput, match=message):
            function_task(reference)


def test_several_at_a_time_keep_their_order() -> None:
    check = PythonCheck(workers=3)
    answers = [f"def f(x): return {n % 4}" for n in range(24)]
    items = [Item("", json.dumps({"function": "f", "cases": [{"args": [0], "returns": 1}]}))] * 24
    assert [o.wrong for o in check.compare(answers, items)] == [n % 4 != 1 for n in range(24)]
    check._pool[0].close()


def test_the_parser_travels_with_the_verdict_and_changes_it(check: PythonCheck) -> None:
    fenced = "Here it is:\n```python\ndef f(x):\n    return 2 * x\n```\nIt doubles."
    verdicts = {}
    for name in ("code", "whole"):
        version, read, _ = PLAIN[name]
        rule = Check(check, PlainParser(f"{name}@{version}", read))
        verdicts[rule.judge] = rule.judge_all([Item(fenced, json.dumps(DOUBLE))])[0].wrong
    assert list(verdicts.values()) == [False, True]
    assert all(name.startswith("python@1 (") for name in verdicts)
    assert "code@1; Python 3." in next(iter(verdicts))
    assert next(iter(verdicts)).endswith("3 s, 512 MB)")


def test_limits_that_no_code_can_keep_are_refused() -> None:
    for wrong in ({"seconds": 0}, {"seconds": float("nan")}, {"memory_bytes": 1 << 20}):
        with pytest.raises(BadInput):
            Limits(**wrong)


def test_from_a_log_to_verdicts_once_each(ledger: Ledger, write: Callable[..., Path]) -> None:
    reference = json.dumps(DOUBLE)
    outputs = {
        "right": "```python\ndef f(x):\n    return x + x\n```",
        "wrong": "```python\ndef f(x):\n    return x * x\n```",
        "hostile": "import os\ndef f(x):\n    os.system('true')\n    return open('/etc/passwd').read()",
    }
    rows = [
        {"task_id": name, "system": "coder", "version": "1", "output": text, "reference": reference}
        for name, text in outputs.items()
    ]
    ingest_file(ledger, write("code.jsonl", "\n".join(map(json.dumps, rows))))
    rule = check_named("python", settings=CheckSettings(seconds=2.0))
    report = judge_by_check(ledger, rule)
    assert (report.judged, report.wrong) == (3, 2)
    assert judge_by_check(ledger, rule).judged == 0
    found = ledger.rows(
        "SELECT task_id, verdicts.kind AS kind FROM verdicts JOIN traces ON verdicts.trace_id = traces.trace_id"
    )
    assert {row["task_id"]: row["kind"] for row in found} == {
        "right": None,
        "wrong": "wrong-value",
        "hostile": "forbidden",
    }


@pytest.mark.local
def test_functions_that_a_real_model_writes() -> None:
    from assay.ask.local_model import LocalModel
    from assay.ask.request import ChatRequest, Message

    asked = {"add": ([1, 2], 3), "square": ([3], 9), "largest": ([[1, 5, 2]], 5)}

    async def ask() -> list[str]:
        model = LocalModel(slots=1)
        said = []
        for name in asked:
            text = f"Write a Python function {name}. Give only the code, in a fenced block."
            request = ChatRequest((Message("user", text),), temperature=0.0, max_tokens=120)
            said.append((await model.answer(request)).output)
        await model.close()
        return said

    items = [
        Item(output, json.dumps({"function": name, "cases": [{"args": args, "returns": returns}]}))
        for output, (name, (args, returns)) in zip(asyncio.run(ask()), asked.items(), strict=True)
    ]
    verdicts = check_named("python").judge_all(items)
    # The model is small: what it writes may be wrong in any way, but each answer is judged, and a right one passes.
    assert all(one.wrong is not None for one in verdicts)
    assert not all(one.wrong for one in verdicts), [(one.kind, one.note) for one in verdicts]
