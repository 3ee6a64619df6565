"""`assay local`: the embedded model."""

from __future__ import annotations

import click

from assay.cli.finite_number import FiniteRange
from assay.cli.output import emit, json_option, note


@click.group(epilog="Example: assay local install")
def command() -> None:
    """Install the embedded model, say what there is of it, and try it.

    It is SmolLM2-135M-Instruct, run in this process: small, quick, often wrong, and no server or key is needed.
    """


@command.command(epilog="Example: assay local install --dry-run")
@click.option("--dry-run", is_flag=True, help="Show the commands and run none.")
@json_option
def install(*, dry_run: bool, as_json: bool) -> None:
    """Install what is missing into the environment that runs this command."""
    from shlex import join

    from assay.ask.local_install import install_commands, run_installer
    from assay.ask.local_weights import local_info

    commands = install_commands()
    for line in commands:
        note(join(line))
        if not dry_run:
            run_installer(line)
    left = commands if dry_run else install_commands()
    if as_json:
        emit({"commands": commands, "is_installed": not left})
    elif not left:
        click.echo(f"{local_info().model} is installed; try: assay local ask 'What is 2 + 2?'")


@command.command(epilog="Example: assay local info --json")
@json_option
def info(*, as_json: bool) -> None:
    """Say what model this is, what runs it, and under which licences."""
    from assay.ask.local_weights import local_info

    found = local_info()
    if as_json:
        emit(found.to_json())
        return
    click.echo(f"{found.model}, {found.weights_bytes:,} bytes")
    click.echo(f"  weights  {found.weights_path}")
    click.echo(f"  sha256   {found.weights_sha256}")
    click.echo(f"  from     {found.model_package} ({found.model_licence})")
    click.echo(f"  runtime  {found.runtime} ({found.runtime_licence})")


@command.command(epilog="Example: assay local ask 'What is the capital of France?'")
@click.argument("question")
@click.option("--max-tokens", default=128, show_default=True, type=click.IntRange(1, 2048))
@click.option("--temperature", default=0.0, show_default=True, type=FiniteRange(0, 5))
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0, 2**32 - 2))
@json_option
def ask(question: str, *, max_tokens: int, temperature: float, seed: int, as_json: bool) -> None:
    """Put one question to it, to see it work. It is often wrong."""
    from assay.ask.local_model import ask_once
    from assay.ask.request import ChatRequest, Message
    from assay.terminal import visible

    request = ChatRequest(
        (Message("user", question),), temperature=temperature, seed=seed, max_tokens=max_tokens
    )
    reply = ask_once(request)
    if as_json:
        emit(
            {
                "output": reply.output,
                "finish_reason": reply.finish_reason,
                "prompt_tokens": reply.prompt_tokens,
                "completion_tokens": reply.completion_tokens,
                "latency_seconds": reply.latency_seconds,
                "runtime": reply.runtime,
                "cache": reply.cache_state,
            }
        )
        return
    click.echo(visible(reply.output))
    cut = ", cut off at --max-tokens" if reply.finish_reason == "length" else ""
    note(f"{reply.completion_tokens} tokens in {reply.latency_seconds:.2f} s{cut}; {reply.runtime}")
