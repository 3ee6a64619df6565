"""Write what a probe asked as JSON Lines, so that it can be read again where there is no model.

    python examples/probe_record.py LEDGER OUT.jsonl.gz

`assay ingest OUT.jsonl.gz --into OTHER` makes the same traces of it.
"""

from __future__ import annotations

import argparse
import gzip
import json
from pathlib import Path

from assay.ledger.store import Ledger

LEFT_OUT = {"source", "latency_seconds"}
"""Who wrote a row, and how fast the machine was: neither is part of what was said."""


def main() -> None:
    """Write every trace of the ledger, in the order in which it was asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("ledger", type=Path)
    parser.add_argument("out", type=Path)
    arguments = parser.parse_args()
    rows = Ledger.open(arguments.ledger).rows("SELECT * FROM traces ORDER BY at, trace_id")
    # No time and no name in the head of the file: the same ledger gives the same bytes.
    with gzip.GzipFile(arguments.out, "wb", mtime=0) as stream:
        for row in rows:
            kept = {
                key: value
                for key, value in row.items()
                if key not in LEFT_OUT and value is not None
            }
            kept |= {"at": row["at"].isoformat(), "tags": json.loads(row["tags"])}
            stream.write(json.dumps(kept, ensure_ascii=False).encode() + b"\n")
    print(f"{arguments.out}: {len(rows):,} traces")


if __name__ == "__main__":
    main()
