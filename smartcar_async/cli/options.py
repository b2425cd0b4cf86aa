"""What the commands that start a simulator share: the options of its world, and one line for each mistake."""

from __future__ import annotations

import argparse
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose complaint is a single line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read more; exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parser(command: str, description: str) -> Parser:
    """A parser with the options that choose the simulated world."""
    made = Parser(prog=f"smartcar {command}", description=description, allow_abbrev=False)
    made.add_argument(
        "--profile", default="everyday", metavar="P", help="the fleet: everyday (default), volvo, makes or empty"
    )
    made.add_argument("--seed", type=whole, default=1, metavar="N", help="the same seed gives the same week (1)")
    return made


def whole(text: str) -> int:
    """A whole number from the command line."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number: give one such as 1") from None


def number(text: str) -> float:
    """A finite number of zero or more from the command line."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of zero or more: give one such as 5")
    return found
