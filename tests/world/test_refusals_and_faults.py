"""What goes wrong, with the real client over TCP: refusals, brakes, expiry and a bad wire, and what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from smartcar_async import (
    AccountError,
    ApiError,
    AuthenticationError,
    BillingError,
    CompatibilityError,
    ConnectionFailed,
    ConnectionLost,
    DeadlineExceeded,
    DecodeError,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
    Smartcar,
    SmartcarError,
    UpstreamError,
    VehicleStateError,
    signals,
)
from smartcar_async.testing import (
    Delay,
    Drip,
    ErrorReply,
    Fault,
    MalformedJson,
    Reply,
    ResetBeforeHeaders,
    ResetBeforeReading,
    ResetInBody,
    ResetInHeaders,
    Truncate,
    WrongContentType,
)
from tests.world.simulated_fleet import Fleet, simulated_fleet

ODOMETER = signals.Odometer.TraveledDistance
ATTEMPTS = 4
"""How often a read is sent at the most, unless Settings(retry=...) says otherwise."""


async def forged(fleet: Fleet) -> object:
    """A read in the name of somebody else."""
    return await fleet.client.vehicle(fleet.sim.world.find("Tesla").id, user_id="somebody-else").signals()


async def unknown_car(fleet: Fleet) -> object:
    """A read of a car that is not connected."""
    return await fleet.client.vehicle("no-such-car", user_id="somebody").signals()


async def unknown_path(fleet: Fleet) -> object:
    """A path of the v2 API."""
    return await fleet.client.request("GET", "/v3/vehicles/x/battery")


async def bad_page(fleet: Fleet) -> object:
    """A filter that only the server can refuse."""
    return await fleet.client.request("GET", "/v3/connections", query={"page[size]": "many", "page[number]": "0"})


@pytest.mark.parametrize(
    ("ask", "family", "status", "kind", "code"),
    [
        (forged, PermissionDenied, 403, "AUTHENTICATION", "ACCESS_DENIED"),
        (unknown_car, NotFound, 404, "RESOURCE_NOT_FOUND", "VEHICLE_NOT_FOUND"),
        (unknown_path, NotFound, 404, "RESOURCE_NOT_FOUND", "INVALID_PATH"),
        (bad_page, InvalidRequest, 400, "VALIDATION", "INVALID_INPUT_FORMAT"),
    ],
)
async def test_refusals(
    ask: Callable[[Fleet], Awaitable[object]], family: type[ApiError], status: int, kind: str, code: str
) -> None:
    """The simulator's own: the class alone tells what to do, and nothing is sent twice."""
    async with simulated_fleet() as fleet:
        with pytest.raises(family) as caught:
            await ask(fleet)
        error = caught.value
        assert type(error) is family
        assert (error.status, error.type, error.code) == (status, kind, code)
        assert error.request_id
        assert [attempt.status for attempt in error.attempts] == [status]
        assert fleet.sent() == 1


async def test_every_entry_of_a_validation_error_is_there() -> None:
    """Two bad fields are two entries."""
    async with simulated_fleet() as fleet:
        with pytest.raises(InvalidRequest) as caught:
            await bad_page(fleet)
        assert len(caught.value.errors) == 2


@pytest.mark.parametrize(
    ("fault", "family", "sent"),
    [
        (ErrorReply(400, "CONNECTED_SERVICES_ACCOUNT", "AUTHENTICATION_FAILED"), AccountError, 1),
        (ErrorReply(401, "AUTHENTICATION", "UNAUTHORIZED"), AuthenticationError, 1),
        (ErrorReply(403, "PERMISSION", None), PermissionDenied, 1),
        (ErrorReply(409, "VEHICLE_STATE", "ASLEEP"), VehicleStateError, 1),
        (ErrorReply(430, "BILLING", "INVALID_PLAN"), BillingError, 1),
        (ErrorReply(501, "COMPATIBILITY", "SMARTCAR_NOT_CAPABLE"), CompatibilityError, 1),
        (ErrorReply(502, "UPSTREAM", "RATE_LIMIT"), UpstreamError, 1),
        (ErrorReply(502, "UPSTREAM", "KNOWN_ISSUE"), UpstreamError, 1),
        (ErrorReply(502, "UPSTREAM", "INVALID_DATA"), UpstreamError, 1),
        (ErrorReply(502, "UPSTREAM", "NO_RESPONSE"), UpstreamError, ATTEMPTS),
        (ErrorReply(500, "SERVER", "RECORD_NOT_FOUND"), ServerError, 1),
        (ErrorReply(500, "SERVER", "INTERNAL"), ServerError, ATTEMPTS),
        (Reply(503, "<html><body>Back soon</body></html>", "text/html"), ServerError, ATTEMPTS),
        (Reply(504), ServerError, ATTEMPTS),
    ],
)
async def test_scripted_refusals(fault: ErrorReply | Reply, family: type[ApiError], sent: int) -> None:
    """Each family by its type and code; only what may pass by itself is sent again, and never for long."""
    async with simulated_fleet() as fleet:
        script = fleet.sim.fault(fault)
        with pytest.raises(family) as caught:
            await fleet.vehicle("Tesla").signals()
        assert type(caught.value) is family
        assert caught.value.status == fault.status
        assert fleet.sent() == script.hits == len(caught.value.attempts) == sent


async def test_wrong_credentials() -> None:
    """Refused by the token endpoint: every call says so, and the secret is not repeated."""
    async with simulated_fleet() as fleet:
        async with Smartcar(fleet.sim.client_id, "not the secret", settings=fleet.sim.settings) as stranger:
            results = await asyncio.gather(*(stranger.connections().page() for _ in range(5)), return_exceptions=True)
        assert {type(error) for error in results} == {AuthenticationError}
        assert "not the secret" not in str(results[0])
        assert (fleet.sent(), fleet.sent("POST", "/oauth2/token")) == (0, 1)


async def test_the_application_bucket_runs_dry() -> None:
    """A 429 without Retry-After is tried again, then raised, and later the bucket is full again."""
    async with simulated_fleet(rate_limit=None) as fleet:
        fleet.sim.rate_limit = (3, 2)
        tesla = fleet.vehicle("Tesla")
        for _ in range(3):
            await tesla.signal(ODOMETER)
        with pytest.raises(RateLimited) as caught:
            await tesla.signal(ODOMETER)
        assert (caught.value.status, caught.value.code) == (429, "SMARTCAR_API")
        assert fleet.sent() == 3 + ATTEMPTS
        fleet.clock.skip(60)
        assert (await tesla.signal(ODOMETER)).ok


async def test_a_client_learns_from_a_429_that_its_budget_is_spent() -> None:
    """It knows when the next request may go: too late for one call, which ends with what it was told, and in time for
    another, which waits.
    """
    async with simulated_fleet() as fleet:
        fleet.sim.rate_limit = (1, 2)
        tesla = fleet.vehicle("Tesla")
        await tesla.signal(ODOMETER)
        with pytest.raises(RateLimited) as caught:
            await tesla.signal(ODOMETER, deadline=20)
        assert (caught.value.status, caught.value.code) == (429, "SMARTCAR_API")
        assert caught.value.retry_after == pytest.approx(29, abs=1.5)
        fleet.clock.skip(10)
        fleet.clock.pauses.clear()
        assert (await tesla.signal(ODOMETER, deadline=60)).ok
        assert fleet.clock.pauses[0] == pytest.approx(19, abs=1.5)


async def test_a_vehicle_that_is_asked_too_often() -> None:
    """The 429 tells how long; until then nothing is sent about this car, and others are read as before."""
    async with simulated_fleet() as fleet:
        fleet.sim.vehicle_interval = timedelta(seconds=60)
        tesla = fleet.vehicle("Tesla")
        await tesla.signals()
        with pytest.raises(RateLimited) as caught:
            await tesla.signals()
        assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, "VEHICLE", 60)
        with pytest.raises(RateLimited) as held:
            await tesla.signal(ODOMETER)
        assert (held.value.status, held.value.code) == (None, "VEHICLE")
        assert fleet.sent() == 2
        await fleet.vehicle("Volvo").signals()
        fleet.clock.skip(60)
        assert (await tesla.signal(ODOMETER)).ok
        assert fleet.sent() == 4


async def test_the_plan_of_a_vehicle_is_used_up() -> None:
    """430 is about money: raised at once."""
    async with simulated_fleet() as fleet:
        fleet.sim.plan_limit = 1
        await fleet.vehicle("Tesla").signals()
        with pytest.raises(BillingError, match="VEHICLE_REQUEST_LIMIT"):
            await fleet.vehicle("Tesla").signals()
        assert fleet.sent() == 2


async def test_tokens_expire_and_are_fetched_once() -> None:
    """Fifty calls after an hour share one new token, and none of them meets a 401."""
    async with simulated_fleet() as fleet:
        fleet.clock.skip(3600)
        await asyncio.gather(*(fleet.vehicle("Tesla").signals() for _ in range(50)))
        assert fleet.sent("POST", "/oauth2/token") == 1
        assert [request.status for request in fleet.sim.requests] == [200] * 51


async def test_revoked_tokens_are_replaced_once() -> None:
    """Calls that meet a 401 refresh together and go once more each."""
    async with simulated_fleet() as fleet:
        fleet.clock.skip(120)
        fleet.sim.expire_tokens()
        await asyncio.gather(*(fleet.vehicle("Tesla").signals() for _ in range(20)))
        assert fleet.sent("POST", "/oauth2/token") == 1
        statuses = [request.status for request in fleet.sim.requests.matching("GET")]
        assert statuses.count(200) == 20
        assert 1 <= statuses.count(401) <= 20
        assert len(statuses) == 20 + statuses.count(401)


async def test_a_new_token_that_is_refused_is_not_replaced() -> None:
    """Whoever is cut off should hear of it, not hammer the token endpoint."""
    async with simulated_fleet() as fleet:
        fleet.sim.expire_tokens()
        with pytest.raises(AuthenticationError):
            await fleet.vehicle("Tesla").signals()
        assert (fleet.sent(), fleet.sent("POST", "/oauth2/token")) == (1, 0)


BROKEN = [ResetBeforeReading(), ResetBeforeHeaders(), ResetInHeaders(), ResetInBody(), Truncate()]


@pytest.mark.parametrize("fault", BROKEN, ids=lambda fault: type(fault).__name__)
async def test_a_broken_connection_is_mended_by_sending_again(fault: Fault) -> None:
    """Once broken, the caller hears nothing of it; always broken, ConnectionLost after a few attempts."""
    async with simulated_fleet() as fleet:
        fleet.sim.fault(fault, times=1)
        assert (await fleet.vehicle("Tesla").signal(ODOMETER)).ok
        assert fleet.sent() == 2
        fleet.sim.fault(fault)
        with pytest.raises(ConnectionLost) as caught:
            await fleet.vehicle("Tesla").signal(ODOMETER)
        assert [attempt.status for attempt in caught.value.attempts] == [None] * ATTEMPTS
        assert fleet.sent() == 2 + ATTEMPTS


@pytest.mark.parametrize("fault", [ResetBeforeHeaders(), ResetInHeaders()], ids=lambda fault: type(fault).__name__)
async def test_a_deletion_whose_answer_is_lost_is_done(fault: Fault) -> None:
    """The second request finds nothing, because the first did its work."""
    async with simulated_fleet() as fleet:
        connection = next(iter(fleet.sim.world.connections))
        fleet.sim.fault(fault, method="DELETE", times=1)
        await fleet.client.delete_connection(connection)
        assert connection not in fleet.sim.world.connections
        assert [request.status for request in fleet.sim.requests][1:] == [404]


async def test_a_slow_body_meets_the_deadline() -> None:
    """The deadline is for the whole call: a body that drips, or an answer that does not come, ends it."""
    for fault in (Drip(bytes_per_second=200), Delay(5)):
        async with simulated_fleet() as fleet:
            fleet.sim.fault(fault)
            started = asyncio.get_running_loop().time()
            with pytest.raises(DeadlineExceeded):
                await fleet.vehicle("Tesla").signals(deadline=0.3)
            assert asyncio.get_running_loop().time() - started < 2
            assert fleet.sent() == 1


async def test_a_slow_body_that_comes_in_time() -> None:
    """It is read whole."""
    async with simulated_fleet() as fleet:
        fleet.sim.fault(Drip(bytes_per_second=20_000))
        assert (await fleet.vehicle("Tesla").signal(ODOMETER)).ok


async def test_a_wrong_content_type_around_good_json() -> None:
    """What counts is what was sent, not what it was called."""
    async with simulated_fleet() as fleet:
        fleet.sim.fault(WrongContentType())
        assert (await fleet.vehicle("Tesla").signal(ODOMETER)).ok
        assert fleet.sent() == 1


@pytest.mark.parametrize("fault", [MalformedJson(), Reply(200, "<html>"), Reply(200), Reply(200, b"[]")])
async def test_an_answer_that_cannot_be_read(fault: Fault) -> None:
    """DecodeError holds the bytes; the service did its part, so it is not asked again."""
    async with simulated_fleet() as fleet:
        fleet.sim.fault(fault)
        with pytest.raises(DecodeError) as caught:
            await fleet.vehicle("Tesla").signal(ODOMETER)
        assert (caught.value.status, fleet.sent()) == (200, 1)
        assert caught.value.body == b"" if fault == Reply(200) else caught.value.body


async def test_retry_after_is_obeyed() -> None:
    """The pause is at least what the server asked for; a pause beyond the deadline is the caller's to make."""
    async with simulated_fleet() as fleet:
        fleet.sim.fault(ErrorReply(429, "RATE_LIMIT", "SMARTCAR_API", retry_after=7), times=1)
        assert (await fleet.vehicle("Tesla").signal(ODOMETER)).ok
        assert fleet.sent() == 2
        assert sum(fleet.clock.pauses) >= 7
        fleet.sim.fault(ErrorReply(503, "SERVER", "INTERNAL", retry_after=120), times=1)
        with pytest.raises(ServerError) as caught:
            await fleet.vehicle("Tesla").signal(ODOMETER)
        assert caught.value.retry_after == 120
        assert fleet.sent() == 3


@pytest.mark.parametrize("fault", [ErrorReply(502, "UPSTREAM", "UNKNOWN_ISSUE"), Reply(503, "busy", "text/plain")])
async def test_an_outage_that_ends(fault: Fault) -> None:
    """The third request is answered, after growing pauses."""
    async with simulated_fleet() as fleet:
        fleet.sim.fault(fault, times=2)
        assert (await fleet.vehicle("Tesla").signals()).ok
        assert fleet.sent() == 3
        first, second = fleet.clock.pauses
        assert 0.25 <= first <= 0.5 <= second <= 1


async def test_a_simulator_that_is_gone() -> None:
    """Nothing listens: provably not sent."""
    async with simulated_fleet() as fleet:
        tesla = fleet.vehicle("Tesla")
        await fleet.sim.stop()
        with pytest.raises(ConnectionFailed) as caught:
            await tesla.signals()
        assert len(caught.value.attempts) == ATTEMPTS


async def test_one_car_in_trouble_does_not_touch_the_others() -> None:
    """Thirteen cars are read while one fails."""
    async with simulated_fleet() as fleet:
        ill = fleet.vehicle("Tesla")
        fleet.sim.fault(ErrorReply(502, "UPSTREAM", "KNOWN_ISSUE"), vehicle_id=ill.id)
        handles = [
            fleet.client.vehicle(connection.vehicle_id, user_id=connection.user_id)
            async for connection in fleet.client.connections()
        ]
        results = await asyncio.gather(*(handle.signals() for handle in handles), return_exceptions=True)
        failed = [
            handle.id for handle, result in zip(handles, results, strict=True) if isinstance(result, SmartcarError)
        ]
        assert failed == [ill.id]
