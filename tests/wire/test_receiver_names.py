"""The former names of a receiver's arguments, attributes and methods: they work, and warn at the caller's line."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

from smartcar_async import Claim, ClaimStatus, ConfigurationError, SqliteEventStore
from smartcar_async.receiver import IncomingRequest, Receiver
from smartcar_async.webhook import receive, sign

from ..deliveries import NOW, STATE, TOKEN, written
from .receiving import deliver_sync, receiver_of, signed

FORMER: dict[str, tuple[str, Any]] = {
    "budget": ("answer_within", 5.0),
    "pauses": ("retry_delays", (1.0,)),
    "abreast": ("concurrency", 3),
    "largest": ("max_body_bytes", 2000),
}


@pytest.mark.parametrize("former", FORMER)
def test_a_former_argument(former: str) -> None:
    """It counts, and the warning names the new one and the line of the caller; both at once are refused."""
    name, value = FORMER[former]
    with pytest.warns(DeprecationWarning, match=f"^{former}: deprecated, and will go; give {name}=$") as caught:
        Receiver(TOKEN, **{former: value})
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.raises(ConfigurationError, match=f"^{former}: the former name of {name}"):
        Receiver(TOKEN, **{former: value, name: value})
    with (
        pytest.warns(DeprecationWarning, match=former),
        pytest.raises(ConfigurationError, match=f"^{name}: "),
    ):
        Receiver(TOKEN, **dict[str, Any]([(former, "wrong")]))


def test_an_argument_that_never_was() -> None:
    """As ever."""
    wrong: Any = {"patience": 5}
    with pytest.raises(TypeError, match="patience"):
        Receiver(TOKEN, **wrong)


def test_former_attributes() -> None:
    """`answers`, `largest` and `handle_plain`."""
    with pytest.warns(DeprecationWarning, match="^largest: deprecated"):
        receiver = receiver_of(**{"largest": 2000})
    with pytest.warns(DeprecationWarning, match=r"^Receiver\.largest: .* max_body_bytes$") as caught:
        assert receiver.largest == receiver.max_body_bytes == 2000
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"^Receiver\.handle_plain: .* handle_sync$") as caught:
        assert receiver.handle_plain("POST", *signed(STATE)).status == 204
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match=r"^Receiver\.answers: .* answer_counts$") as caught:
        assert receiver.answers == receiver.answer_counts == {204: 1}
    assert caught[0].filename == __file__


def test_the_former_argument_of_receive() -> None:
    """Likewise."""
    body, old = written(STATE), dict[str, Any](largest=10**6)
    headers, wanted = {"SC-Signature": sign(TOKEN, body)}, dict[str, Any](tokens=TOKEN, now=NOW)
    with pytest.warns(DeprecationWarning, match="^largest: deprecated, and will go; give max_body_bytes=$") as caught:
        assert receive(headers, body, **wanted, **old).token == 0
    assert caught[0].filename == __file__
    with pytest.raises(ConfigurationError, match=r"^largest: the former name of max_body_bytes"):
        receive(headers, body, **wanted, **old, max_body_bytes=1)


def test_the_former_names_of_claims() -> None:
    """A store of one's own makes them, with the names that the page told before."""
    old: Any = {"aside": True, "suspect": True}
    with pytest.warns(DeprecationWarning, match="(aside|suspect): deprecated") as caught:
        claim = Claim("e-1", ClaimStatus.NEW, 2, **old)
    assert len(caught) == 2
    assert (claim.stepped_aside, claim.interrupted) == (True, True)
    with pytest.warns(DeprecationWarning, match=r"Claim\.aside: .* stepped_aside$"):
        assert claim.aside
    with pytest.warns(DeprecationWarning, match=r"Claim\.suspect: .* interrupted$"):
        assert claim.suspect


class Sparing(SqliteEventStore):
    """A store whose `release_uncounted` has its former name."""

    release_uncounted: Any = property()

    def spare(self, claim: Claim, *, now: float, due: float) -> None:
        """By that name."""
        super().release_uncounted(claim, now=now, due=due)


async def test_a_store_that_spares(tmp_path: Path) -> None:
    """It is used by that name, with a warning when the receiver is made."""
    with Sparing(tmp_path / "events.db") as store:
        with pytest.warns(DeprecationWarning, match=r"^store\.spare: deprecated, .*release_uncounted$") as caught:
            receiver = Receiver(TOKEN, store, tolerance=None)
        assert caught[0].filename == __file__
        assert await deliver_sync(receiver, STATE) == 204
        taken = store.take(now=0, until=60)
        assert taken is not None
        receiver._runtime().runner.store.release_uncounted(taken[0])  # pyright: ignore[reportPrivateUsage]
        again = store.take(now=0, until=60)
        assert again is not None
        assert (again[0].attempt, again[0].tries) == (2, 1)


def test_a_file_is_spared_by_its_former_name(tmp_path: Path) -> None:
    """For stores that pass on to it."""
    with SqliteEventStore(tmp_path / "events.db") as store:
        claim = store.claim("a", now=0, until=60)
        with pytest.warns(DeprecationWarning, match=r"SqliteEventStore\.spare: .* release_uncounted$"):
            store.spare(claim, now=0, due=0)
        assert store.claim("a", now=0, until=60).tries == 1


@pytest.mark.parametrize("package", ["smartcar_async", "smartcar_sync"])
def test_the_former_name_of_a_class(package: str) -> None:
    """`Request` is `IncomingRequest`; there are no others."""
    module = importlib.import_module(f"{package}.receiver")
    with pytest.warns(DeprecationWarning, match=r"^receiver\.Request: .* IncomingRequest$") as caught:
        assert module.Request is IncomingRequest
    assert caught[0].filename == __file__
    with pytest.raises(AttributeError, match="no attribute 'Requests'"):
        _ = module.Requests
