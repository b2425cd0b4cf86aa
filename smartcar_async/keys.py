"""The name of a signal, as a value."""

import importlib
from typing import Any, Generic, TypeVar

from attrs import field, frozen

from .vocabulary import Permission

B_co = TypeVar("B_co", covariant=True)


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
        found: type[B_co] = getattr(home, self.body_name)
        return found

    def __eq__(self, other: object) -> bool:  # written out: type checkers then know that a key is found by its code
        return isinstance(other, SignalKey) and self.code == other.code

    def __hash__(self) -> int:
        return hash(self.code)

    def __str__(self) -> str:
        return self.code
