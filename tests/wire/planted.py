"""Secrets and personal data to plant, and everything in which they must not be found."""

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
class Garden:
    """Makes values to plant, and remembers them all."""

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

    def gossip(self, *more: str) -> str:
        """What a server might say that should keep quiet."""
        latitude, longitude = self.place()
        told = " and ".join(more)
        return f"car {self.vin()} of user {self.user()} at {latitude}, {longitude} sent {self.token()} ({told})"


@define
class Ears:
    """Hears what is logged, warned, raised and shown."""

    log: io.StringIO = field(factory=io.StringIO)
    heard: list[str] = field(factory=list[str])

    def show(self, *things: object) -> None:
        """Take in a thing as it shows itself."""
        self.heard += [text for thing in things for text in (repr(thing), str(thing), f"{thing}")]

    def catch(self, error: BaseException) -> None:
        """Take in an exception: texts, traceback, all that it is chained to, and its history."""
        self.show(error, error.args, getattr(error, "attempts", ()), getattr(error, "__notes__", ()))
        self.heard.append("".join(traceback.format_exception(error)))
        for linked in (error.__cause__, error.__context__):
            if linked is not None:
                self.catch(linked)

    def found(self, values: list[str]) -> list[tuple[str, str]]:
        """Each planted value that was heard, with what was said around it."""
        everything = "\n".join([*self.heard, self.log.getvalue()])
        places = {value: everything.find(value) for value in values}
        return [(value, everything[max(0, at - 200) : at + 100]) for value, at in places.items() if at >= 0]


@contextmanager
def listening() -> Generator[Ears, None, None]:
    """Listen to every logger at DEBUG and to every warning, with the loop in debug mode and every callback slow."""
    ears, root = Ears(), logging.getLogger()
    handler, level = logging.StreamHandler(ears.log), root.level
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = 0
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            yield ears
            ears.show(*(str(warning.message) for warning in warned))
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        loop.set_debug(False)
