"""What the client's own limiter says of a call that it does not hold back: nothing."""

from __future__ import annotations

from smartcar_async import RateLimit

from .fakes import USER, VEHICLE, Answer, FakeClock, Sent, Wire, always, answer, token


async def test_a_call_that_is_late_already_is_not_called_throttled() -> None:
    """The time went into its token. No car asked to be left alone, so the deadline alone ends it, when it strikes."""
    for limit in (None, RateLimit()):
        clock = FakeClock()

        def slow(_: Sent, clock: FakeClock = clock) -> Answer:
            clock.time += 40
            return token()

        wire = Wire(always(answer({"data": 1})), slow)
        smartcar = await wire.client(clock, deadline=30, rate_limit=limit)
        assert (await smartcar.vehicle(VEHICLE, USER).request("GET", "/x")).data == {"data": 1}
        assert len(wire.calls) == 1
