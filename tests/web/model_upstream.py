"""The embedded model behind its runtime's own HTTP server. `python model_upstream.py PORT`; prints its port."""

from __future__ import annotations

import sys
import time
from typing import Any


def main(port: int) -> None:
    import xllamacpp

    from assay.ask.local_weights import find_weights

    params: Any = xllamacpp.CommonParams()
    params.model.path = str(find_weights())
    params.n_parallel = 4
    params.n_ctx = 4 * 512
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cache_ram_mib = 0
    params.verbosity = -1
    params.hostnames = ["127.0.0.1"]
    params.port = port
    params.n_threads_http = 40
    params.ui = params.endpoint_slots = params.endpoint_props = False
    server = xllamacpp.Server(params)
    print(server.listening_address.rpartition(":")[2].strip("/"), flush=True)
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main(int(sys.argv[1]))
