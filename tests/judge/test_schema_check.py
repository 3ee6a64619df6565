"""JSON that follows a schema, in a fence or not; nothing is ever fetched."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.errors import BadInput
from assay.judge.check import Item
from assay.judge.rules import CheckSettings, check_named
from assay.judge.schema_check import JsonSchema, schema_in

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[A-Z]"}, "age": {"$ref": "#/$defs/age"}},
    "required": ["name"],
    "additionalProperties": False,
    "$defs": {"age": {"type": "integer", "minimum": 0}},
}


def judged(schema: object, *answers: str) -> list[tuple[bool | None, str]]:
    check = JsonSchema(json.dumps(schema))
    return [
        (one.wrong, one.note) for one in check.compare(answers, [Item(text) for text in answers])
    ]


def test_right_form_and_what_breaks_it() -> None:
    answers = [
        '{"name": "Ada", "age": 36}',
        'Sure:\n```json\n{"name": "Ada"}\n```\n',
        '{"name": "ada"}',
        '{"name": "Ada", "age": -1}',
        '{"age": 3}',
        '{"name": "Ada", "x": 1}',
        "no JSON here",
        '{"name": NaN}',
        '{"name": ' + "9" * 5_000 + "}",
        "[" * 100_000 + "]" * 100_000,
        '{"name": "\\ud800"}',
        "",
    ]
    found = judged(SCHEMA, *answers)
    assert [wrong for wrong, _ in found] == [False, False] + [True] * 10
    notes = [note for _, note in found[2:6]]
    assert notes == [
        "$.name: breaks pattern",
        "$.age: breaks minimum",
        "$: breaks required",
        "$: breaks additionalProperties",
    ]
    assert {found[place][1] for place in (6, 7, 8, 9, 11)} == {"no JSON"}


def test_a_pattern_in_a_schema_cannot_hang_the_check() -> None:
    schema = {"type": "string", "pattern": "^(a+)+$"}
    assert judged(schema, json.dumps("a" * 40 + "!"), '"aa"') == [
        (None, "it took longer than 2 seconds"),
        (False, ""),
    ]


@pytest.fixture
def server() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that notes who asks."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"type": "string"}')

        def log_message(self, *_: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.server_address[1]}", asked
        listening.shutdown()
        thread.join()


def test_nothing_is_fetched(server: tuple[str, list[str]], tmp_path: Path) -> None:
    url, asked = server
    secret = tmp_path / "secret.json"
    secret.write_text('{"type": "string"}')
    for reference in (f"{url}/schema.json", secret.as_uri(), "other.json"):
        with pytest.raises(BadInput, match="nothing is fetched"):
            judged({"$ref": reference}, '"x"')
        # With a name inside, it can only be found out when it is met.
        named = {"$defs": {"a": {"$id": "http://example.invalid/a"}}, "$ref": reference}
        with pytest.raises(BadInput, match="nothing is fetched"):
            judged(named, '"x"')
    assert asked == []


def test_references_inside_and_to_the_dialects_are_followed() -> None:
    bundled = {
        "$id": "http://example.invalid/root",
        "$ref": "item",
        "$defs": {"i": {"$id": "item", "type": "integer"}},
    }
    assert [wrong for wrong, _ in judged(bundled, "3", '"x"')] == [False, True]
    dialect = {"$ref": "https://json-schema.org/draft/2020-12/schema"}
    assert [wrong for wrong, _ in judged(dialect, '{"type": "object"}', '{"type": 3}')] == [
        False,
        True,
    ]
    with pytest.raises(BadInput, match="which is not in it"):
        judged({"$ref": "#/$defs/none"}, "1")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ("[]", "must be a JSON Schema"),
        ('{"type": "colour"}', "is no JSON Schema"),
        ("[" * 100_000, "is no JSON"),
    ],
)
def test_what_is_no_schema_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadInput, match=message):
        JsonSchema(text, "s.json")


def test_the_name_carries_the_files_name_and_its_contents(tmp_path: Path) -> None:
    path = tmp_path / "person.json"
    path.write_text(json.dumps(SCHEMA))
    first = check_named("json-schema", settings=CheckSettings(schema=path)).judge
    path.write_text(json.dumps(SCHEMA, indent=2, sort_keys=True))
    assert check_named("json-schema", settings=CheckSettings(schema=path)).judge == first
    path.write_text(json.dumps(SCHEMA | {"required": []}))
    assert check_named("json-schema", settings=CheckSettings(schema=path)).judge != first
    assert first.startswith("json-schema@1 (answer@1 + json@1; person.json ")
    with pytest.raises(BadInput, match="can't be read"):
        schema_in(tmp_path / "none.json")
    with pytest.raises(BadInput, match="--schema FILE"):
        check_named("json-schema")
