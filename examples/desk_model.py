"""The embedded model, completing texts after worked examples with its prompt cache on.

`assay.ask.local_model` asks the same weights in chat form and with no cache, and would answer otherwise: the recording
keeps to the way it was made.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Final

from assay.ask.local_weights import find_weights, runtime_version

SLOTS: Final = 4
_ENGINES: Final = 2
_SLOT_TOKENS: Final = 1024


@dataclass(frozen=True)
class Completion:
    """What came back from the model, as it came, and what it took."""

    text: str
    tokens: tuple[tuple[str, float], ...]
    latency_seconds: float
    prompt_tokens: int
    completion_tokens: int


class Model:
    """Two engines of one thread and two slots each: four requests at a time.

    The threads of one engine wait for each other by spinning: with one other busy process on two
    cores, one engine of two threads took more than twenty times as long for a request.
    """

    def __init__(self) -> None:
        runtime_version()
        path = find_weights()
        import xllamacpp

        self._engines: list[Any] = []
        for _ in range(_ENGINES):
            params: Any = xllamacpp.CommonParams()
            params.model.path = str(path)
            params.n_parallel = SLOTS // _ENGINES
            params.n_ctx = _SLOT_TOKENS * params.n_parallel
            params.cpuparams.n_threads = 1
            params.cpuparams_batch.n_threads = 1
            # Keeping the prompts of idle slots aside costs more here than it saves.
            params.cache_ram_mib = 0
            params.cache_idle_slots = False
            params.verbosity = -1
            self._engines.append(xllamacpp.Server(params))

    def complete(self, prompt: str, stop: list[str], max_tokens: int, slot: int) -> Completion:
        """Complete a text greedily; `slot` (0 to 3) says which engine takes it."""
        began = time.perf_counter()
        answer: dict[str, Any] = self._engines[slot % _ENGINES].handle_completions(
            {
                "prompt": prompt,
                "max_tokens": max_tokens,
                "temperature": 0,
                "logprobs": 1,
                "stop": stop,
                "cache_prompt": True,
            }
        )
        took = time.perf_counter() - began
        if "choices" not in answer:
            raise RuntimeError(f"the model gave no completion: {str(answer)[:200]}")
        choice = answer["choices"][0]
        content = (choice.get("logprobs") or {}).get("content") or []
        return Completion(
            text=choice["text"],
            tokens=tuple((token["token"], float(token["logprob"])) for token in content),
            latency_seconds=took,
            prompt_tokens=int(answer["usage"]["prompt_tokens"]),
            completion_tokens=int(answer["usage"]["completion_tokens"]),
        )
