"""Arithmetic that a file of others asks for: read by a list of what is allowed, computed in fractions, never run."""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from assay.errors import BadInput

MOST_CHARACTERS = 300
MOST_DIGITS = 30
"""Of numerator and denominator: beyond it nothing is an exam's number, and computing would take long."""

_OPERATORS: dict[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: lambda a, b: Fraction(a // b),
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Fraction, Fraction], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
ALLOWED = "numbers, names, + - * / // % and brackets"


class NotArithmetic(BadInput):
    """A text that is no arithmetic expression, or one that has no value."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An arithmetic expression, or a comparison of such.

    Parameters
    ----------
    text
        As it was written.
    names
        The names in it.
    """

    text: str
    names: frozenset[str]
    _tree: ast.expr

    def value(self, values: Mapping[str, Fraction]) -> Fraction:
        """Return what it comes to.

        Raises
        ------
        NotArithmetic
            Where a name has no value, something is divided by zero, or a number gets too long.
        """
        try:
            return _value(self._tree, values)
        except ZeroDivisionError:
            raise NotArithmetic(f"{self.text!r:.60} divides by zero") from None
        except KeyError as error:
            raise NotArithmetic(f"{self.text!r:.60}: {error.args[0]} has no value") from None

    def holds(self, values: Mapping[str, Fraction]) -> bool:
        """Return whether a comparison holds: each of a chain such as ``0 < a < b``; not where a side has no value."""
        tree = self._tree
        if not isinstance(tree, ast.Compare):
            raise NotArithmetic(f"{self.text!r:.60} compares nothing")
        try:
            sides = [_value(side, values) for side in (tree.left, *tree.comparators)]
        except (ZeroDivisionError, KeyError, NotArithmetic):
            return False
        return all(
            _COMPARISONS[type(how)](a, b)
            for how, a, b in zip(tree.ops, sides[:-1], sides[1:], strict=True)
        )

    def numbers(self) -> tuple[tuple[int, int, Fraction], ...]:
        """Return the numbers in it as (beginning, end, value), places in `text`, from left to right."""
        found = [
            (node.col_offset, node.end_col_offset or 0, _constant(node))
            for node in ast.walk(self._tree)
            if isinstance(node, ast.Constant)
        ]
        return tuple(sorted(found))


def arithmetic(text: str, *, comparison: bool = False) -> Expression:
    """Read an arithmetic expression.

    Parameters
    ----------
    text
        ASCII; at most 300 characters.
    comparison
        Whether it must be one of ``< <= > >= == !=``, else none.

    Raises
    ------
    NotArithmetic
        If anything but numbers, names, ``+ - * / // %`` and brackets is in it: no call, no attribute, no power.

    Examples
    --------
    >>> arithmetic("(a + 3) / 2").value({"a": Fraction(4)})
    Fraction(7, 2)
    >>> arithmetic("__import__('os')")
    Traceback (most recent call last):
    assay.probe.twin_arithmetic.NotArithmetic: "__import__('os')" is no arithmetic: only numbers, names, + - * / // % \
and brackets
    """
    text = text.strip()
    refused = NotArithmetic(f"{text!r:.60} is no arithmetic: only {ALLOWED}")
    if not text or len(text) > MOST_CHARACTERS or not text.isascii() or "\n" in text:
        raise refused
    try:
        with warnings.catch_warnings():
            # Python's advice on its own syntax, as of "1if a else 2", is none to whoever wrote this.
            warnings.simplefilter("ignore")
            tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise refused from None
    sides = [tree]
    if comparison:
        if not isinstance(tree, ast.Compare) or any(
            type(how) not in _COMPARISONS for how in tree.ops
        ):
            raise NotArithmetic(f"{text!r:.60} is no comparison, as 0 < a < b")
        sides = [tree.left, *tree.comparators]
    names: set[str] = set()
    for side in sides:
        if not _allowed(side, names):
            raise refused
    return Expression(text, frozenset(names), tree)


def _allowed(node: ast.expr, names: set[str]) -> bool:
    match node:
        case ast.BinOp(left, op, right):
            return type(op) in _OPERATORS and _allowed(left, names) and _allowed(right, names)
        case ast.UnaryOp(ast.USub() | ast.UAdd(), operand):
            return _allowed(operand, names)
        case ast.Name(name):
            names.add(name)
            return True
        case ast.Constant(int() | float() as value) if not isinstance(value, bool):
            return bool(abs(value) < 10**MOST_DIGITS)
        case _:
            return False


def _value(node: ast.expr, values: Mapping[str, Fraction]) -> Fraction:
    match node:
        case ast.BinOp(left, op, right):
            found = _OPERATORS[type(op)](_value(left, values), _value(right, values))
        case ast.UnaryOp(ast.USub(), operand):
            found = -_value(operand, values)
        case ast.UnaryOp(_, operand):
            found = _value(operand, values)
        case ast.Name(name):
            found = values[name]
        case ast.Constant():
            found = _constant(node)
        case _:
            raise NotArithmetic(f"only {ALLOWED} have a value")
    if max(abs(found.numerator), found.denominator) >= 10**MOST_DIGITS:
        raise NotArithmetic(f"a number of over {MOST_DIGITS} digits comes up")
    return found


def _constant(node: ast.Constant) -> Fraction:
    # The shortest decimal that reads as this float is the one that was written: 0.1 is one tenth.
    return Fraction(repr(node.value))
