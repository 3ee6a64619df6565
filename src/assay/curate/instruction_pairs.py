"""Fine-tuning records as pairs of an instruction and an answer, and when two of either are the same."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import msgspec

from assay.curate.read.files import inputs_of, read_documents
from assay.curate.read.flatten import CONTENTS, INSTRUCTIONS, ROLES, TURNS
from assay.curate.read.jsonl import OWN
from assay.curate.read.raw import ReadSettings
from assay.curate.rejected import Rejected
from assay.judge.numbers import numbers_in, value_of
from assay.judge.parsers import answer_line, boxed, last_number

ANSWERERS = ("assistant", "gpt", "model", "bot", "chatgpt")
"""Roles that answer."""

NO_PAIR = "no instruction with an answer"
_NO_FIELD = "no text field"
_MOST_DIGITS = 27
# "5!" and "n!" are no exclamations.
_ENDS = re.compile(r"(?:(?<=[^\W\d_]{2})[!?.]+)?[\s.?:;,]*\Z")
_WORDS = re.compile(r"\d+(?:\.\d+)?|\w+(?:['\u2019]\w+)*|[^\w\s]")
# Brackets, colons and signs may be mathematics: they stay.
_SAYS_NOTHING = frozenset({"a", "an", "the", "please", "kindly", *'.,;?"\u201c\u201d'})
_POLITE = re.compile(
    r"(?:(?:hi|hello|hey)\b[,.!]?\s*)?(?:please\s+)?(?:can|could|would|will) you\s+(?=\w+\W+\w)"
)
_NEGATED = re.compile(r"\b(?:not|no|never|none|neither|nor|without|cannot|\w+n['\u2019]t)\b")


@dataclass(frozen=True, slots=True)
class Pair:
    """An instruction and its answer.

    Parameters
    ----------
    where
        The record's place.
    instruction
        All that stands before the last turn of the assistant; or the record's instruction and input.
    answer
    record
        The whole record as JSON; "" where nobody needs it.
    """

    where: str
    instruction: str
    answer: str
    record: str = field(default="", repr=False)

    def to_json(self) -> dict[str, str]:
        """Return the place, what is asked and what is answered."""
        return {"where": self.where, "instruction": self.instruction, "answer": self.answer}


def read_pairs(
    files: Sequence[str], settings: ReadSettings | None = None
) -> tuple[list[Pair], list[Rejected]]:
    """Return the pairs of some files, and the records that are none.

    Raises
    ------
    BadInput
        If a file can't be read.
    """
    # A record is told by its turns or its instruction; a text beside them is one field of many.
    plain = replace(settings or ReadSettings(), text_field="", id_field="", source_field="")
    pairs: list[Pair] = []
    rejected: list[Rejected] = []
    for each in inputs_of(files):
        for block in read_documents(each.path, source=each.source, settings=plain):
            if isinstance(block, Rejected):
                none = block.reason == _NO_FIELD
                rejected.append(replace(block, reason=NO_PAIR) if none else block)
                continue
            for where, fields in zip(block.where, block.fields, strict=True):
                found = pair_of(json.loads(fields) if fields else {})
                if found is None:
                    rejected.append(Rejected(where, NO_PAIR))
                else:
                    pairs.append(Pair(where, *found, _as_read(fields)))
    return pairs, rejected


def _as_read(fields: str) -> str:
    """Return the record with its values as they were written, and names that the reader keeps for itself given back."""
    own = {f"record_{name}": name for name in OWN}
    record = msgspec.json.decode(fields, type=dict[str, msgspec.Raw])
    return msgspec.json.encode({own.get(name, name): raw for name, raw in record.items()}).decode()


def pair_of(record: Mapping[str, Any]) -> tuple[str, str] | None:
    r"""Return a record's instruction and answer; None where it has no two.

    Examples
    --------
    >>> pair_of({"instruction": "Add", "input": "1 and 2", "output": "3"})
    ('Add\n\n1 and 2', '3')
    """
    for name in TURNS:
        turns = record.get(name)
        if isinstance(turns, list):
            return _of_turns([turn for turn in turns if isinstance(turn, dict)])
    for names in INSTRUCTIONS:
        if names[0] in record and names[-1] in record:
            asked = [record[name] for name in names[:-1] if isinstance(record.get(name), str)]
            answer = record[names[-1]]
            if isinstance(answer, str) and answer.strip() and "".join(asked).strip():
                return "\n\n".join(part for part in asked if part.strip()), answer
    return None


def _of_turns(turns: list[dict[str, Any]]) -> tuple[str, str] | None:
    said = [(_first(turn, ROLES).lower(), _first(turn, CONTENTS)) for turn in turns]
    last = max((place for place, (role, _) in enumerate(said) if role in ANSWERERS), default=-1)
    before = [(role, text) for role, text in said[: max(last, 0)] if text.strip()]
    if last < 1 or not before or not said[last][1].strip():
        return None
    if len(before) == 1:
        return before[0][1], said[last][1]
    return "\n\n".join(f"{role}: {text}" for role, text in before), said[last][1]


def _first(turn: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((_text_of(turn[name]) for name in names if turn.get(name)), "")


def _text_of(content: Any) -> str:
    """Return a turn's content; of content in parts their texts, as the rule turns-1 does."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return "\n".join(text for text in texts if isinstance(text, str) and text)


def same_text(text: str) -> str:
    """Return a text without what makes no difference: case, spacing, width of letters, marks at its end.

    Signs inside stay: "3+4" and "3-4" differ. So do "5!" and "5".
    """
    return _ENDS.sub("", " ".join(unicodedata.normalize("NFKC", text).casefold().split()))


def same_answer(text: str) -> str:
    """Return `same_text` with each number written in one way; a currency stays.

    Examples
    --------
    >>> same_answer("1,250.00") == same_answer("1250.") == same_answer(" 1250.0 ")
    True
    >>> same_answer("$5"), same_answer(".50")
    ('$5', '0.5')
    """
    plain = same_text(text)
    parts, end = [], 0
    for found in numbers_in(plain):
        value = value_of(found)
        if value is None:
            continue
        # A number's match may begin with blanks.
        blanks = len(found.group()) - len(found.group().lstrip())
        before = plain[end : found.start() + blanks]
        # "3 + 4" is no "3 4".
        sign = "+" if found["sign"] == "+" else ""
        parts += [before, sign, found["currency"] or "", _plain(value)]
        end = found.end()
    return _ENDS.sub("", "".join([*parts, plain[end:]]))


def asked_for(text: str) -> tuple[str, ...]:
    """Return the words and signs of an instruction, in order, without those that ask for nothing.

    Articles, "please", "could you", commas and double quotes go. All else stays: two instructions that differ in a
    name, a number, a negation or the order of words ask for two things.

    Examples
    --------
    >>> asked_for("Could you please add the 1,000 and 2?")
    ('add', '1000', 'and', '2')
    """
    words = _WORDS.findall(_POLITE.sub("", same_answer(text), count=1))
    last = len(words) - 1
    # "Vitamin A": at the end it is no article.
    return tuple(
        word
        for place, word in enumerate(words)
        if word not in _SAYS_NOTHING or (word == "a" and place == last)
    )


def final_number(answer: str) -> str | None:
    r"""Return the number that an answer comes to, written in one way; None where it does not say.

    What is boxed, or follows "answer:", "answer is" or "####"; or a number and nothing else.

    Examples
    --------
    >>> final_number("First 3, then 4.\n#### 1,007.0"), final_number("In 1990 she left.")
    ('1007', None)
    """
    said = boxed(answer) or answer_line(answer)
    if said is None:
        whole = same_answer(answer)
        return whole.lstrip("+$€£¥₹") if is_number(whole) else None
    found = last_number(said)
    return None if found is None else numbers_of(found)[-1]


def agree(one: str, other: str) -> bool:
    """Whether two answers say the same as far as their words show.

    They are the same text; come to the same number; or one is a few words that the other says too, with no negation
    around them. Other words for the same thing do not agree.

    Examples
    --------
    >>> agree("Paris", "The capital is Paris."), agree("Paris", "It is not Paris"), agree("7", "8")
    (True, False, False)
    """
    first, second = same_answer(one), same_answer(other)
    if first == second:
        return True
    come_to = final_number(one), final_number(other)
    if any(come_to):
        last = [
            number or (numbers_of(text)[-1:] or ("",))[0]
            for number, text in zip(come_to, (first, second), strict=True)
        ]
        return last[0] == last[1] and not _two_units(first, second)
    short, long = sorted((asked_for(one), asked_for(other)), key=len)
    if not short or _NEGATED.findall(first) != _NEGATED.findall(second):
        return False
    return any(long[at : at + len(short)] == short for at in range(len(long) - len(short) + 1))


def is_number(answer: str) -> bool:
    """Whether what `same_answer` returns is a number and no more, but perhaps a currency."""
    return re.fullmatch(r"\+?[$€£¥₹]?-?\d+(?:\.\d+)?", answer) is not None


def numbers_of(text: str) -> tuple[str, ...]:
    """Return the values of a text's numbers, in order, each written in one way."""
    values = (value_of(found) for found in numbers_in(text))
    return tuple(_plain(value) for value in values if value is not None)


def _two_units(first: str, second: str) -> bool:
    """Whether two answers are in two currencies."""
    signs = [set(re.findall(r"[$€£¥₹]", text)) for text in (first, second)]
    return bool(signs[0] and signs[1] and not signs[0] & signs[1])


def _plain(value: Decimal) -> str:
    """Return a value written in one way; as it stands where it has more digits than are computed with."""
    if len(value.as_tuple().digits) > _MOST_DIGITS or abs(value.adjusted()) > _MOST_DIGITS:
        return str(value)
    # -0 is 0.
    return format(value.normalize() + 0, "f")
