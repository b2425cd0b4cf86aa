"""What is new about a vehicle for one of its subscribers: which signals changed, which troubles began or are over."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from attrs import frozen

from .commands import wakes
from .events import Document, Shape, dotted, error, names_object, signal_with_body, signal_without_body
from .readings import read
from .switches import V3Switches
from .times import timestamp
from .troubles import ASLEEP, Trouble
from .webhooks import Webhook
from .world import Connection


@frozen
class Snapshot:
    """What a subscriber knows: its trigger signals, and what is wrong with the car."""

    values: Mapping[str, object]
    troubles: tuple[Trouble, ...]


@frozen
class Changes:
    """What is new to a subscriber: codes that changed (None for a first delivery), and troubles."""

    changed: tuple[str, ...] | None
    started: tuple[Trouble, ...]
    ended: tuple[Trouble, ...]


def snapshot(connection: Connection, webhook: Webhook, switches: V3Switches) -> Snapshot:
    """What a subscriber would learn now."""
    readings = {code: read(code, connection, switches) for code in webhook.triggers}
    values = {code: (reading.refusal, reading.body) for code, reading in readings.items()}
    return Snapshot(values, (*connection.vehicle.troubles, *_implied_troubles(connection, webhook, switches)))


def compare(before: Snapshot | None, now: Snapshot) -> Changes:
    """What differs; all of it, for a subscriber who knows nothing yet."""
    if before is None:
        return Changes(None, now.troubles, ())
    return Changes(
        tuple(code for code, value in now.values.items() if value != before.values.get(code)),
        tuple(trouble for trouble in now.troubles if trouble not in before.troubles),
        tuple(trouble for trouble in before.troubles if trouble not in now.troubles),
    )


def _implied_troubles(connection: Connection, webhook: Webhook, switches: V3Switches) -> list[Trouble]:
    """The troubles that follow from a car's state and its owner's consent."""
    troubles: list[Trouble] = []
    refusals = {code: read(code, connection, switches).refusal for code in webhook.signals}
    ungranted = tuple(
        code for code, refusal in refusals.items() if refusal is not None and refusal.type == "PERMISSION"
    )
    if ungranted:
        text = "The owner has not granted every permission."
        troubles.append(Trouble("PERMISSION", None, "REAUTHENTICATE", text, signals=ungranted))
    if connection.vehicle.stored.asleep and not wakes(connection.vehicle, switches):
        troubles.append(ASLEEP)
    return troubles


def parties(connection: Connection) -> Document:
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
        return signal_without_body(code, refusal.type, None if refusal.type == "PERMISSION" else refusal.code)
    recorded, retrieved = reading.recorded_at, reading.retrieved_at or connection.vehicle.reported_at
    return signal_with_body(
        code, reading.body or {}, {"oemUpdatedAt": _timestamp(recorded), "retrievedAt": _timestamp(retrieved)}
    )


def error_of(trouble: Trouble, shape: Shape, *, resolved: bool = False) -> Document:
    """A trouble as a delivery has it."""
    name = dotted if shape == "september_2025" else names_object
    return error(
        trouble.type,
        trouble.code,
        description=trouble.description,
        user_message=trouble.user_message,
        resolution=trouble.resolution,
        signals=[name(code) for code in trouble.signals],
        resolved=resolved,
    )


def _timestamp(at: datetime | None) -> object:
    return 0 if at is None else timestamp(at)
