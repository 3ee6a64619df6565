"""The embedded language model as a learner: SmolLM2 from its bundled weights, fine-tuned by low-rank adapters (LoRA).

The weights come in the package that `assay local install` brings, as a GGUF file; transformers makes floats of them,
peft trains adapters beside them (arXiv:2106.09685), and only the adapters are kept: some ten megabytes a turn.

One thread and deterministic algorithms: the same weights, examples and seed give the same weights on the same machine
and build of torch. A training that was killed begins again, which takes minutes, and ends at the same weights.
"""

from __future__ import annotations

import io
import os
import shutil
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.ask.local_weights import find_weights
from assay.curate.loop.learner import Example, TrainingCost
from assay.curate.missing_part import import_part
from assay.curate.proxies.transformer import one_thread, torch_part
from assay.errors import BadInput

SHOTS = "12 + 34 = 46\n51 + 27 = 78\n"
"""What stands before each prompt of sums: a completion in the form that is wanted."""

FORMS = ("completion", "chat")
ADAPTER = "adapter"
_IGNORED = -100
_WHAT = "fine-tuning the embedded model"

Tensor = Any


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """How the embedded model answers and is trained.

    Parameters
    ----------
    form : {"completion", "chat"}
        Whether a prompt is to be continued up to the end of the line, or stands as a user's turn in the model's own
        template.
    before
        Text before each prompt: examples for "completion", the system's turn for "chat".
    rank : >= 1
        Of the adapters, on all linear layers.
    learning_rate : in (0, 1)
    epochs : >= 1
        Times that the examples of a turn are gone over.
    batch : >= 1
        Examples a step.
    longest_answer : >= 1
        Tokens.
    at_once : >= 1
        Answers that are written together.

    Raises
    ------
    BadInput
        If one is out of range.
    """

    form: str = "completion"
    before: str = SHOTS
    rank: int = 16
    learning_rate: float = 5e-4
    epochs: int = 3
    batch: int = 16
    longest_answer: int = 8
    at_once: int = 100

    def __post_init__(self) -> None:
        if self.form not in FORMS:
            raise BadInput(f"form must be one of {', '.join(FORMS)}, got {self.form!r:.40}")
        for name in ("rank", "epochs", "batch", "longest_answer", "at_once"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} must be at least 1, got {getattr(self, name)}")
        if not 0 < self.learning_rate < 1:
            raise BadInput(f"learning_rate must be in (0, 1), got {self.learning_rate}")


@contextmanager
def _quiet() -> Iterator[None]:
    """Let what others print on the way not stand among our own lines: bars of their own, and warnings to developers."""
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


class LoraLearner:
    """A learner for any tasks in words; see `assay.curate.loop.learner.Learner`.

    Parameters
    ----------
    settings
    weights
        A GGUF file; None: the embedded model's.

    Raises
    ------
    MissingPart
        If torch, transformers, peft or gguf is not installed (extra ``[train]``).
    LocalModelMissing
        If the weights are not installed.
    """

    name = "smollm2-135m-lora"

    def __init__(
        self, settings: LoraSettings | None = None, *, weights: Path | None = None
    ) -> None:
        self.settings = settings or LoraSettings()
        torch_part()
        path = weights or find_weights()
        # Nothing is fetched: the file is here, and a hub that is asked for it would be waited for.
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        transformers = import_part("transformers", extra="train", what=_WHAT)
        import_part("gguf", extra="train", what=_WHAT)
        self._peft = import_part("peft", extra="train", what=_WHAT)
        torch = torch_part()
        load = {"pretrained_model_name_or_path": str(path.parent), "gguf_file": path.name}
        with _quiet():
            self._tokenizer = transformers.AutoTokenizer.from_pretrained(**load)
            base = transformers.AutoModelForCausalLM.from_pretrained(**load, dtype=torch.float32)
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        adapters = self._peft.LoraConfig(
            r=self.settings.rank,
            lora_alpha=2 * self.settings.rank,
            target_modules="all-linear",
            task_type="CAUSAL_LM",
        )
        with one_thread(), _quiet():
            torch.manual_seed(0)
            self._model = self._peft.get_peft_model(base, adapters)
        self._model.eval()

    def answers(
        self, prompts: Sequence[str], *, samples: int, temperature: float, seed: int
    ) -> list[list[str]]:
        """See `assay.curate.loop.learner.Learner`."""
        if samples < 1 or temperature < 0 or (temperature == 0 and samples != 1):
            raise BadInput(
                f"samples must be at least 1, and 1 at temperature 0, got {samples} at {temperature}"
            )
        torch = torch_part()
        found: list[list[str]] = [[] for _ in prompts]
        rows = [place for place in range(len(prompts)) for _ in range(samples)]
        # Those of one length together: little is padded.
        texts = [self._asked(prompt) for prompt in prompts]
        rows.sort(key=lambda place: (len(texts[place]), place))
        with one_thread(), _quiet(), torch.inference_mode():
            torch.manual_seed(seed)
            for start in range(0, len(rows), self.settings.at_once):
                part = rows[start : start + self.settings.at_once]
                for place, text in zip(
                    part, self._written([texts[row] for row in part], temperature), strict=True
                ):
                    found[place].append(text)
        return found

    def _asked(self, prompt: str) -> str:
        before = self.settings.before
        if self.settings.form == "completion":
            return before + prompt
        turns = [{"role": "system", "content": before}] if before else []
        turns.append({"role": "user", "content": prompt})
        text: str = self._tokenizer.apply_chat_template(
            turns, tokenize=False, add_generation_prompt=True
        )
        return text

    def _said(self, answer: str) -> str:
        """Return an answer as it is to be written: with the sign that ends it."""
        if self.settings.form == "completion":
            return f" {answer.strip()}\n"
        return f"{answer.strip()}{self._tokenizer.eos_token}"

    def _written(self, texts: list[str], temperature: float) -> list[str]:
        asked = self._tokenizer(texts, return_tensors="pt", padding=True)
        sampled = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        out = self._model.generate(
            **asked,
            max_new_tokens=self.settings.longest_answer,
            pad_token_id=self._tokenizer.pad_token_id,
            **(sampled if temperature else {"do_sample": False}),
        )
        new = out[:, asked["input_ids"].shape[1] :]
        said = self._tokenizer.batch_decode(new, skip_special_tokens=True)
        if self.settings.form == "completion":
            return [text.split("\n", maxsplit=1)[0].strip() for text in said]
        return [text.strip() for text in said]

    def train(self, examples: Sequence[Example], *, seed: int, folder: Path) -> TrainingCost:  # noqa: ARG002
        """See `assay.curate.loop.learner.Learner`; nothing is kept on the way."""
        if not examples:
            raise BadInput("a training needs examples, got none")
        torch, settings = torch_part(), self.settings
        began, steps, tokens = time.perf_counter(), 0, 0
        trained = [weight for weight in self._model.parameters() if weight.requires_grad]
        optimizer = torch.optim.AdamW(trained, lr=settings.learning_rate, weight_decay=0.0)
        rng = np.random.default_rng(seed)
        self._model.train()
        with one_thread(), _quiet():
            torch.manual_seed(seed)
            for batch in self._batches(examples, rng):
                count = int((batch["labels"] != _IGNORED).sum())
                loss = self._model(**batch).loss
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(trained, 1.0)
                optimizer.step()
                steps, tokens = steps + 1, tokens + int(batch["attention_mask"].sum())
                if not count or not torch.isfinite(loss):
                    raise BadInput(f"the training's loss is {float(loss)} at step {steps}")
        self._model.eval()
        return TrainingCost(len(examples), steps, time.perf_counter() - began, tokens)

    def _batches(
        self, examples: Sequence[Example], rng: np.random.Generator
    ) -> Iterator[dict[str, Tensor]]:
        """Yield the examples, gone over so many times; only the answer's tokens are learnt."""
        torch = torch_part()
        encoded = []
        for example in examples:
            asked = self._tokenizer(self._asked(example.prompt))["input_ids"]
            said = self._tokenizer(self._said(example.answer), add_special_tokens=False)
            encoded.append((asked, said["input_ids"]))
        size = self.settings.batch
        for _ in range(self.settings.epochs):
            order = rng.permutation(len(encoded)).tolist()
            for start in range(0, len(order), size):
                part = [encoded[place] for place in order[start : start + size]]
                width = max(len(asked) + len(said) for asked, said in part)
                rows: dict[str, list[list[int]]] = {
                    "input_ids": [],
                    "attention_mask": [],
                    "labels": [],
                }
                for asked, said in part:
                    pad = width - len(asked) - len(said)
                    rows["input_ids"].append([*asked, *said, *[self._tokenizer.pad_token_id] * pad])
                    rows["attention_mask"].append([1] * (width - pad) + [0] * pad)
                    rows["labels"].append([_IGNORED] * len(asked) + said + [_IGNORED] * pad)
                yield {name: torch.tensor(values) for name, values in rows.items()}

    def save(self, folder: Path) -> None:
        """See `assay.curate.loop.learner.Learner`."""
        beside = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(beside, ignore_errors=True)
        self._model.save_pretrained(str(beside / ADAPTER), save_embedding_layers=False)
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)

    def load(self, folder: Path) -> None:
        """See `assay.curate.loop.learner.Learner`; safetensors: nothing in the file is run."""
        path = folder / ADAPTER / "adapter_model.safetensors"
        if not path.is_file():
            raise BadInput("there are no adapters in it", where=str(folder))
        load_file = import_part("safetensors.torch", extra="train", what=_WHAT).load_file
        result = self._peft.set_peft_model_state_dict(self._model, load_file(str(path)))
        if result.unexpected_keys:
            raise BadInput(
                f"the adapters are of another model: {result.unexpected_keys[0]}", where=str(path)
            )
