"""Words, sentences and names of a text, in time that grows no faster than the text.

Scripts that put no spaces between words (Chinese, Japanese, Thai and their like) are read character by character.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

MAX_ANSWER_CHARACTERS = 50_000
"""An answer is read so far; some 8,000 words."""

MAX_SOURCE_CHARACTERS = 1_000_000
"""A source is read so far; some 160,000 words. What stands later counts as absent, and the verdict's note says so."""

MAX_WORD = 64
"""Characters: a longer word is its beginning."""

MAX_SENTENCES = 500
"""What follows the last is one sentence more."""

_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_WORD = re.compile(rf"[{_SPACELESS}]|[^\W_{_SPACELESS}]+(?:['’][^\W_{_SPACELESS}]{{1,3}}\b)?")
# Bounded, and one full stop only: a line of a million of them is read once.
_SENTENCE_END = re.compile(r"[.!?][\"'”’)\]]{0,3}(?=\s)|[。！？]|\n")
_QUOTED = re.compile(r"[\"“]([^\"“”\n]{8,400})[\"”]")

STOP_WORDS = frozenset(
    """a about above after again against all also although always am among an and another any are aren't around as at
    be became because become been before being below between both but by came can can't cannot come could couldn't did
    didn't do does doesn't doing don't done down during each either else etc even ever every few for from further get
    gets give given go goes had hadn't has hasn't have haven't having he her here hers herself him himself his how
    however i i'm if in into is isn't it it's its itself just last least less like made make makes many may me might
    more most much must my myself near neither never no nor not now of off often on once one only onto or other others
    our ours out over own per put rather said same say says see seem seems several shall she should shouldn't since so
    some still such than that that's the their theirs them themselves then there these they they're this those though
    through thus to together too toward towards under until up upon us use used using very via was wasn't we well were
    weren't what when where whether which while who whom whose why will with within without won't would wouldn't yes
    yet you your yours yourself""".split()  # noqa: SIM905
)
HEDGES = frozenset(
    """about almost apparently approximately around believe believed could generally likely may maybe might nearly
    often perhaps possible possibly presumably probably roughly seem seems seemingly sometimes suggest suggests
    supposedly suppose typically unclear unlikely usually""".split()  # noqa: SIM905
)
NEGATIONS = frozenset(
    """not no never none nobody nothing neither nor nowhere cannot without can't won't don't doesn't didn't isn't
    aren't wasn't weren't hasn't haven't hadn't wouldn't shouldn't couldn't""".split()  # noqa: SIM905
)
_REFUSAL = re.compile(
    r"\b(?:(?:can(?:no|')t|could not|couldn't|unable to|am not able to|do(?:n't| not) (?:know|have))\b[^.\n]{0,60}"
    r"\b(?:answer|information|determine|find|provide|help|know|say|context|passages?)"
    r"|(?:not|n't) (?:mentioned|stated|specified|provided|given|contain|enough information)"
    r"|no (?:information|mention)|unanswerable"
    r"|(?:based|given) on the (?:given|provided) [^.\n]{0,40}(?:cannot|unable))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a text: as they are compared, and whether each begins with a capital inside a sentence.

    Parameters
    ----------
    words
        Case folded, typographic apostrophes made plain.
    capital
        Whether a word begins with a capital letter or holds a digit among letters, and is no sentence's first.
    sentence_ends
        Number of words up to each sentence's end; the last is all of them.
    """

    words: list[str]
    capital: list[bool]
    sentence_ends: list[int]


def words_of(text: str) -> Words:
    """Return the words of a text.

    Examples
    --------
    >>> words_of("It rains. Ask Ada in Lyon.").words
    ['it', 'rains', 'ask', 'ada', 'in', 'lyon']
    >>> words_of("It rains. Ask Ada.").capital
    [False, False, False, True]
    """
    ends = [
        match.end()
        for _, match in zip(range(MAX_SENTENCES), _SENTENCE_END.finditer(text), strict=False)
    ]
    words: list[str] = []
    capital: list[bool] = []
    sentence_ends: list[int] = []
    place = 0
    first = True
    for match in _WORD.finditer(text):
        while place < len(ends) and match.start() >= ends[place]:
            if words and (not sentence_ends or sentence_ends[-1] < len(words)):
                sentence_ends.append(len(words))
            place += 1
            first = True
        raw = match[0][:MAX_WORD]
        words.append(raw.casefold().replace("’", "'"))
        capital.append(not first and raw[0].isupper())
        first = False
    if words and (not sentence_ends or sentence_ends[-1] < len(words)):
        sentence_ends.append(len(words))
    return Words(words, capital, sentence_ends)


def plain_words(text: str) -> list[str]:
    """Return the words of a text alone, as `words_of` has them.

    Examples
    --------
    >>> plain_words("It’s Lyon.")
    ["it's", 'lyon']
    """
    return [word[:MAX_WORD].casefold().replace("’", "'") for word in _WORD.findall(text)]


def is_content(word: str) -> bool:
    """Say whether a word carries content: no stop word, and no single Latin letter."""
    return word not in STOP_WORDS and (len(word) > 1 or word > "\u0e00" or word.isdigit())


def stem(word: str) -> str:
    """Return what a word shares with its inflected forms: its first five letters, of a longer word its first six."""
    word = word.removesuffix("'s")
    if len(word) <= 5:
        return word[:-1] if len(word) > 3 and word.endswith("s") else word
    return word[:6] if len(word) > 8 else word[:5]


def names_in(text: Words) -> list[tuple[str, ...]]:
    """Return runs of capitalised words inside sentences: names of people, places, things.

    Examples
    --------
    >>> names_in(words_of("We met Ada Lovelace and Bob."))
    [('ada', 'lovelace'), ('bob',)]
    """
    found: list[tuple[str, ...]] = []
    run: list[str] = []
    ends = set(text.sentence_ends)
    for place, (word, name) in enumerate(zip(text.words, text.capital, strict=True)):
        if place in ends and run:
            found.append(tuple(run))
            run = []
        if name and is_content(word):
            run.append(word)
        elif run:
            found.append(tuple(run))
            run = []
    if run:
        found.append(tuple(run))
    return found


def quotations(text: str) -> list[str]:
    """Return what stands in double quotes, of eight characters and more."""
    return [match[1] for _, match in zip(range(200), _QUOTED.finditer(text), strict=False)]


def refuses(text: str) -> bool:
    """Say whether a text says that it can't answer, or that the source doesn't."""
    return _REFUSAL.search(text) is not None


def share(part: float, whole: float) -> float:
    """Return a share; 0 of nothing is 0."""
    return part / whole if whole else 0.0


def sentences_of(text: Words) -> list[Sequence[str]]:
    """Return the words sentence by sentence."""
    starts = [0, *text.sentence_ends[:-1]] if text.sentence_ends else []
    return [text.words[start:end] for start, end in zip(starts, text.sentence_ends, strict=True)]
