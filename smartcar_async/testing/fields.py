"""Reading `data.attributes` of a request body, so that every bad field gets an entry of its own in the refusal."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from attrs import define, field

from .times import minute_of_day
from .wire import Problem, Refused, Request, is_object


@define
class Fields:
    """The fields of an object in a body, and what is wrong with those that were read."""

    values: dict[str, object]
    path: str = ""
    _problems: list[str] = field(factory=list[str], repr=False)

    @classmethod
    def of(cls, request: Request) -> Fields:
        """The attributes of a request, or a refusal of the whole body."""
        try:
            document = request.json()
        except msgspec.DecodeError:
            raise _refusal(["body must be JSON"]) from None
        data = document.get("data") if is_object(document) else None
        attributes = data.get("attributes") if is_object(data) else None
        if not is_object(attributes):
            raise _refusal(["data.attributes must be an object"])
        return cls(attributes)

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def check(self) -> None:
        """Refuse, where something was wrong: one entry a field."""
        if self._problems:
            raise _refusal(self._problems)

    def reject(self, name: str, wanted: str) -> None:
        """Note that a field is not what it must be."""
        self._problems.append(f"{self.path}{name} must be {wanted}")

    def integer(self, name: str, low: int, high: int) -> int:
        """A whole number in a range; `80.0` is none."""
        value = self.values.get(name)
        if type(value) is int and low <= value <= high:
            return value
        self.reject(name, f"a whole number from {low} to {high}")
        return low

    def number(self, name: str, low: float, high: float) -> float:
        """A number in a range."""
        value = self.values.get(name)
        if isinstance(value, int | float) and type(value) is not bool and low <= value <= high:
            return value
        self.reject(name, f"a number from {low:g} to {high:g}")
        return low

    def text(self, name: str) -> str:
        """A text that says something."""
        value = self.values.get(name)
        if isinstance(value, str) and value:
            return value
        self.reject(name, "a text")
        return ""

    def clock(self, name: str) -> int:
        """A time of day as `HH:mm`, in minutes."""
        minute = minute_of_day(self.values.get(name))
        if minute is None:
            self.reject(name, "a time of day as HH:mm")
            return -1
        return minute

    def object_field(self, name: str) -> Fields:
        """An object within this one; what is wrong with it is wrong with the whole."""
        value = self.values.get(name)
        if not is_object(value):
            self.reject(name, "an object")
            return Fields({}, f"{self.path}{name}.", [])
        return Fields(value, f"{self.path}{name}.", self._problems)

    def __iter__(self) -> Iterator[str]:
        return iter(self.values)


def _refusal(details: list[str]) -> Refused:
    return Refused(*(Problem(400, "VALIDATION", "INVALID_INPUT_FORMAT", detail) for detail in details))
