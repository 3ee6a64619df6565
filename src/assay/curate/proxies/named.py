"""The proxies by name, in one table: what each is for, and how it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assay.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

    from assay.curate.proxies.proxy import Proxy
    from assay.curate.value_corpus import ReadyCorpus

DEFAULT = "word"
"""A screen: seconds, and text in no order does not pass it."""

DEARER = "transformer"
"""What a screen is held against."""

DEVICES = ("cpu", "cuda", "auto")


@dataclass(frozen=True, slots=True)
class ProxyChoice:
    """A proxy by name, before there is a corpus.

    Parameters
    ----------
    kind
        One of `NAMED`.
    trainer
        The command, for "own"; see `assay.curate.proxies.own_trainer.OwnTrainer`.
    device
        One of `DEVICES`; for "transformer". "auto" is a GPU where torch sees one.
    size
        For "transformer": one of `assay.curate.proxies.transformer.SIZES`.

    Raises
    ------
    BadInput
        If there is no such proxy, or something is said that it has no use for.
    """

    kind: str = DEFAULT
    trainer: str | None = None
    device: str = "cpu"
    size: str = "0.24M"

    def __post_init__(self) -> None:
        if self.kind not in NAMED:
            raise BadInput(f"proxies are {', '.join(NAMED)}, got {self.kind!r}")
        if self.kind == "own" and not self.trainer:
            raise BadInput(
                "the proxy own needs a command",
                next_command='--proxy own --trainer "python mytrain.py {data} {out}"',
            )
        if self.trainer and self.kind != "own":
            raise BadInput(
                f"a trainer of your own is the proxy own, got the proxy {self.kind}",
                next_command="--proxy own",
            )
        if self.device not in DEVICES:
            raise BadInput(f"devices are {', '.join(DEVICES)}, got {self.device!r}")
        if self.device == "cuda" and self.kind != "transformer":
            raise BadInput(
                f"the proxy {self.kind} is not trained on a device of torch's",
                next_command="--proxy transformer --device cuda",
            )

    @property
    def values_repeats(self) -> bool:
        """See `assay.curate.proxies.proxy.Proxy`."""
        return NAMED[self.kind].values_repeats

    @property
    def slow(self) -> bool:
        """Whether a training takes long enough to ask for fewer of them."""
        return NAMED[self.kind].slow

    @property
    def rival(self) -> ProxyChoice:
        """The proxy that this one's order is held against: a slow one for a screen, the screen for a slow one."""
        if self.slow:
            return ProxyChoice(DEFAULT)
        return ProxyChoice(DEARER, device=self.device, size=self.size)

    def check(self) -> None:
        """Refuse at once what could not be trained, before any file is read.

        Raises
        ------
        MissingPart
            If an optional part is not installed.
        BadInput
            If the device is not there, or the command can't be used.
        """
        NAMED[self.kind].check(self)

    def proxy(self, ready: ReadyCorpus, *, states: Path | None = None) -> Proxy:
        """Return the proxy for a corpus.

        Parameters
        ----------
        ready
        states
            A folder for the state of a training that is under way, where the proxy keeps any.

        Raises
        ------
        MissingPart, BadInput
            As `check`.
        """
        self.check()
        return NAMED[self.kind].make(self, ready, states)


@dataclass(frozen=True, slots=True)
class NamedProxy:
    """A row of the table.

    Parameters
    ----------
    about
        What it is, in a few words.
    values_repeats, slow
    make
        From a choice, a corpus and a folder for states.
    check
    """

    about: str
    values_repeats: bool
    slow: bool
    make: Callable[[ProxyChoice, ReadyCorpus, Path | None], Proxy]
    check: Callable[[ProxyChoice], None]


def _nothing_to_check(_choice: ProxyChoice) -> None:
    return


def _ngram(_choice: ProxyChoice, _ready: ReadyCorpus, _states: Path | None) -> Proxy:
    from assay.curate.proxies.ngram_model import NGramProxy

    return NGramProxy()


def _word(_choice: ProxyChoice, ready: ReadyCorpus, _states: Path | None) -> Proxy:
    from assay.curate.proxies.word_model import WordProxy, word_list

    return WordProxy(word_list(ready.pool.pieces, ready.tokenizer))


def _transformer(choice: ProxyChoice, _ready: ReadyCorpus, states: Path | None) -> Proxy:
    from assay.curate.proxies.transformer import chosen_device
    from assay.curate.proxies.transformer_proxy import TransformerProxy

    device = chosen_device(choice.device)
    return TransformerProxy(choice.size, device=device, folder=states, keep_answers=False)


def _check_transformer(choice: ProxyChoice) -> None:
    from assay.curate.proxies.transformer import chosen_device

    chosen_device(choice.device)


def _own(choice: ProxyChoice, ready: ReadyCorpus, _states: Path | None) -> Proxy:
    from assay.curate.proxies.own_trainer import OwnTrainer

    return OwnTrainer(choice.trainer or "", ready.tokenizer)


def _check_own(choice: ProxyChoice) -> None:
    from assay.curate.proxies.own_trainer import check_command

    check_command(choice.trainer or "")


NAMED: Mapping[str, NamedProxy] = {
    "ngram": NamedProxy("counts of n-grams: seconds", False, False, _ngram, _nothing_to_check),
    "word": NamedProxy(
        "counts of words after words, their list given: seconds",
        False,
        False,
        _word,
        _nothing_to_check,
    ),
    "transformer": NamedProxy(
        "a small GPT on torch (extra [train]): minutes",
        True,
        True,
        _transformer,
        _check_transformer,
    ),
    "own": NamedProxy("a trainer of your own (--trainer)", True, True, _own, _check_own),
}
