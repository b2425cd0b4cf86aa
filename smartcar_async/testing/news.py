"""What is new about a vehicle for one of its subscribers: which signals changed, which troubles began or are over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from .commands import wakes
from .events import Document, Shape, bad_signal, dotted, error, good_signal, named
from .readings import read
from .switches import V3Switches
from .times import timestamp
from .troubles import ASLEEP, Trouble
from .webhooks import Webhook
from .world import Connection


@frozen
class Sight:
    """What a subscriber was last told: its trigger signals, and what is wrong with the car."""

    values: Mapping[str, object]
    troubles: tuple[Trouble, ...]


@frozen
class News:
    """What a subscriber is to be told: codes that changed (None for a first delivery), and troubles."""

    changed: tuple[str, ...] | None
    begun: tuple[Trouble, ...]
    over: tuple[Trouble, ...]


def sight(connection: Connection, webhook: Webhook, switches: V3Switches) -> Sight:
    """What can be told now."""
    readings = {code: read(code, connection, switches) for code in webhook.triggers}
    values = {code: (reading.refusal, reading.body) for code, reading in readings.items()}
    return Sight(values, (*connection.vehicle.troubles, *_found(connection, webhook, switches)))


def compare(before: Sight | None, now: Sight) -> News:
    """What has become new; all of it, for somebody who knows nothing."""
    if before is None:
        return News(None, now.troubles, ())
    return News(
        tuple(code for code, value in now.values.items() if value != before.values.get(code)),
        tuple(trouble for trouble in now.troubles if trouble not in before.troubles),
        tuple(trouble for trouble in before.troubles if trouble not in now.troubles),
    )


def _found(connection: Connection, webhook: Webhook, switches: V3Switches) -> list[Trouble]:
    """The troubles that a car's state and its owner's consent speak of."""
    found: list[Trouble] = []
    refusals = {code: read(code, connection, switches).refusal for code in webhook.signals}
    withheld = tuple(code for code, refusal in refusals.items() if refusal is not None and refusal.type == "PERMISSION")
    if withheld:
        text = "The owner has not granted every permission."
        found.append(Trouble("PERMISSION", None, "REAUTHENTICATE", text, signals=withheld))
    if connection.vehicle.stored.asleep and not wakes(connection.vehicle, switches):
        found.append(ASLEEP)
    return found


def whose(connection: Connection) -> Document:
    """The user and the vehicle of an event."""
    vehicle, model = connection.vehicle, connection.vehicle.car.model
    user: Document = {"id": connection.owner.id}
    return {
        "user": user,
        "vehicle": {"id": vehicle.id, "make": model.make, "model": model.model, "year": model.year},
    }


def signal_of(code: str, connection: Connection, switches: V3Switches) -> Document:
    """A signal as a delivery has it. What is never dated comes with a 0."""
    reading = read(code, connection, switches)
    if reading.refusal is not None:
        refusal = reading.refusal
        return bad_signal(code, refusal.type, None if refusal.type == "PERMISSION" else refusal.code)
    recorded, retrieved = reading.recorded_at, reading.retrieved_at or connection.vehicle.reported_at
    return good_signal(code, reading.body or {}, {"oemUpdatedAt": _since(recorded), "retrievedAt": _since(retrieved)})


def error_of(trouble: Trouble, shape: Shape, *, resolved: bool = False) -> Document:
    """A trouble as a delivery has it."""
    name = dotted if shape == "september_2025" else named
    return error(
        trouble.type,
        trouble.code,
        description=trouble.description,
        user_message=trouble.user_message,
        resolution=trouble.resolution,
        signals=[name(code) for code in trouble.signals],
        resolved=resolved,
    )


def _since(at: datetime | None) -> object:
    return 0 if at is None else timestamp(at)
