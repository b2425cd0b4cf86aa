"""From what the service stored of a car to the signal documents of the v3 API: status, body, times, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from attrs import frozen

from .bodies import SIGNALS, Body, SignalSpec, reported_by
from .switches import V3Switches
from .times import timestamp
from .world import EPOCH, Connection, Vehicle

_ONLY_WHILE_CHARGING = frozenset({"charge-chargerate", "charge-timetocomplete", "charge-wattage"})
_NEVER_DATED = frozenset(
    f"vehicleidentification-{name}" for name in ("vin", "exteriorcolor", "packages", "trim")
)  # fmt: skip
_OFTEN_LEFT_OUT: Mapping[str, tuple[str, ...]] = {
    "location-preciselocation": ("heading", "direction"),
    "charge-timetocomplete": ("unit",),
}
_DOCUMENTED_UNITS: Mapping[object, str] = {
    "km": "kilometers",
    "km/h": "kph",
    "percent": "percentage",
    "kWh": "kilowatt-hours",
    "celsius": "degrees-celsius",
    "min": "minutes",
}


@frozen
class Refusal:
    """Why a signal has no trustworthy body."""

    type: str
    code: str
    title: str
    detail: str
    resolution: str = "UNKNOWN_RESOLUTION_TYPE"

    def document(self) -> Body:
        """The refusal as `status.error`."""
        return {
            "type": self.type,
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
            "description": "Deprecated. Use detail",
            "resolution": {"type": self.resolution},
        }


_NOT_CAPABLE = Refusal(
    "COMPATIBILITY", "VEHICLE_NOT_CAPABLE", "Vehicle Not Capable", "The vehicle does not support this signal."
)
_NOT_CHARGING = Refusal("VEHICLE_STATE", "NOT_CHARGING", "Not Charging", "The vehicle is not charging.")
_NOT_GRANTED = Refusal(
    "PERMISSION", "UNKNOWN", "Permission", "The owner has not granted this permission.", "REAUTHENTICATE"
)


def signal_documents(connection: Connection, switches: V3Switches, base: str) -> Iterator[Body]:
    """Every signal that the list endpoint shows for a connection, in the order of the catalogue."""
    if connection.vehicle.subscribed:
        reported = reported_by(connection.vehicle.car.model)
        for code, spec in SIGNALS.items():
            if code in reported:
                yield _document(spec, connection, switches, base)


def signal_document(connection: Connection, code: str, switches: V3Switches, base: str) -> Body | None:
    """One signal of a connection, or None where the store holds nothing under that code."""
    vehicle = connection.vehicle
    if not vehicle.subscribed or code not in reported_by(vehicle.car.model):
        return None
    return _document(SIGNALS[code], connection, switches, base)


@frozen
class Reading:
    """What the store has of one signal: a refusal, a body, or both where the body is not to be trusted; and its times.

    `retrieved_at` is None where `recorded_at` is, for what is never dated.
    """

    spec: SignalSpec
    refusal: Refusal | None
    body: Body | None
    recorded_at: datetime | None = None
    retrieved_at: datetime | None = None


def read(code: str, connection: Connection, switches: V3Switches) -> Reading:
    """Read a signal of the catalogue; one that the make does not offer is refused."""
    spec = SIGNALS[code]
    vehicle = connection.vehicle
    if code not in reported_by(vehicle.car.model):
        return Reading(spec, _NOT_CAPABLE, None)
    refusal, body = _refusal_and_body(spec, connection)
    if body is None:
        return Reading(spec, refusal, None)
    body = _as_switched(code, body, switches)
    if code in _NEVER_DATED:
        return Reading(spec, refusal, body)
    recorded = _recorded_at(code, vehicle, refused=refusal is not None)
    retrieved = min(recorded + timedelta(seconds=vehicle.stored.model.lag_s), vehicle.reported_at)
    return Reading(spec, refusal, body, recorded, retrieved)


def vehicle_attributes(vehicle: Vehicle, switches: V3Switches) -> Body:
    """Make, model, year, powertrain and mode. Some cars do not report their powertrain."""
    model = vehicle.car.model
    attributes: Body = {
        "make": model.make,
        "model": model.model,
        "year": str(model.year) if switches.year == "text" else model.year,
        "mode": vehicle.mode,
    }
    if not model.hides_powertrain:
        attributes["powertrainType"] = model.powertrain
    return attributes


def _document(spec: SignalSpec, connection: Connection, switches: V3Switches, base: str) -> Body:
    vehicle, reading = connection.vehicle, read(spec.code, connection, switches)
    refusal = reading.refusal
    status: Body = {"value": "SUCCESS"} if refusal is None else {"value": "ERROR", "error": refusal.document()}
    attributes: Body = {"code": spec.code, "name": spec.name, "group": spec.group, "status": status}
    if reading.body is not None:
        attributes["body"] = reading.body
    return {
        "id": spec.code,
        "type": "signal",
        "attributes": attributes,
        "meta": _meta(reading, vehicle, switches),
        "links": {"self": f"{base}/v3/vehicles/{vehicle.id}/signals/{spec.code}"},
    }


def _refusal_and_body(spec: SignalSpec, connection: Connection) -> tuple[Refusal | None, Body | None]:
    """The refusal, if any, and the body, if any: both together is a body that must not be trusted."""
    car = connection.vehicle.stored
    model = car.model
    if spec.permission is not None and spec.permission not in connection.permissions:
        return _NOT_GRANTED, None
    if spec.code in model.incapable:
        return _NOT_CAPABLE, None
    body = spec.body(car)
    if spec.code in model.hollow:
        return _NOT_CAPABLE, {**dict.fromkeys(body)}
    if spec.code in _ONLY_WHILE_CHARGING and not car.charging:
        keeps_body = model.keeps_charge_body and car.last_charged is not None
        return _NOT_CHARGING, body if keeps_body else {**body, "value": None}
    for name in model.nulls.get(spec.code, ()):
        body[name] = None
    return None, body


def _as_switched(code: str, body: Body, switches: V3Switches) -> Body:
    if switches.units == "live":
        return {key: value for key, value in body.items() if key not in _OFTEN_LEFT_OUT.get(code, ())}
    if "unit" in body:
        body["unit"] = _DOCUMENTED_UNITS.get(body["unit"], body["unit"])
    return body


def _meta(reading: Reading, vehicle: Vehicle, switches: V3Switches) -> Body:
    """When the car recorded it, when it was fetched, when it was stored. All lie in the past of the world's clock."""
    meta: Body = {"ingestedAt": timestamp(vehicle.reported_at, switches.times)}
    if reading.recorded_at is not None and reading.retrieved_at is not None:
        meta["retrievedAt"] = timestamp(reading.retrieved_at, switches.times)
        meta["oemUpdatedAt"] = timestamp(reading.recorded_at, switches.times)
    return meta


def _recorded_at(code: str, vehicle: Vehicle, *, refused: bool) -> datetime:
    car = vehicle.stored
    lag = timedelta(seconds=car.model.lag_s)
    if code == "location-preciselocation" and car.model.location_type == "LAST_PARKED":
        return EPOCH + timedelta(minutes=car.parked_minute) - lag
    if refused and code in _ONLY_WHILE_CHARGING and car.last_charged is not None:
        return EPOCH + timedelta(minutes=car.last_charged) - lag
    return vehicle.recorded_at
