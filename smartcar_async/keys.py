"""The name of a signal, as a value."""

import importlib
from collections.abc import Iterable
from typing import Any, Final, Generic, TypeVar

from attrs import field, frozen

from .vocabulary import Permission

B_co = TypeVar("B_co", covariant=True)

_ALIKE: Final = 0.7
"""How alike two spellings are that may be taken for each other, from 0 to 1."""


@frozen
class SignalKey(Generic[B_co]):
    """The name of a signal, with the class of its body and the permission it needs."""

    group: str
    name: str
    body_name: str = field(repr=False)
    permission: Permission | None = field(default=None, repr=False)
    code: str = field(default="", repr=False)

    def __attrs_post_init__(self) -> None:
        if self.group and not self.code:
            object.__setattr__(self, "code", f"{self.group}-{self.name}".lower())

    @property
    def body(self) -> type[B_co]:
        """The class of the body, by name: to make forty classes is what an import need not wait for."""
        home: Any = importlib.import_module("builtins" if self.body_name == "dict" else "smartcar_async.bodies")
        cls: type[B_co] = getattr(home, self.body_name)
        return cls

    def __eq__(self, other: object) -> bool:  # written out: type checkers then know that keys compare by code
        return isinstance(other, SignalKey) and self.code == other.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __str__(self) -> str:
        return self.code


def did_you_mean(text: object, codes: Iterable[str]) -> str:
    """A question with up to three codes: those with this word in them, or else those spelled alike; or nothing."""
    word = _letters(text) if isinstance(text, str) else ""
    if not word:
        return ""
    parts = {code: [_letters(code), *map(_letters, code.split("-"))] for code in codes}
    near = [code for code, forms in parts.items() if any(word in form for form in forms)]
    near.sort(key=lambda code: word not in parts[code])  # first those of which it is the whole name, or the whole group
    if not near:
        from difflib import SequenceMatcher  # rarely needed

        alike = {code: max(SequenceMatcher(None, word, form).ratio() for form in parts[code]) for code in parts}
        near = sorted((code for code in alike if alike[code] >= _ALIKE), key=alike.__getitem__, reverse=True)
    return f"did you mean {' or '.join(near[:3])}?" if near else ""


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).lower()
