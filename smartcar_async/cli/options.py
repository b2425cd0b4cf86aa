"""What the commands that start a simulator share: the options of its world, and one line for each mistake."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Literal, NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is a single line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read more; exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser(command: str, description: str) -> Parser:
    """A parser with the options that choose the simulated world."""
    options = Parser(prog=f"smartcar {command}", description=description, allow_abbrev=False)
    options.add_argument(
        "--profile", default="everyday", metavar="P", help="the fleet: everyday (default), volvo, makes or empty"
    )
    options.add_argument("--seed", type=whole, default=1, metavar="N", help="the same seed gives the same week (1)")
    return options


def moment(text: str) -> datetime | Literal["real"]:
    """The word "real", or a time; one without a zone is UTC."""
    if text == "real":
        return "real"
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: give 'real', or one such as 2026-06-01") from None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def whole(text: str) -> int:
    """A whole number from the command line."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number: give one such as 1") from None


def number(text: str) -> float:
    """A finite number of zero or more from the command line."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of zero or more: give one such as 5")
    return value
