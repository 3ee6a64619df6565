"""A load test as data: the run, and each request of it where the file says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

Outcome = Literal["answered", "failed", "cut off"]
"""failed: an error or a time-out. cut off: under way when the test ended; how long it would have taken is unknown."""


@dataclass(frozen=True, slots=True)
class PerfRequest:
    """One request of a load test; None is unknown, never zero.

    Parameters
    ----------
    outcome
        What became of it.
    latency_seconds : >= 0
        From when it was sent to its end.
    dispatch_delay_seconds : >= 0
        How late it was sent: from when it was due.
    due_at
        When it should have been sent, in seconds of the file's own clock; when it was sent, where only that is known.
    time_to_first_token_seconds : >= 0
    prompt_tokens, output_tokens : >= 0
    request_id, response_id
        As the load generator, and as the server, named it.
    output
        The answer's text.
    error
        What went wrong.
    """

    outcome: Outcome
    latency_seconds: float | None = None
    dispatch_delay_seconds: float | None = None
    due_at: float | None = None
    time_to_first_token_seconds: float | None = None
    prompt_tokens: int | None = None
    output_tokens: int | None = None
    request_id: str | None = None
    response_id: str | None = None
    output: str | None = None
    error: str | None = None

    @property
    def waited_seconds(self) -> float | None:
        """From when it was due to its end; from when it was sent where the file doesn't say when it was due."""
        if self.latency_seconds is None:
            return None
        return self.latency_seconds + (self.dispatch_delay_seconds or 0.0)


@dataclass(frozen=True, slots=True)
class PerfRun:
    """A load test.

    Parameters
    ----------
    tool
        What wrote the file, with the version of its format: ``guidellm 0.8.1``.
    system
        What was loaded; empty where the file doesn't say.
    answered, failed, cut_off : >= 0
        Requests, as counted by the tool; None where it doesn't say.
    duration_seconds : > 0
    arrivals
        How requests came: ``poisson at 5.0/s``.
    requests
        Each of them; empty where the file holds only a summary.
    facts
        Figures that the tool states, in the file's words with their unit: they have no interval.
    tail_limits_seconds
        Share of requests -> limit of their latency that the tool states (MLPerf's early stopping).
    """

    tool: str
    system: str
    answered: int | None = None
    failed: int | None = None
    cut_off: int | None = None
    duration_seconds: float | None = None
    arrivals: str = ""
    requests: tuple[PerfRequest, ...] = ()
    facts: Mapping[str, float | str] = field(default_factory=dict)
    tail_limits_seconds: Mapping[float, float] = field(default_factory=dict)


def counted(run: PerfRun) -> PerfRun:
    """Return a run with the counts of its own requests: answered, failed and cut off."""
    outcomes = [request.outcome for request in run.requests]
    return replace(
        run,
        answered=outcomes.count("answered"),
        failed=outcomes.count("failed"),
        cut_off=outcomes.count("cut off"),
    )
