"""`Simulator`: a world behind a real port, for `async with` on your loop or for `with` in a thread of its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Literal

from attrs import define, field

from .clock import SimulatedClock
from .disturbances import Disturbance, Disturbances, Interference
from .errors import SimulatorError
from .faults import Fault, Faults, Script
from .outbox import Outbox
from .recorder import Kept, Recorder
from .routes import ROUTES
from .sending import Delivery, Sending
from .server import HOST, Server
from .server_thread import ServerThread
from .service import Host, Service
from .switches import V3Switches
from .tokens import Tokens
from .v2.api import V2Api
from .v2.routes import V2_ROUTES
from .v2.switches import V2Switches
from .v2.tokens import TokenPair, UserTokens
from .webhook_sender import WebhookSender
from .webhooks import Webhook
from .world import EPOCH, PERMISSIONS, World

if TYPE_CHECKING:
    from ..client import Smartcar
    from ..settings import Settings

_ORIGINS = (
    "SMARTCAR_VEHICLE_ORIGIN", "SMARTCAR_API_V3_ORIGIN", "SMARTCAR_VEHICLE_API_V3_ORIGIN",
    "SMARTCAR_VEHICLE_API_ORIGIN", "SMARTCAR_MANAGEMENT_ORIGIN", "SMARTCAR_MANAGEMENT_API_ORIGIN",
    "SMARTCAR_IAM_ORIGIN", "SMARTCAR_CONNECT_ORIGIN", "SMARTCAR_COMPATIBILITY_ORIGIN", "SMARTCAR_API_ORIGIN",
)  # fmt: skip


@define
class Switches(V3Switches):
    """Which form the simulator uses where two are on record. Set them at any time, also between two requests."""

    v2: V2Switches = field(factory=V2Switches)
    """Those of the v2.0 API."""


class Simulator:
    """A Smartcar service on this machine: `with Simulator() as sim:` and point a client at `sim.settings`.

    The world's clock moves by `sim.world.advance(...)` alone, unless `speed` makes it run: 1 is real time, 60 an hour
    a minute; it then catches up at each request. The world begins in June 2026, or at `now`: an aware datetime, or
    "real", which is the time of day, and runs with it unless another `speed` is given.
    """

    _thread: ServerThread
    routes: tuple[tuple[str, str], ...] = tuple((route.method, route.path) for route in ROUTES)
    """Method and path template of everything that is served of v3."""
    hosts: Mapping[tuple[str, str], Host] = MappingProxyType(
        {(route.method, route.path): route.host for route in ROUTES}
    )
    """Which of Smartcar's hosts a route belongs to; here they are all one."""
    v2_hosts: Mapping[tuple[str, str], Host] = MappingProxyType(
        {(route.method, route.path): route.host for route in V2_ROUTES}
    )
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
    ) -> None:
        """Build the world; nothing listens before `with` or `async with`. Port 0 is any free one."""
        if speed is not None and not 0 < speed < float("inf"):
            raise SimulatorError(
                f"speed {speed!r} is not a positive number: give 1 for real time, 60 for an hour a minute"
            )
        if isinstance(now, str) and now != "real":
            raise SimulatorError(f"now {now!r} is no time: give an aware datetime, or 'real'")
        self._from_now = now == "real"
        if now == "real":
            now, speed = datetime.now(UTC), 1.0 if speed is None else speed
        self.world: World = World(profile, seed, begin=EPOCH if now is None else now)
        """The cars, their owners and the time."""
        self.clock: SimulatedClock = SimulatedClock(self.world, speed, self._catch_up)
        """The world's time, to be the `clock` of a client: it then waits without waiting, unless the world runs."""
        self.client_id: str = f"client_{self.world.make_id('client')}"
        """The id of the credentials that are accepted."""
        self.client_secret: str = self.world.make_id("client secret")
        """The secret of these credentials."""
        self.requests: Recorder = Recorder()
        """Every request that was served."""
        self.deliveries: Kept[Delivery] = Kept()
        """Every attempt to deliver a webhook."""
        self.faults: Faults = Faults(seed)
        """What goes wrong on the wire, see `fault`."""
        self.disturbances: Disturbances = Disturbances(seed)
        """What goes wrong with deliveries."""
        self.sending: Sending = Sending()
        """How webhooks are sent."""
        self.application_id: str = self.world.make_id("application")
        """The id that Connect knows the application by."""
        self._switches = Switches()
        self._user_tokens = UserTokens(self.client_id, self.client_secret, seed, clock)
        self._service = Service(
            self.world,
            Tokens(self.client_id, self.client_secret, seed, clock),
            ROUTES,
            V2Api(V2_ROUTES, self._user_tokens, lambda: self._switches.v2),
            switches=self._switches,
            application_id=self.application_id,
        )
        self._server = Server(self._service, self.faults, self.requests, self._catch_up)
        outbox = Outbox(self.world, self._switches, self.disturbances, self.sending)
        self._sender = WebhookSender(
            outbox, self._service.pending_subscriptions, self.deliveries, self._catch_up, speed
        )
        self._wanted_port = port
        self._speed = speed
        self._clock = clock
        self._seen = clock()

    @property
    def url(self) -> str:
        """The origin that stands for all of Smartcar's, such as `http://127.0.0.1:8123`."""
        if not self._service.base:
            raise SimulatorError("the simulator is not running: enter it by `with` or `async with` first")
        return self._service.base

    @property
    def settings(self) -> Settings:
        """Settings of the real client with every origin pointed here."""
        from ..settings import Settings

        return Settings(
            application_id=self.application_id,
            vehicle_origin=self.url,
            management_origin=self.url,
            iam_origin=self.url,
            connect_origin=self.url,
            compatibility_origin=self.url,
            api_origin=self.url,
            auth_origin=self.url,
            management_v2_origin=self.url,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables that point a service here: those that our client reads, and those of Smartcar's own SDKs."""
        return {
            "SMARTCAR_CLIENT_ID": self.client_id,
            "SMARTCAR_CLIENT_SECRET": self.client_secret,
            "SMARTCAR_APPLICATION_ID": self.application_id,
            "SMARTCAR_MANAGEMENT_TOKEN": self.world.management_token,
            **dict.fromkeys(_ORIGINS, self.url),
            # Smartcar's SDK for Python posts to this very URL; our client takes the origin of it. The one for Node
            # appends the path once more, and is understood too.
            "SMARTCAR_AUTH_ORIGIN": f"{self.url}/oauth/token",
        }

    def client(self) -> Smartcar:
        """A new client for this simulator, with credentials that are accepted."""
        from ..client import Smartcar

        return Smartcar(self.client_id, self.client_secret, settings=self.settings)

    @property
    def switches(self) -> Switches:
        """Which form is used where two are on record."""
        return self._switches

    @property
    def token_lifetime(self) -> float:
        """Seconds of real time for which a token is valid that is issued from now on."""
        return self._service.tokens.lifetime

    @token_lifetime.setter
    def token_lifetime(self, seconds: float) -> None:
        self._service.tokens.lifetime = seconds

    def expire_tokens(self) -> None:
        """End every token now: the next call gets a 401."""
        self._service.tokens.expire()

    @property
    def user_tokens(self) -> UserTokens:
        """The tokens of v2: their lifetimes and grace, how often each was refreshed, and a way to end them."""
        return self._user_tokens

    def v2_tokens(self, user_id: str, scope: tuple[str, ...] = PERMISSIONS) -> TokenPair:
        """A pair of tokens of a user for v2, without the way through Connect."""
        with self.world.lock:
            return self.user_tokens.issue(user_id, scope)

    @property
    def rate_limit(self) -> tuple[float, float] | None:
        """The application's bucket as (capacity, refill per minute); None, at first, is no limit."""
        return self._service.limits.bucket

    @rate_limit.setter
    def rate_limit(self, bucket: tuple[float, float] | None) -> None:
        self._service.limits.set_bucket(bucket)

    @property
    def vehicle_interval(self) -> timedelta | None:
        """The least time between two requests about one vehicle; None, at first, is no throttle."""
        return self._service.limits.vehicle_interval

    @vehicle_interval.setter
    def vehicle_interval(self, interval: timedelta | None) -> None:
        self._service.limits.vehicle_interval = interval

    @property
    def plan_limit(self) -> int | None:
        """How many requests the plan allows a vehicle in a month; None, at first, is any number."""
        return self._service.limits.per_month

    @plan_limit.setter
    def plan_limit(self, per_month: int | None) -> None:
        self._service.limits.per_month = per_month

    @property
    def command_seconds(self) -> float:
        """Real seconds until a command is answered; the car obeys at once. `Vehicle.command_seconds` goes before it."""
        return self._service.command_seconds

    @command_seconds.setter
    def command_seconds(self, seconds: float) -> None:
        self._service.command_seconds = seconds

    @property
    def long_after(self) -> float:
        """Real seconds after which a command that takes longer is answered by a 202, and its body when it is done."""
        return self._service.long_after

    @long_after.setter
    def long_after(self, seconds: float) -> None:
        self._service.long_after = seconds

    @property
    def store_delay(self) -> timedelta:
        """How long, by the world's clock, signals take to show what a command did: ten seconds, at first."""
        return self.world.store_delay

    @store_delay.setter
    def store_delay(self, delay: timedelta) -> None:
        self.world.store_delay = delay

    @property
    def subscription_delay(self) -> float | timedelta:
        """How long a new subscription is not listed: seconds of real time, or a `timedelta` by the world's clock."""
        return self._service.pending_subscriptions.delay

    @subscription_delay.setter
    def subscription_delay(self, delay: float | timedelta) -> None:
        self._service.pending_subscriptions.delay = delay

    @property
    def redirect_uris(self) -> tuple[str, ...]:
        """Where Connect may send an owner back to, the default first; none registered, at first, allows every one."""
        return self._service.redirect_uris

    @redirect_uris.setter
    def redirect_uris(self, uris: tuple[str, ...]) -> None:
        self._service.redirect_uris = uris

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
        return self.faults.add(Script(fault, path, method, vehicle_id, times, probability))

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
        return self.disturbances.add(Interference(disturbance, event_type, vehicle_id, webhook_id, times, probability))

    async def verify_webhook(self, webhook: Webhook) -> Webhook:
        """Send a VERIFY to the endpoint of a webhook, and events once it has proved that it has the token.

        SimulatorError says what the endpoint answered, and what it should have.
        """
        return await self._sender.verify(webhook)

    async def delivered(self) -> None:
        """Wait until all webhook deliveries that are due by the world's clock have been sent and answered."""
        await self._sender.settle()

    async def start(self) -> None:
        """Listen, on the running loop."""
        if self._service.base:
            raise SimulatorError("the simulator is already running: make another one for a second port")
        port = await self._server.start(self._wanted_port)
        if self._from_now:
            with self.world.lock:
                self.world.advance(seconds=max(0.0, (datetime.now(UTC) - self.world.now).total_seconds()))
        self._seen = self._clock()
        self._service.base = f"http://{HOST}:{port}"
        self._sender.open()

    async def stop(self) -> None:
        """Stop listening and sending, and close every connection."""
        try:
            await self._sender.close()
        finally:
            await self._server.stop()
            self._service.base = ""

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    def __enter__(self) -> Simulator:
        thread = ServerThread(self.start, self.stop)
        thread.open()
        self._thread = thread
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.close()

    def _catch_up(self) -> None:
        if self._speed is not None:
            with self.world.lock:
                now = self._clock()
                passed, self._seen = now - self._seen, now
                self.world.advance(seconds=max(0.0, passed) * self._speed)
