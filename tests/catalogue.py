"""The signal reference of `data/signals.json`, and bodies made from its schemas."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Schema = dict[str, Any]
Body = dict[str, Any]
Place = tuple[str | int, ...]
"""Where a value stands in a body: names of fields, and positions in lists."""


@dataclass(frozen=True)
class Listed:
    """One signal as the reference lists it."""

    group: str
    name: str
    code: str
    permission: str | None
    body: Schema

    def __str__(self) -> str:
        return self.code


LISTED = [Listed(**entry) for entry in json.loads((Path(__file__).parent / "data" / "signals.json").read_text())]

CLOCK_TIMES = {"start", "end"}
MOMENTS = {"startTime", "endTime", "timestamp"}


def kind(schema: Schema) -> str:
    """What a schema wants: number, integer, string, boolean, array or object."""
    wanted = schema["type"]
    return wanted if isinstance(wanted, str) else next(word for word in wanted if word != "null")


def words(schema: Schema) -> list[str]:
    """The known words of an open enum."""
    return [word for word in schema.get("enum", ()) if word is not None]


def example(schema: Schema, place: Place = ()) -> Any:
    """A valid value with nothing left out; its texts suit the name of the field."""
    match kind(schema):
        case "object":
            return {name: example(inner, (*place, name)) for name, inner in schema["properties"].items()}
        case "array":
            return [example(schema["items"], (*place, 0))]
        case "string":
            return words(schema)[-1] if words(schema) else _text(place)
        case other:
            return {"number": 12.5, "integer": 3, "boolean": True}[other]


def _text(place: Place) -> str:
    name = place[-1]
    if name in CLOCK_TIMES or (name == "time" and "departureTimers" in place):
        return "22:30:00"
    return "2026-05-04T10:00:00Z" if name in MOMENTS or name == "time" else f"some {name}"


def places(schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Every value inside a body, with its schema; lists have one element."""
    if kind(schema) == "object":
        for name, inner in schema["properties"].items():
            yield (*place, name), inner
            yield from places(inner, (*place, name))
    elif kind(schema) == "array":
        yield (*place, 0), schema["items"]
        yield from places(schema["items"], (*place, 0))


def replaced(body: Body, place: Place, value: object) -> Body:
    """A copy with another value at one place."""
    changed = copy.deepcopy(body)
    at(changed, place[:-1])[place[-1]] = value
    return changed


def without(body: Body, place: Place) -> Body:
    """A copy that lacks the value at one place."""
    changed = copy.deepcopy(body)
    del at(changed, place[:-1])[place[-1]]
    return changed


def at(value: Any, place: Place) -> Any:
    """The value at one place of a body, or of the record that was made of it."""
    for step in place:
        value = getattr(value, snake(str(step))) if hasattr(value, "__attrs_attrs__") else value[step]
    return value


def snake(name: str) -> str:
    """The Python name of a field: `isOEMOptimizationEnabled` to `is_oem_optimization_enabled`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def signal_entry(code: str, body: object, **attributes: object) -> Body:
    """A signal that could be read, as REST sends it."""
    return {
        "id": code,
        "type": "signal",
        "attributes": {"code": code, "status": {"value": "SUCCESS"}, "body": body, **attributes},
        "meta": {
            "ingestedAt": "2026-05-04T10:00:09.000Z",
            "retrievedAt": "2026-05-04T10:00:07.500Z",
            "oemUpdatedAt": "2026-05-04T09:58:00.000Z",
        },
        "links": {"self": f"https://vehicle.api.smartcar.com/v3/vehicles/v1/signals/{code}"},
    }
