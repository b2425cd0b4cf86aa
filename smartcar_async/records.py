"""What users receive: frozen records, with all that the wire said in `raw`.

A `repr` shows personal data only in the very record that holds it, never in one that contains such a record.
"""

import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeGuard, TypeVar, cast, overload

from attrs import field, frozen

from .errors import ConfigurationError, SmartcarError
from .keys import SignalKey as SignalKey, did_you_mean
from .lazy_raw import Sent, raw_on_demand
from .times import instant_or_none
from .vocabulary import ExecutionStatus, Permission, Powertrain, SignalStatus, VehicleMode
from .wire import NOT_SENT, Identity, Object, Seconds, Token, Year, raw_field, sent, wire

B = TypeVar("B")
B_co = TypeVar("B_co", covariant=True)
D = TypeVar("D")
T_co = TypeVar("T_co", covariant=True)

Json = Mapping[str, Any]
"""A JSON object as it was received."""


def is_mapping(value: object) -> TypeGuard[Json]:
    """Whether this is a JSON object."""
    return isinstance(value, Mapping)


class _Shown:
    """A record that a notebook shows as a table."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        from .notebook import of_record

        return of_record(self)


@frozen
class VehicleAttributes(_Shown):
    """What a vehicle is."""

    id: str = field(metadata=wire(kind=Identity))
    make: str | None = sent("attributes?.make", kind=Identity)
    model: str | None = sent("attributes?.model", kind=Identity)
    year: int | None = sent("attributes?.year", kind=Year)
    powertrain_type: Powertrain | str | None = sent("attributes?.powertrainType")
    mode: VehicleMode | str | None = sent("attributes?.mode")
    raw: Json = raw_field()


@frozen
class Connection(_Shown):
    """One owner's grant of one vehicle to your application."""

    id: str = field(metadata=wire(kind=Identity))
    vehicle_id: str = field(metadata=wire("relationships.vehicle.data.id", kind=Identity))
    user_id: str = field(metadata=wire("attributes!.user.id", "relationships.user.data.id", kind=Identity))
    external_id: str | None = sent("attributes!.user.externalId", kind=Identity)
    permissions: tuple[Permission | str, ...] = sent("attributes!.permissions", default=())
    vehicle: VehicleAttributes | None = sent("attributes!.vehicle", from_parent={"id": "vehicle_id"})
    created_at: datetime | None = sent("meta.createdAt", tolerant=True)
    updated_at: datetime | None = sent("meta.updatedAt", tolerant=True)
    raw: Json = raw_field()


@frozen
class Malformed:
    """An entry of a list that could not be read; its neighbours were. `raw` holds it."""

    problem: str
    raw: Any = raw_field()


@frozen
class Page(_Shown, Generic[T_co]):
    """One page of a list."""

    items: tuple[T_co, ...] = field(repr=lambda items: f"<{len(items)}>")
    number: int
    has_next: bool
    total: int | None = None
    malformed: tuple[Malformed, ...] = ()


@frozen
class Response:
    """A successful answer to `request`, as it came."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    """The body as it came."""
    data: Any = field(default=None, repr=False)
    """The decoded JSON, or None where the body is no JSON."""

    @property
    def body(self) -> bytes:
        """The former name of `content`; deprecated, because the answers of API v2.0 have decoded JSON under it."""
        warnings.warn("Response.body: deprecated, and will go; use content", DeprecationWarning, stacklevel=2)
        return self.content


@frozen
class Execution(_Shown):
    """What a command or a schedule call answers, when it is known to have been carried out."""

    id: str | None = field(metadata=wire(kind=Identity, tolerant=True))
    action: str = field(metadata=NOT_SENT)
    """What was asked, under the name of our method."""
    status: ExecutionStatus | str = field(metadata=NOT_SENT)
    parameters: Json = field(
        factory=dict[str, Any], repr=False, metadata=wire("attributes.parameters", kind=Object, tolerant=True)
    )
    schedule_id: str | None = sent("attributes.scheduleId", kind=Identity, tolerant=True)
    executed_at: datetime | None = sent("meta.executedAt", tolerant=True)
    completed_at: datetime | None = sent("meta.completedAt", tolerant=True)
    raw: Json = raw_field()

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.status == ExecutionStatus.SUCCESS


def signal_named(value: object) -> Json:
    """A signal that is named by an object, by its code, or as `Group.Name`; what is none of these names nothing."""
    if not isinstance(value, str):
        return cast("Json", value) if isinstance(value, dict) else {}
    group, dot, name = value.partition(".")
    return {"code": value.replace(".", "-").lower(), "group": group if dot else None, "name": name or None}


@frozen
class SignalName:
    """A signal as a webhook's settings name it."""

    code: str | None = sent(kind=Identity, tolerant=True)
    group: str | None = sent(kind=Identity, tolerant=True)
    name: str | None = sent(kind=Identity, tolerant=True)

    _of_wire = staticmethod(signal_named)


@frozen
class Webhook(_Shown):
    """A webhook as the dashboard set it up."""

    id: str = field(metadata=wire(kind=Identity))
    name: str | None = sent("attributes.name", kind=Identity)
    callback_uri: str | None = sent("attributes.callbackUri", kind=Identity)
    error_callback_uri: str | None = sent("attributes.errorCallbackUri", kind=Identity)
    is_enabled: bool | None = sent("attributes.isEnabled")
    auto_subscribe: bool | None = sent("attributes.autoSubscribe")
    triggers: tuple[SignalName, ...] = sent("attributes.triggers", default=())
    data: tuple[SignalName, ...] = sent("attributes.data", default=())
    created_at: datetime | None = sent("meta.createdAt", tolerant=True)
    raw: Json = raw_field()


@frozen
class Subscription(_Shown):
    """One vehicle that a webhook reports on."""

    id: str = field(metadata=wire(kind=Identity))
    webhook_id: str | None = sent("relationships.webhook.data.id", kind=Identity)
    user_id: str | None = sent("relationships.user.data.id", kind=Identity)
    vehicle_id: str | None = sent("relationships.vehicle.data.id", kind=Identity)
    vehicle: VehicleAttributes | None = sent("attributes.vehicle", from_parent={"id": "vehicle_id"})
    created_at: datetime | None = sent("meta.createdAt", tolerant=True)
    updated_at: datetime | None = sent("meta.updatedAt", tolerant=True)
    raw: Json = raw_field()


@frozen
class CompatibleVehicle(_Shown):
    """A model that Smartcar can connect to. Its fields are not documented: `raw` holds all of them."""

    make: str | None = sent("attributes?.make", kind=Identity)
    model: str | None = sent("attributes?.model", kind=Identity)
    start_year: int | None = sent("attributes?.startYear", kind=Year)
    end_year: int | None = sent("attributes?.endYear", kind=Year)
    powertrain_type: Powertrain | str | None = sent("attributes?.powertrainType")
    region: str | None = sent("attributes?.region", kind=Identity)
    signals: tuple[str, ...] = sent("attributes?.signals", tolerant=True, skips=True, default=(), repr=False)
    commands: tuple[str, ...] = sent("attributes?.commands", tolerant=True, skips=True, default=(), repr=False)
    raw: Json = raw_field()


@frozen
class ApplicationToken:
    """The token of an application, good for every vehicle that is connected to it."""

    access_token: str = field(repr=False, metadata=wire("access_token", kind=Token, missing="missing or not a token"))
    expires_in: float = sent("expires_in", kind=Seconds, default=3600.0)
    """Seconds; an hour where the answer does not say."""


@frozen
class SignalError:
    """Why a signal could not be read, in the API's words; type MALFORMED is ours."""

    type: str | None = sent(tolerant=True)
    code: str | None = sent(tolerant=True)
    title: str | None = sent(tolerant=True, repr=False)
    detail: str | None = sent(tolerant=True, repr=False)
    description: str | None = sent(tolerant=True, repr=False)
    resolution: str | None = sent("resolution.type", "resolution", tolerant=True)


MALFORMED: Final = "MALFORMED"
"""The `SignalError.type` of a signal whose body is not what its kind of signal says."""


class SignalUnavailable(SmartcarError):
    """This signal has no trustworthy body. `signal` tells why and holds what was sent."""

    def __init__(self, signal: "Signal[Any]") -> None:
        error = signal.error
        reason = f": {error.type or 'UNKNOWN'}/{error.code or 'UNKNOWN'}" if error else ""
        super().__init__(f"{signal.code or 'a signal without a code'} is {signal.status}{reason}")
        self.signal = signal

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.signal,), {**self.__dict__}


@raw_on_demand
@frozen(repr=False)
class Signal(Sent, Generic[B_co]):
    """One reading. `body` is there only if the API vouches for it; `raw` holds everything that was sent."""

    key: SignalKey[B_co]
    status: SignalStatus | str
    body: B_co | None = None
    error: SignalError | None = None
    raw: Any = raw_field()

    @property
    def code(self) -> str:
        """Group and name as one word, such as `odometer-traveleddistance`."""
        return self.key.code

    @property
    def name(self) -> str:
        """The signal's name within its group."""
        return self.key.name

    @property
    def group(self) -> str:
        """The group that the signal belongs to."""
        return self.key.group

    @property
    def ok(self) -> bool:
        """Whether there is a body to trust."""
        return self.body is not None

    def require(self) -> B_co:
        """The body, or SignalUnavailable."""
        if self.body is None:
            raise SignalUnavailable(self)
        return self.body

    @property
    def value(self) -> Any:
        """The body's `value`, or None where there is no body or it has no such field."""
        return _named(self.body, "value")

    @property
    def unit(self) -> str | None:
        """The unit as it was sent."""
        unit = _named(self.body, "unit")
        return unit if isinstance(unit, str) else None

    @property
    def recorded_at(self) -> datetime | None:
        """When the car recorded it: the time to judge its freshness by."""
        return self._time("oemUpdatedAt")

    @property
    def retrieved_at(self) -> datetime | None:
        """When Smartcar fetched it from the maker."""
        return self._time("retrievedAt") or self._time("fetchedAt")

    @property
    def ingested_at(self) -> datetime | None:
        """When Smartcar stored it."""
        return self._time("ingestedAt")

    def age(self, now: datetime) -> timedelta | None:
        """How long before `now` the car recorded it; None if that is not known."""
        if now.tzinfo is None:
            raise ConfigurationError("now: give an aware datetime, such as datetime.now(UTC)")
        return None if self.recorded_at is None else now - self.recorded_at

    def under(self, key: SignalKey[B]) -> "Signal[B]":
        """The same reading under this key: a key of `signals.custom` gives the body as it was sent, for ever."""
        if key is self.key:
            return cast("Signal[B]", self)
        body: Any = self.body
        if key.body_name == "dict" and body is not None and not is_mapping(body):
            body = self.raw.get("attributes", self.raw)["body"]
        renamed: Signal[Any] = Signal(key, self.status, body, self.error, self.raw)
        return renamed

    def _time(self, name: str) -> datetime | None:
        meta = getattr(self, "_meta", None) or (self.raw.get("meta") if is_mapping(self.raw) else None)
        return instant_or_none(_named(meta, name))

    def __repr__(self) -> str:
        shown = self.body if getattr(self.body, "_in_repr", False) else type(self.body).__name__
        return f"Signal({self.code}, {self.error or shown})"

    def _repr_html_(self) -> str:
        from .notebook import of_signal

        return of_signal(self)


def _named(holder: Any, name: str) -> Any:
    """What a record of ours, or an object of JSON, has under this name."""
    value = getattr(holder, name, None)
    return holder.get(name) if value is None and hasattr(holder, "get") else value


class SignalSet(Mapping[str, Signal[Any]]):
    """The signals of one answer, by `SignalKey` or by code. Iteration gives the codes."""

    __slots__ = ("_by_code", "entries", "vehicle")

    def __init__(self, entries: Iterable[Signal[Any]], vehicle: VehicleAttributes | None = None) -> None:
        self.entries: tuple[Signal[Any], ...] = tuple(entries)
        """Every signal in the order of the answer, those without a readable code included."""
        self.vehicle: VehicleAttributes | None = vehicle
        self._by_code = {signal.key.code: signal for signal in self.entries if signal.key.code}

    @property
    def ok(self) -> tuple[Signal[Any], ...]:
        """The signals that have a body to trust."""
        return tuple(signal for signal in self.entries if signal.body is not None)

    @property
    def failed(self) -> tuple[Signal[Any], ...]:
        """The signals that could not be read, each with its `error`."""
        return tuple(signal for signal in self.entries if signal.body is None)

    @overload
    def __getitem__(self, key: SignalKey[B]) -> Signal[B]: ...
    @overload
    def __getitem__(self, key: str) -> Signal[Any]: ...
    def __getitem__(self, key: SignalKey[Any] | str) -> Signal[Any]:
        reading = self.get(key)
        if reading is None:
            # A key is never misspelled: the car just does not report this signal.
            hint = "" if isinstance(key, SignalKey) else did_you_mean(key, self._by_code)
            raise KeyError(f"{key} is not in this answer" + (f"; {hint}" if hint else ""))
        return reading

    def __contains__(self, key: object) -> bool:
        return (key.code if isinstance(key, SignalKey) else key) in self._by_code

    @overload  # pyright cannot see that these cover those of Mapping: a SignalKey is a key here too
    def get(self, key: SignalKey[B], /) -> Signal[B] | None: ...
    @overload
    def get(self, key: str, /) -> Signal[Any] | None: ...
    @overload
    def get(self, key: SignalKey[Any] | str, default: Signal[Any], /) -> Signal[Any]: ...
    @overload
    def get(self, key: SignalKey[Any] | str, default: D, /) -> Signal[Any] | D: ...
    def get(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, key: SignalKey[Any] | str, default: Any = None, /
    ) -> Any:
        """The signal, or `default` where the answer does not list it."""
        reading = self._by_code.get(key.code if isinstance(key, SignalKey) else key)
        if reading is None:
            return default
        return reading.under(key) if isinstance(key, SignalKey) else reading

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_code)

    def __len__(self) -> int:
        return len(self._by_code)

    def __repr__(self) -> str:
        ok = len(self.ok)
        return f"SignalSet({len(self.entries)} signals: {ok} ok, {len(self.entries) - ok} failed)"

    def _repr_html_(self) -> str:
        from .notebook import of_signals

        return of_signals(self.entries)
