"""What API v2.0 answers, as frozen records. What is missing or null on the wire is None, never zero.

Each answer carries `meta`, from the headers that it came with, and `raw`, all that its body said. A `repr` shows
personal data only in the very record that holds it.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from attrs import field, frozen

from ..body_enums import CapacitySource, ChargeState, SystemState
from ..vocabulary import Permission, Powertrain, VehicleMode
from ..wire import NOT_SENT, Identity, sent
from .answers import (
    Answer as Answer,
    Entry as Entry,
    Meta as Meta,
    Response as Response,
    V3Response as V3Response,
    amount_field,
    counted_field,
    id_field,
    time_field,
    year_field,
)
from .scopes import words


@frozen
class Paging(Entry):
    """Where a page stands in the whole list."""

    count: int | None = None
    """How many elements the whole list has."""
    offset: int | None = None


@frozen
class CursorPaging(Entry):
    """Where the next page begins; None after the last one."""

    cursor: str | None = id_field()


@frozen
class User(Answer):
    """The owner whom a token speaks for."""

    id: str | None = id_field()


@frozen
class VehicleIds(Answer):
    """One page of an owner's vehicles."""

    vehicles: tuple[str, ...] = sent(kind=tuple[Identity, ...], skips=True, default=())
    paging: Paging | None = None


@frozen
class Attributes(Answer):
    """What a vehicle is."""

    id: str | None = id_field()
    make: str | None = None
    model: str | None = id_field()
    year: int | None = year_field()


@frozen
class Capability(Entry):
    """Whether a vehicle can do what one permission allows."""

    permission: Permission | str | None = None
    endpoint: str | None = None
    capable: bool | None = None
    reason: str | None = None


@frozen
class Compatibility(Answer):
    """Whether a vehicle is likely to work with Smartcar."""

    compatible: bool | None = None
    reason: str | None = None
    capabilities: tuple[Capability, ...] = ()


@frozen
class CompatibilityMatrixEntry(Entry):
    """A model that works with Smartcar, and what it can do."""

    model: str | None = id_field()
    start_year: int | None = year_field()
    end_year: int | None = year_field()
    type: Powertrain | str | None = None
    endpoints: tuple[str, ...] = sent(kind=tuple[Identity, ...], skips=True, default=())
    permissions: tuple[Permission | str, ...] = sent(skips=True, default=())


@frozen
class CompatibilityMatrix(Answer):
    """The models that work with Smartcar in a region, by make."""

    makes: Mapping[str, tuple[CompatibilityMatrixEntry, ...]] = field(
        factory=dict[str, tuple[CompatibilityMatrixEntry, ...]]
    )


@frozen
class Connection(Entry):
    """One owner's grant of one vehicle."""

    vehicle_id: str | None = id_field()
    user_id: str | None = id_field()
    connected_at: datetime | None = time_field()
    mode: VehicleMode | str | None = None


@frozen
class Connections(Answer):
    """One page of the application's connections, newest first."""

    connections: tuple[Connection, ...] = counted_field()
    paging: CursorPaging | None = None


@frozen
class DeletedConnections(Answer):
    """The connections that were deleted. They have no `connected_at` any more."""

    connections: tuple[Connection, ...] = counted_field()


@frozen
class Permissions(Answer):
    """What an owner granted; one page of it."""

    permissions: tuple[Permission | str, ...] = sent(skips=True, default=())
    paging: Paging | None = None

    def has(self, names: Iterable[Permission | str] | str) -> bool:
        """Whether this page grants all of these; `required:` before a name does not matter."""
        wanted = {word.removeprefix("required:") for word in words(names, "names")}
        return wanted <= {str(word) for word in self.permissions}


@frozen
class Vin(Answer):
    """The vehicle identification number."""

    vin: str | None = None


@frozen
class Battery(Answer):
    """The charge of the traction battery."""

    range: float | None = None
    percent_remaining: float | None = None
    """From 0 to 1."""


@frozen
class BatteryCapacity(Answer):
    """The capacity of the traction battery."""

    capacity: float | None = None
    """In kWh."""


@frozen
class AvailableCapacity(Entry):
    """A capacity that this model is sold with."""

    capacity: float | None = None
    description: str | None = None


@frozen
class RatedCapacity(Entry):
    """The capacity of this very car, and who told it."""

    nominal: float | None = None
    source: CapacitySource | str | None = None


@frozen
class NominalCapacity(Answer):
    """The rated capacities of the traction battery, in kWh."""

    available_capacities: tuple[AvailableCapacity, ...] = ()
    capacity: RatedCapacity | None = None
    url: str | None = field(default=None, repr=False)
    """A page where the owner can pick the capacity. It holds a token."""


@frozen
class Charge(Answer):
    """Whether the car is plugged in and charges."""

    is_plugged_in: bool | None = None
    state: ChargeState | str | None = None


@frozen
class ChargeLimit(Answer):
    """The level at which charging ends, from 0 to 1."""

    limit: float | None = None


@frozen
class Fuel(Answer):
    """What is in the tank."""

    range: float | None = None
    percent_remaining: float | None = None
    """From 0 to 1."""
    amount_remaining: float | None = None


@frozen
class EngineOil(Answer):
    """How much of the oil's life is left, from 0 to 1."""

    life_remaining: float | None = None


@frozen
class TirePressure(Answer):
    """The pressure of each tire."""

    front_left: float | None = None
    front_right: float | None = None
    back_left: float | None = None
    back_right: float | None = None


@frozen
class Odometer(Answer):
    """How far the car has gone."""

    distance: float | None = None


@frozen
class Location(Answer):
    """Where the car was last known to be."""

    latitude: float | None = None
    longitude: float | None = None


@frozen
class Opening(Entry):
    """One door, window, hatch or flap. The wire tells OPEN, CLOSED, LOCKED or UNKNOWN."""

    type: str | None = None
    status: str | None = None


@frozen
class SecurityResponse(Answer):
    """Whether the car is locked, and what is open."""

    is_locked: bool | None = None
    doors: tuple[Opening, ...] = ()
    windows: tuple[Opening, ...] = ()
    sunroof: tuple[Opening, ...] = ()
    storage: tuple[Opening, ...] = ()
    charging_port: tuple[Opening, ...] = ()


@frozen
class ServiceTask(Entry):
    """One thing that was done at a service."""

    task_id: str | None = id_field()
    task_description: str | None = None


@frozen
class ServiceDetail(Entry):
    """One fact about a service, such as who did it."""

    type: str | None = None
    value: str | None = id_field()


@frozen
class ServiceCost(Entry):
    """What a service cost."""

    total_cost: float | None = amount_field()
    currency: str | None = None


@frozen
class ServiceRecord(Entry):
    """One service of the car."""

    service_id: str | None = id_field("serviceId", "serviceID")
    service_date: datetime | None = time_field()
    odometer_distance: float | None = None
    service_tasks: tuple[ServiceTask, ...] = ()
    service_details: tuple[ServiceDetail, ...] = ()
    service_cost: ServiceCost | None = None
    meta: Meta = field(factory=Meta, repr=False, kw_only=True, metadata=NOT_SENT)


@frozen
class ServiceHistory(Answer):
    """The services of the car, as the maker keeps them."""

    records: tuple[ServiceRecord, ...] = ()


@frozen
class DiagnosticSystemStatus(Entry):
    """Whether one system of the car reports trouble."""

    system_id: str | None = sent("systemId", "systemID")
    status: SystemState | str | None = None
    description: str | None = None


@frozen
class DiagnosticSystemStatusResponse(Answer):
    """What the car's systems report."""

    systems: tuple[DiagnosticSystemStatus, ...] = ()


@frozen
class DiagnosticTroubleCode(Entry):
    """One trouble code, and when it was set."""

    code: str | None = None
    timestamp: datetime | None = time_field()


@frozen
class DiagnosticTroubleCodesResponse(Answer):
    """The trouble codes that are active."""

    active_codes: tuple[DiagnosticTroubleCode, ...] = ()


@frozen
class ActionResponse(Answer):
    """The answer to a command that was accepted, or to the end of a connection or subscription."""

    status: str | None = None
    message: str | None = field(default=None, repr=False)


@frozen
class WebhookSubscription(Answer):
    """A vehicle that a webhook reports on from now."""

    webhook_id: str | None = id_field()
    vehicle_id: str | None = id_field()
