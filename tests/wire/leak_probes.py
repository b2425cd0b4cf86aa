"""Secrets and personal data of made-up owners, and all the output in which none of them may be found."""

from __future__ import annotations

import asyncio
import io
import logging
import random
import string
import traceback
import uuid
import warnings
from collections.abc import Generator
from contextlib import contextmanager

from attrs import define, field

VIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"


@define
class PrivateValues:
    """Makes values that nobody may see, and remembers them all."""

    chance: random.Random = field(factory=lambda: random.Random(7))
    values: list[str] = field(factory=list[str])

    def _new(self, value: str) -> str:
        self.values.append(value)
        return value

    def _letters(self, count: int, letters: str = string.ascii_letters + string.digits) -> str:
        return "".join(self.chance.choices(letters, k=count))

    def secret(self) -> str:
        """A client secret, a password: any text."""
        return self._new(f"s{self._letters(11)}")

    def jwt(self) -> str:
        """A token that is a JWT."""
        return self._new(f"eyJ{self._letters(30)}.{self._letters(40)}.{self._letters(30)}")

    def token(self) -> str:
        """A token, a JWT or opaque."""
        return self.jwt() if self.chance.random() < 0.5 else self._new(f"{self._letters(39)}7")

    def user(self) -> str:
        """A user's id."""
        return self._new(str(uuid.UUID(int=self.chance.getrandbits(128), version=4)))

    def vin(self) -> str:
        """A vehicle identification number."""
        return self._new(f"{self._letters(16, VIN_LETTERS)}7")

    def place(self) -> tuple[float, float]:
        """Coordinates, as precise as cars send them."""
        latitude = float(self._new(f"{self.chance.randint(10, 89)}.{self._letters(5, '123456789')}"))
        longitude = float(self._new(f"{self.chance.randint(100, 179)}.{self._letters(5, '123456789')}"))
        return latitude, longitude

    def leaky_text(self, *more: str) -> str:
        """What a careless server might write: a text with new private values, and with those given."""
        latitude, longitude = self.place()
        extra = " and ".join(more)
        return f"car {self.vin()} of user {self.user()} at {latitude}, {longitude} sent {self.token()} ({extra})"


@define
class CapturedOutput:
    """What was logged, warned, raised and shown."""

    log: io.StringIO = field(factory=io.StringIO)
    texts: list[str] = field(factory=list[str])

    def show(self, *things: object) -> None:
        """Add each thing as `repr`, `str` and `format` show it."""
        self.texts += [text for thing in things for text in (repr(thing), str(thing), f"{thing}")]

    def catch(self, error: BaseException) -> None:
        """Add an exception: its texts, traceback, attempts and notes, and all that it is chained to."""
        self.show(error, error.args, getattr(error, "attempts", ()), getattr(error, "__notes__", ()))
        self.texts.append("".join(traceback.format_exception(error)))
        for linked in (error.__cause__, error.__context__):
            if linked is not None:
                self.catch(linked)

    def found(self, values: list[str]) -> list[tuple[str, str]]:
        """Each of these values that is in the output, with the text around it."""
        everything = "\n".join([*self.texts, self.log.getvalue()])
        positions = {value: everything.find(value) for value in values}
        return [(value, everything[max(0, at - 200) : at + 100]) for value, at in positions.items() if at >= 0]


@contextmanager
def capture_output() -> Generator[CapturedOutput, None, None]:
    """Capture every logger at DEBUG and to every warning, with the loop in debug mode and every callback slow."""
    output, root = CapturedOutput(), logging.getLogger()
    handler, level = logging.StreamHandler(output.log), root.level
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield output
            output.show(*(str(warning.message) for warning in warned))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        loop.set_debug(False)
