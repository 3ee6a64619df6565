"""Reading an Inspect log of 100,000 samples into a ledger, beside Inspect's own reader on the same file.

Goal: a tenth of the CPU of `read_eval_log`, and under 500 MB. Assay's time includes writing the Delta tables.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from make_inspect_log import write_log
from measure import measure
from table import Row

ROOT = Path(__file__).resolve().parent.parent
ASSAY = Path(sys.executable).parent / "assay"
PEER = ROOT / ".venv-peers" / "bin" / "python"
TEMPLATE = (
    ROOT.parent / "shared" / "data" / "fixtures" / "inspect" / "generated_0.3.285_zstd_1000.eval"
)
SAMPLES = 100_000
READ = "import sys; from inspect_ai.log import read_eval_log; assert len(read_eval_log(sys.argv[1]).samples) == {n}"


def rows() -> list[Row]:
    """Write the log, read it with both, and remove it. The peer runs once: it takes minutes."""
    folder = Path(tempfile.mkdtemp(prefix="assay-bench-"))
    try:
        log = folder / "big.eval"
        write_log(log, samples=SAMPLES, template=TEMPLATE if TEMPLATE.exists() else None)
        peer = measure([PEER, "-c", READ.format(n=SAMPLES), log], repeats=1, warm_up=0)
        into = folder / "bench.ledger"
        code = (
            "import shutil, sys; from assay.cli import main; shutil.rmtree(sys.argv[2], ignore_errors=True); "
            "main(['ingest', sys.argv[1], '--into', sys.argv[2]])"
        )
        own = measure([sys.executable, "-c", code, log, into], repeats=3)
        again = measure([ASSAY, "ingest", log, "--into", into], repeats=1, warm_up=0)
        group = "100,000 Inspect samples"
        return [
            Row(group, "Inspect 0.3.285: read_eval_log", peer),
            Row(group, "assay ingest, into a new ledger", own, peer, "a tenth of the CPU, 500 MB"),
            Row(group, "assay ingest, the same file again", again, peer),
        ]
    finally:
        shutil.rmtree(folder)
