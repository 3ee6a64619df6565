from __future__ import annotations

import pytest

from assay.capability.toml_lines import key_lines, line_of

TEXT = '''# a comment
[common]
life = { value = 4 }

["machine"."a b"]
title = """
[not.a.table]
x = 1
"""
power.value = 2
[[many]]
y = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("common",), 2),
        (("common", "life"), 3),
        (("common", "life", "unit"), 3),
        (("machine", "a b"), 5),
        (("machine", "a b", "power", "value"), 10),
        (("machine", "a b", "power"), 10),
        (("machine", "a b", "capex"), 5),
        (("machine",), 5),
        (("many", "y"), 12),
        (("nowhere",), 1),
    ],
)
def test_a_key_is_found_on_its_line(path: tuple[str, ...], line: int) -> None:
    assert line_of(key_lines(TEXT), path) == line


@pytest.mark.parametrize(
    "above",
    [
        "# a comment with \u2028 and \x85 in it",
        'title = \'a """ b\'',
        "title = \"a ''' \\\" b\"",
        '# it\'s """ only a comment',
        'long = """one\ntwo \'\'\' three"""  # """',
    ],
)
def test_signs_that_end_a_line_or_a_text_elsewhere_move_no_key(above: str) -> None:
    line = 2 + above.count("\n")
    assert key_lines(f"{above}\npower = 1\n")["power",] == line


def test_what_stands_in_a_long_text_is_no_key() -> None:
    lines = key_lines(TEXT)
    assert ("not", "a", "table") not in lines
    assert ("machine", "a b", "x") not in lines
