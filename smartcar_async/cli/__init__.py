"""The `smartcar` command. Its commands parse with argparse; that alone would double the time of `smartcar --help`."""

from __future__ import annotations

import sys

from .._version import __version__

TYPE_CHECKING = False  # as in the package root: a command should not wait for the import of typing
if TYPE_CHECKING:
    from collections.abc import Sequence

HELP = f"""\
usage: smartcar [--help] [--version] COMMAND ...

Read connected cars through Smartcar: {__version__}

commands:
  demo       drive a fleet of simulated cars and read it: no account, no network
  simulate   serve simulated cars on a port of this machine, for tests in any language

`smartcar COMMAND --help` tells more about a command.
"""
INTERRUPTED = 130
"""The exit code of a command that Ctrl-C or SIGTERM cut short; `simulate` has no other end, and gives 0."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 when all went well, 2 for a mistake in what was typed."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_output()
        return 0
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _run(arguments: list[str]) -> int:
    command, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if command in ("--help", "-h"):
        sys.stdout.write(HELP)
        return 0
    if command == "--version":
        print(f"smartcar {__version__}")
        return 0
    if command not in ("demo", "simulate"):
        print(f"smartcar: there is no command {command!r}: see smartcar --help", file=sys.stderr)
        return 2
    if command == "demo":
        from . import demo

        return demo.run(rest)
    from . import simulate

    return simulate.run(rest)


def _forget_output() -> None:
    """Nobody reads on: send the rest, which Python writes out at its end, to nowhere."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
