"""Written by tools/write_sync.py: not to be edited, but by `nox -s sync`."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import smartcar_async.testing as aio
from smartcar_async.testing.world import PERMISSIONS

from ._bridge import Bridge
from ._facade import Smartcar
from ._wrap import Twin, wrap

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from types import TracebackType
    from typing import Literal

    from smartcar_async.settings import Settings
    from smartcar_async.testing.clock import SimulatedClock
    from smartcar_async.testing.disturbances import Disturbance, Disturbances, Interference
    from smartcar_async.testing.faults import Fault, Faults, Script
    from smartcar_async.testing.recorder import Kept, Recorder
    from smartcar_async.testing.sending import Delivery, Sending
    from smartcar_async.testing.service import Host
    from smartcar_async.testing.simulator import Switches
    from smartcar_async.testing.v2.tokens import TokenPair, UserTokens
    from smartcar_async.testing.webhooks import Webhook
    from smartcar_async.testing.world import World


class Simulator:
    """A Smartcar service on this machine: `with Simulator() as sim:` and point a client at `sim.settings`.

    The world's clock moves by `sim.world.advance(...)` alone, unless `speed` makes it run: 1 is real time, 60 an hour
    a minute; it then catches up at each request. The world begins in June 2026, or at `now`: an aware datetime, or
    "real", which is the time of day, and runs with it unless another `speed` is given.
    """

    routes: tuple[tuple[str, str], ...] = aio.Simulator.routes
    """Method and path template of everything that is served of v3."""
    hosts: Mapping[tuple[str, str], Host] = aio.Simulator.hosts
    """Which of Smartcar's hosts a route belongs to; here they are all one."""
    v2_hosts: Mapping[tuple[str, str], Host] = aio.Simulator.v2_hosts
    """Everything that is served of v2, and the host that it belongs to."""

    def __init__(
        self,
        profile: str = "everyday",
        *,
        seed: int = 1,
        speed: float | None = None,
        now: datetime | Literal["real"] | None = None,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        bridge: Bridge | None = None,
    ) -> None:
        self._twin = Twin(
            lambda: aio.Simulator(profile, seed=seed, speed=speed, now=now, port=port, clock=clock),
            bridge,
            lambda it: it.__aexit__(None, None, None),
        )

    @property
    def world(self) -> World:
        """The cars, their owners and the time."""
        return self._twin.aio.world

    @property
    def clock(self) -> SimulatedClock:
        """The world's time, to be the `clock` of a client: it then waits without waiting, unless the world runs."""
        return self._twin.aio.clock

    @property
    def client_id(self) -> str:
        """The id of the credentials that are accepted."""
        return self._twin.aio.client_id

    @property
    def client_secret(self) -> str:
        """The secret of these credentials."""
        return self._twin.aio.client_secret

    @property
    def requests(self) -> Recorder:
        """Every request that was served."""
        return self._twin.aio.requests

    @property
    def deliveries(self) -> Kept[Delivery]:
        """Every attempt to deliver a webhook."""
        return self._twin.aio.deliveries

    @property
    def faults(self) -> Faults:
        """What goes wrong on the wire, see `fault`."""
        return self._twin.aio.faults

    @property
    def disturbances(self) -> Disturbances:
        """What goes wrong with deliveries."""
        return self._twin.aio.disturbances

    @property
    def sending(self) -> Sending:
        """How webhooks are sent."""
        return self._twin.aio.sending

    @property
    def application_id(self) -> str:
        """The id that Connect knows the application by."""
        return self._twin.aio.application_id

    @property
    def url(self) -> str:
        """The origin that stands for all of Smartcar's, such as `http://127.0.0.1:8123`."""
        return self._twin.aio.url

    @property
    def settings(self) -> Settings:
        """Settings of the real client with every origin pointed here."""
        return self._twin.aio.settings

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point a service here: those that our client reads, and those of Smartcar's own SDKs."""
        return self._twin.aio.environment

    def client(self) -> Smartcar:
        """A new client for this simulator, with credentials that are accepted."""
        return wrap(Smartcar, Twin(lambda: self._twin.aio.client(), None, lambda it: it.aclose()))

    @property
    def switches(self) -> Switches:
        """Which form is used where two are on record."""
        return self._twin.aio.switches

    @property
    def token_lifetime(self) -> float:
        """Seconds of real time for which a token is valid that is issued from now on."""
        return self._twin.aio.token_lifetime

    @token_lifetime.setter
    def token_lifetime(self, seconds: float) -> None:
        self._twin.aio.token_lifetime = seconds

    def expire_tokens(self) -> None:
        """End every token now: the next call gets a 401."""
        return self._twin.aio.expire_tokens()

    @property
    def user_tokens(self) -> UserTokens:
        """The tokens of v2: their lifetimes and grace, how often each was refreshed, and a way to end them."""
        return self._twin.aio.user_tokens

    def v2_tokens(self, user_id: str, scope: tuple[str, ...] = PERMISSIONS) -> TokenPair:
        """A pair of tokens of a user for v2, without the way through Connect."""
        return self._twin.aio.v2_tokens(user_id, scope)

    @property
    def rate_limit(self) -> tuple[float, float] | None:
        """The application's bucket as (capacity, refill per minute); None, at first, is no limit."""
        return self._twin.aio.rate_limit

    @rate_limit.setter
    def rate_limit(self, bucket: tuple[float, float] | None) -> None:
        self._twin.aio.rate_limit = bucket

    @property
    def vehicle_interval(self) -> timedelta | None:
        """The least time between two requests about one vehicle; None, at first, is no throttle."""
        return self._twin.aio.vehicle_interval

    @vehicle_interval.setter
    def vehicle_interval(self, interval: timedelta | None) -> None:
        self._twin.aio.vehicle_interval = interval

    @property
    def plan_limit(self) -> int | None:
        """How many requests the plan allows a vehicle in a month; None, at first, is any number."""
        return self._twin.aio.plan_limit

    @plan_limit.setter
    def plan_limit(self, per_month: int | None) -> None:
        self._twin.aio.plan_limit = per_month

    @property
    def command_seconds(self) -> float:
        """Real seconds until a command is answered; the car obeys at once. `Vehicle.command_seconds` goes before it."""
        return self._twin.aio.command_seconds

    @command_seconds.setter
    def command_seconds(self, seconds: float) -> None:
        self._twin.aio.command_seconds = seconds

    @property
    def long_after(self) -> float:
        """Real seconds after which a command that takes longer is answered by a 202, and its body when it is done."""
        return self._twin.aio.long_after

    @long_after.setter
    def long_after(self, seconds: float) -> None:
        self._twin.aio.long_after = seconds

    @property
    def store_delay(self) -> timedelta:
        """How long, by the world's clock, signals take to show what a command did: ten seconds, at first."""
        return self._twin.aio.store_delay

    @store_delay.setter
    def store_delay(self, delay: timedelta) -> None:
        self._twin.aio.store_delay = delay

    @property
    def subscription_delay(self) -> float | timedelta:
        """How long a new subscription is not listed: seconds of real time, or a `timedelta` by the world's clock."""
        return self._twin.aio.subscription_delay

    @subscription_delay.setter
    def subscription_delay(self, delay: float | timedelta) -> None:
        self._twin.aio.subscription_delay = delay

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where Connect may send an owner back to, the default first; none registered, at first, allows every one."""
        return self._twin.aio.redirect_uris

    @redirect_uris.setter
    def redirect_uris(self, uris: tuple[str, ...]) -> None:
        self._twin.aio.redirect_uris = uris

    def fault(
        self,
        fault: Fault,
        *,
        path: str = "*",
        method: str = "*",
        vehicle_id: str | None = None,
        times: int | None = None,
        probability: float = 1.0,
    ) -> Script:
        """Let a fault strike: on paths like `/v3/vehicles/*/signals`, one vehicle, so many times, or by chance."""
        return self._twin.aio.fault(
            fault, path=path, method=method, vehicle_id=vehicle_id, times=times, probability=probability
        )

    def disturb(
        self,
        disturbance: Disturbance,
        *,
        event_type: str = "*",
        vehicle_id: str | None = None,
        webhook_id: str | None = None,
        times: int | None = None,
        probability: float = 1.0,
    ) -> Interference:
        """Let something go wrong with webhook deliveries: of one type, vehicle or webhook, so many times, by chance."""
        return self._twin.aio.disturb(
            disturbance,
            event_type=event_type,
            vehicle_id=vehicle_id,
            webhook_id=webhook_id,
            times=times,
            probability=probability,
        )

    def verify_webhook(self, webhook: Webhook) -> Webhook:
        """Send a VERIFY to the endpoint of a webhook, and events once it has proved that it has the token.

        SimulatorError says what the endpoint answered, and what it should have.
        """
        return self._twin.call(lambda it: it.verify_webhook(webhook))

    def delivered(self) -> None:
        """Wait until all webhook deliveries that are due by the world's clock have been sent and answered."""
        return self._twin.call(lambda it: it.delivered())

    def start(self) -> None:
        """Listen, on the running loop."""
        return self._twin.call(lambda it: it.start())

    def stop(self) -> None:
        """Stop listening and sending, and close every connection."""
        return self._twin.call(lambda it: it.stop())

    def __enter__(self) -> Simulator:
        return self._twin.enter(self, lambda it: it.__aenter__())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return self._twin.close()
