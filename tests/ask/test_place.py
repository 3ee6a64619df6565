"""Which answer is wanted: seeds."""

from __future__ import annotations

from dataclasses import replace

from assay.ask.place import AskSettings


def test_each_task_of_each_epoch_has_a_seed_of_its_own_that_any_server_takes() -> None:
    settings = AskSettings("helper", "2", "m", seed=7)
    seeds = {settings.seed_of(f"t{task}", epoch) for task in range(500) for epoch in (1, 2)}
    assert len(seeds) == 1_000
    assert all(seed is not None and 0 <= seed < 2**31 for seed in seeds)
    # Written down: with other seeds an interrupted run would ask everything anew.
    assert settings.seed_of("t0", 1) == 1_528_360_298
    assert replace(settings, seed=None).seed_of("t0", 1) is None
