"""`assay govern`: let outputs go out, hold them for people, or refuse them, so that a budget of errors is kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import emit, json_option, ledger_argument, note

if TYPE_CHECKING:
    from assay.web.govern_exchange import PassSettings
    from assay.web.govern_serve import Governed
    from assay.web.govern_upstream import UpstreamSettings


@click.command(
    epilog="Examples: assay govern runs.ledger --policy policy.toml; "
    "assay govern runs.ledger --policy policy.toml --upstream http://127.0.0.1:8080/v1 --judge regex --pattern '^\\{'"
)
@ledger_argument
@click.option(
    "--policy",
    type=click.Path(path_type=Path),
    required=True,
    help="The rules, as TOML: budget, window, reviewers, fail modes, shadow.",
)
@click.option(
    "--upstream",
    default=None,
    metavar="URL",
    help="Govern a server that speaks the chat completions protocol; clients use this one in its stead.",
)
@click.option(
    "--upstream-key-env",
    default=None,
    metavar="NAME",
    help="Variable with the upstream's key. Keys of clients are not sent on.",
)
@click.option(
    "--upstream-timeout",
    type=FiniteRange(0.1, 3600),
    default=120.0,
    show_default=True,
    help="Seconds for a whole answer.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port.  [default: one that is free]",
)
@click.option(
    "--judge", default=None, help="A check that needs no right answer: regex, json-schema."
)
@click.option("--pattern", default=None, help="For --judge regex.")
@click.option(
    "--schema", type=click.Path(path_type=Path), default=None, help="For --judge json-schema."
)
@click.option(
    "--judge-seconds",
    type=FiniteRange(0.01, 60),
    default=2.0,
    show_default=True,
    help="Most time for one output; after that it is not judged, and the fail mode holds.",
)
@click.option(
    "--severity",
    type=click.IntRange(1, 3),
    default=3,
    show_default=True,
    help="Of outputs, 1 is the worst; a client's x-assay-severity counts where it is worse.",
)
@click.option(
    "--client-score",
    is_flag=True,
    help="Take the probability of error from x-assay-probability: only where clients are trusted.",
)
@click.option(
    "--stream-at-once",
    "expected",
    type=FiniteRange(0, 1),
    default=None,
    metavar="P",
    help="While GREEN, stream severities 2 and 3 unjudged, each charged with the probability P.",
)
@click.option("--system", default="", help="Whose outputs they are.  [default: the model's name]")
@click.option("--version", "system_version", default="", help="Its version.")
@json_option
def command(ledger: Path, policy: Path, as_json: bool, **options: Any) -> None:
    """Hold a system to a budget of errors: an HTTP service, and a pass-through before a model server.

    Shadow first: with `shadow = true`, the default, all is released, and it is said what would have been done.
    """
    from assay.ledger.store import Ledger
    from assay.web.govern_serve import GovernRequest, govern

    rules = _policy(policy)
    settings, upstream = _settings(options), _upstream(options)

    def announce(governed: Governed) -> None:
        if as_json:
            emit(governed.to_json())
        else:
            _say(governed)
        sys.stdout.flush()

    request = GovernRequest(rules, settings, upstream, options["port"])
    govern(Ledger.open(ledger), request, announce=announce)


def _say(governed: Governed) -> None:
    taken = governed.taken_up
    if taken.decisions:
        note(
            f"taken up: {taken.decisions:,} decisions, {taken.held:,} outputs held, {taken.traces:,} exchanges put "
            "into the ledger now"
        )
    shadow = "; shadow: everything is released" if governed.shadow else ""
    click.echo(f"{governed.url} is {governed.state}{shadow}")
    click.echo(f"review: {governed.review_url}")
    note(f"the operator's token is in {governed.token_file}; Ctrl-C ends it")


def _policy(path: Path) -> Any:
    from assay.errors import BadInput
    from assay.volume.governor_policy import policy_from_toml

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"the policy {path} can't be read: {error}") from error
    return policy_from_toml(text, where=str(path))


def _settings(options: dict[str, Any]) -> PassSettings:
    from assay.judge.rules import CheckSettings
    from assay.web.govern_exchange import PassSettings
    from assay.web.govern_judge import CheckJudge

    for name in ("pattern", "schema"):
        if options[name] is not None and options["judge"] is None:
            raise click.UsageError(f"--{name} goes with --judge")
    judge = None
    if options["judge"] is not None:
        told = CheckSettings(pattern=options["pattern"], schema=options["schema"])
        judge = CheckJudge(options["judge"], settings=told)
    return PassSettings(
        judge=judge,
        judge_seconds=options["judge_seconds"],
        severity=options["severity"],
        client_score=options["client_score"],
        expected=options["expected"],
        system=options["system"],
        version=options["system_version"],
    )


def _upstream(options: dict[str, Any]) -> UpstreamSettings | None:
    from assay.ask.address import check_url
    from assay.errors import BadInput
    from assay.web.govern_upstream import UpstreamSettings

    name = options["upstream_key_env"]
    if options["upstream"] is None:
        if name is not None:
            raise click.UsageError("--upstream-key-env goes with --upstream")
        return None
    key = None
    if name is not None:
        key = os.environ.get(name)
        if not key or not key.isascii() or not key.isprintable():
            raise BadInput(f"the variable {name} holds no key")
    return UpstreamSettings(check_url(options["upstream"]), key, options["upstream_timeout"])
