"""What goes out: method, URL, headers and body of every public call, exactly."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

from smartcar_async import (
    ConfigurationError,
    EntriesSkipped,
    Measure,
    NotFound,
    Page,
    Pages,
    RequestEvent,
    Settings,
    Smartcar,
    UnitSystem,
    VehicleMode,
    __version__,
    signals,
)
from smartcar_async.log import Event

from . import documents
from .fakes import API, CLIENT_ID, CLIENT_SECRET, TOKEN_URL, USER, VEHICLE, Sent, Wire, always, answer, in_turn, mocked

AGENT = f"smartcar-async/{__version__} Python/{sys.version_info.major}.{sys.version_info.minor}"
PLAIN = {"User-Agent": AGENT, "Accept": "application/json", "Authorization": "Bearer token-1"}
OF_USER = {**PLAIN, "sc-user-id": USER}
JSON = {"Content-Type": "application/json"}
SOC = "tractionbattery-stateofcharge"
FORM = f"grant_type=client_credentials&client_id={CLIENT_ID}&client_secret={CLIENT_SECRET}".encode()

IDS = ("user_id", "vehicle_id", "external_id")

Use = Callable[[Smartcar], Awaitable[Any]]


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    """A wire under aiohttp's own session."""
    with mocked(Wire()) as made:
        yield made


async def read_all(smartcar: Smartcar, **filters: Any) -> list[str]:
    """The ids of every connection."""
    return [connection.id async for connection in smartcar.connections(**filters)]


async def test_the_token_is_asked_for_once_with_a_form(wire: Wire) -> None:
    """Client credentials travel form-encoded, to the IAM origin, without a token."""
    wire.api = always(answer(documents.signal_list()))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        vehicle = smartcar.vehicle(VEHICLE, USER)
        await vehicle.signals()
        await vehicle.signals()
    headers = {"User-Agent": AGENT, "Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    assert wire.tokens == [Sent("POST", TOKEN_URL, headers, FORM)]


async def test_special_characters_of_a_secret_survive_the_form(wire: Wire) -> None:
    """A secret may hold anything that a form must escape."""
    wire.api = always(answer({"data": documents.connection(connection_id="c")}))
    async with Smartcar("id&1", "a=b&c d+ü%") as smartcar:
        await smartcar.connection("c")
    body = b"grant_type=client_credentials&client_id=id%261&client_secret=a%3Db%26c+d%2B%C3%BC%25"
    assert wire.tokens[0].body == body


CALLS: list[tuple[str, Use, object, Sent]] = [
    (
        "connection",
        lambda smartcar: smartcar.connection("c/1"),
        {"data": documents.connection(connection_id="c/1")},
        Sent("GET", f"{API}/v3/connections/c%2F1", PLAIN),
    ),
    (
        "delete_connection",
        lambda smartcar: smartcar.delete_connection("c 1"),
        None,
        Sent("DELETE", f"{API}/v3/connections/c%201", PLAIN),
    ),
    (
        "delete_user",
        lambda smartcar: smartcar.delete_user("../u?x#y"),
        None,
        Sent("DELETE", f"{API}/v3/users/..%2Fu%3Fx%23y", PLAIN),
    ),
    (
        "attributes",
        lambda smartcar: smartcar.vehicle(VEHICLE, USER).attributes(),
        {"data": documents.vehicle()},
        Sent("GET", f"{API}/v3/vehicles/vehicle-1", OF_USER),
    ),
    (
        "signals",
        lambda smartcar: smartcar.vehicle(VEHICLE, USER).signals(),
        documents.signal_list(),
        Sent("GET", f"{API}/v3/vehicles/vehicle-1/signals", OF_USER),
    ),
    (
        "signal by key",
        lambda smartcar: smartcar.vehicle(VEHICLE, USER).signal(signals.TractionBattery.StateOfCharge),
        {"data": documents.signal()},
        Sent("GET", f"{API}/v3/vehicles/vehicle-1/signals/{SOC}", OF_USER),
    ),
    (
        "signal by code",
        lambda smartcar: smartcar.vehicle(VEHICLE, USER).signal(SOC, deadline=timedelta(seconds=5)),
        documents.signal(),
        Sent("GET", f"{API}/v3/vehicles/vehicle-1/signals/{SOC}", OF_USER),
    ),
    (
        "connections",
        read_all,
        documents.page(range(1, 2), {"totalCount": 1}),
        Sent("GET", f"{API}/v3/connections?page%5Bnumber%5D=1&page%5Bsize%5D=100", PLAIN),
    ),
    (
        "connections, every filter",
        lambda smartcar: read_all(
            smartcar, user_id="u 1", vehicle_id="v/1", mode=VehicleMode.SIMULATED, external_id="a&b", page_size=7
        ),
        documents.page(range(1, 2), {"totalCount": 1}),
        Sent(
            "GET",
            f"{API}/v3/connections?filter%5BuserId%5D=u%201&filter%5BvehicleId%5D=v%2F1"
            "&filter%5Bvehicle.mode%5D=simulated&filter%5Buser.externalId%5D=a%26b"
            "&page%5Bnumber%5D=1&page%5Bsize%5D=7",
            PLAIN,
        ),
    ),
    (
        "request",
        lambda smartcar: smartcar.request("get", "/v3/things", query={"a b": "c&d", "on": True, "none": None}),
        {"data": []},
        Sent("GET", f"{API}/v3/things?a%20b=c%26d&on=true", PLAIN),
    ),
    (
        "request with a body",
        lambda smartcar: smartcar.request("PATCH", "/v3/things", body={"a": [1]}, headers={"X-Own": "yes"}),
        {"data": []},
        Sent("PATCH", f"{API}/v3/things", {**PLAIN, **JSON, "X-Own": "yes"}, b'{"a":[1]}'),
    ),
    (
        "request of a vehicle",
        lambda smartcar: smartcar.vehicle(VEHICLE, USER).request("POST", "/commands/honk", body=None),
        {"data": {}},
        Sent("POST", f"{API}/v3/vehicles/vehicle-1/commands/honk", OF_USER),
    ),
    (
        "request of a vehicle with a body",
        lambda smartcar: smartcar.vehicle(VEHICLE, USER).request("POST", "/x", query={"n": 1}, body=[None, "ü"]),
        {"data": {}},
        Sent("POST", f"{API}/v3/vehicles/vehicle-1/x?n=1", {**OF_USER, **JSON}, b'[null,"\\u00fc"]'),
    ),
]


@pytest.mark.parametrize(("use", "document", "expected"), [case[1:] for case in CALLS], ids=[case[0] for case in CALLS])
async def test_call(wire: Wire, use: Use, document: object, expected: Sent) -> None:
    """Each public call sends exactly one request, and exactly this one."""
    wire.api = always(answer(document))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        await use(smartcar)
    assert wire.calls == [expected]


@pytest.mark.parametrize("system", [UnitSystem.IMPERIAL, "imperial"])
async def test_the_unit_system_travels_with_what_concerns_a_vehicle(wire: Wire, system: UnitSystem | str) -> None:
    """The header is sent where it means something, and only when it was asked for."""
    wire.api = in_turn(
        answer({"data": documents.signal()}), answer({"data": documents.connection(connection_id="c")}), answer()
    )
    async with Smartcar(CLIENT_ID, CLIENT_SECRET, settings=Settings(unit_system=system)) as smartcar:
        vehicle = smartcar.vehicle(VEHICLE, USER)
        await vehicle.signal(SOC)
        await smartcar.connection("c")
        await vehicle.request("GET", "/x")
    assert [sent.headers.get("SC-Unit-System") for sent in wire.calls] == ["imperial", None, "imperial"]


async def test_origins_are_those_of_the_settings(wire: Wire) -> None:
    """Each host can be moved, path prefix included."""
    wire.api = always(answer({"data": documents.connection(connection_id="c")}))
    settings = Settings(vehicle_origin="http://one.test:81/base/", iam_origin="http://two.test")
    async with Smartcar(CLIENT_ID, CLIENT_SECRET, settings=settings) as smartcar:
        await smartcar.connection("c")
    assert [sent.url for sent in wire.tokens] == ["http://two.test/oauth2/token"]
    assert [sent.url for sent in wire.calls] == ["http://one.test:81/base/v3/connections/c"]


async def test_from_env_finds_credentials_and_origins(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is enough to make a client."""
    wire.api = always(answer({"data": documents.connection(connection_id="c")}))
    monkeypatch.setenv("SMARTCAR_CLIENT_ID", "from-env")
    monkeypatch.setenv("SMARTCAR_CLIENT_SECRET", "its-secret")
    monkeypatch.setenv("SMARTCAR_IAM_ORIGIN", "http://iam.test")
    monkeypatch.setenv("SMARTCAR_API_V3_ORIGIN", "http://api.test")
    async with Smartcar.from_env() as smartcar:
        await smartcar.connection("c")
        assert repr(smartcar) == "Smartcar(client_id='from-env')"
    assert wire.tokens[0].body == b"grant_type=client_credentials&client_id=from-env&client_secret=its-secret"
    assert wire.calls[0].url == "http://api.test/v3/connections/c"


@pytest.mark.parametrize(
    "metas",
    [
        [{"totalCount": 5, "pageSize": 2, "pageNumber": number} for number in (1, 2, 3)],
        [{"total": 5, "page": number} for number in (1, 2, 3)],
        [{}, {}, {}],
    ],
    ids=["totalCount and pageSize", "other names, with links", "links alone"],
)
async def test_pages_are_counted_and_never_followed(wire: Wire, metas: list[dict[str, Any]]) -> None:
    """However the server describes its pages, the next one is asked for by number; its links are not opened."""
    link = "https://evil.test/v3/connections"
    links = [None, None, None] if "totalCount" in metas[0] else [link, link, None]
    numbers = [range(1, 3), range(3, 5), range(5, 6)]
    pages = [documents.page(*parts) for parts in zip(numbers, metas, links, strict=True)]
    wire.api = in_turn(*(answer(page) for page in pages))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        assert await read_all(smartcar, page_size=2) == [f"connection-{number}" for number in range(1, 6)]
    asked = [f"{API}/v3/connections?page%5Bnumber%5D={number}&page%5Bsize%5D=2" for number in (1, 2, 3)]
    assert [sent.url for sent in wire.calls] == asked


async def test_one_page_and_a_second_iteration(wire: Wire) -> None:
    """A single page can be had by number, and iterating again starts again."""
    wire.api = always(answer(documents.page(range(1, 3), {"totalCount": 2})))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        pages = smartcar.connections()
        assert repr(pages) == "Pages()"
        assert (await pages.page(4)).number == 4
        with pytest.raises(ConfigurationError, match="number: give a whole number"):
            await pages.page(0)
        for _ in range(2):
            assert [connection.id async for connection in pages] == ["connection-1", "connection-2"]
    assert [sent.url.partition("?")[2][:19] for sent in wire.calls] == [
        "page%5Bnumber%5D=4&",
        "page%5Bnumber%5D=1&",
        "page%5Bnumber%5D=1&",
    ]


async def test_a_server_that_ignores_the_page_number_ends_the_list(wire: Wire) -> None:
    """The same page over and over is one page, not an endless list."""
    wire.api = always(answer(documents.page(range(1, 3), {}, "https://x.test")))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        assert await read_all(smartcar) == ["connection-1", "connection-2"]
    assert len(wire.calls) == 3


async def test_pages_that_go_round_in_a_ring_end(wire: Wire) -> None:
    """A, B, A, B, and so on: each connection comes once, or a loop over them would act on a car again and again."""
    pages = [documents.page(range(number, number + 2), {}, "https://x.test") for number in (1, 3, 5)]
    wire.api = lambda _: answer(pages[(len(wire.calls) - 1) % 3])
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        listing = smartcar.connections()
        for _ in range(2):
            wire.calls.clear()
            assert [one.id async for one in listing] == [f"connection-{number}" for number in range(1, 7)]
            assert len(wire.calls) == 5


@pytest.mark.parametrize(
    ("ranges", "numbers"),
    [
        ([(1, 3), (1, 3), (3, 5), (5, 7)], range(1, 7)),
        ([(1, 3), (0, 0), (3, 5)], range(1, 5)),
        ([(0, 0), (1, 3)], range(1, 3)),
    ],
    ids=["entries were added meanwhile", "an empty one in between", "an empty one first"],
)
async def test_one_page_without_news_ends_no_list(
    wire: Wire, ranges: list[tuple[int, int]], numbers: Iterable[int]
) -> None:
    """What comes after it is not lost."""
    pages = [documents.page(range(*each), {}, "https://x.test") for each in ranges]
    wire.api = in_turn(*map(answer, pages), *[answer(documents.page(range(0), {}))])
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        assert await read_all(smartcar) == [f"connection-{number}" for number in numbers]


async def test_pages_without_a_readable_entry_do_not_end_a_list(wire: Wire) -> None:
    """They look alike, and are not the same: what comes after them is not lost."""
    unreadable = [{"data": [{"id": {"n": number}}], "links": {"next": "https://x.test"}} for number in range(3)]
    wire.api = in_turn(*map(answer, unreadable), answer(documents.page(range(1, 3), {})))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        assert await read_all(smartcar) == ["connection-1", "connection-2"]
        wire.api = always(answer(unreadable[0]))
        assert await read_all(smartcar) == []
    assert len(wire.calls) == 7


@pytest.mark.parametrize("entries", [[{"a": 1}], ["a"], [[1]]])
async def test_pages_of_anything_end(entries: list[Any]) -> None:
    """A list of the caller's own too, whatever it holds."""
    fetched: list[int] = []

    async def fetch(number: int) -> Page[Any]:
        fetched.append(number)
        return Page((*entries, number % 2), number, has_next=True)

    found = [entry async for entry in Pages(fetch)]
    assert (found, fetched) == ([*entries, 1, *entries, 0], [1, 2, 3, 4])


async def test_entries_that_cannot_be_read_are_told_and_skipped(wire: Wire, caplog: pytest.LogCaptureFixture) -> None:
    """One bad connection costs no other, and does not go unnoticed, even if the hook itself fails."""
    events: list[Event] = []

    def hook(event: Event) -> None:
        events.append(event)
        raise ValueError("of the hook")

    page = documents.page(range(1, 3), {"totalCount": 3})
    page["data"].insert(1, {"id": 7})
    wire.api = always(answer(page, sc_request_id="r-1"))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET, on_event=hook) as smartcar:
        assert await read_all(smartcar) == ["connection-1", "connection-2"]
    skipped = events.pop()
    assert isinstance(skipped, EntriesSkipped)
    assert (skipped.route, skipped.count) == ("/v3/connections", 1)
    assert [(event.route, event.status, event.request_id) for event in events if isinstance(event, RequestEvent)]
    assert [text for text in caplog.messages if text.startswith("the on_event hook raised ValueError\n")]


async def test_answers_become_records(wire: Wire) -> None:
    """What comes back is typed, and a vehicle is named by its handle."""
    wire.api = in_turn(answer({"data": documents.signal()}), answer(documents.signal_list(3), sc_request_id="r"))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        vehicle = smartcar.vehicle(VEHICLE, user_id=USER)
        charge = await vehicle.signal(signals.TractionBattery.StateOfCharge)
        assert charge.require() == Measure(57, "percent")
        response = await smartcar.request("GET", "/v3/anything")
    assert (response.status, response.headers["sc-request-id"]) == (200, "r")
    assert response.data == documents.signal_list(3)
    assert repr(vehicle) == "Vehicle('vehicle-1')"


async def test_nothing_is_sent_for_arguments_that_cannot_be_right(wire: Wire) -> None:
    """Bad input is refused before any request, and the argument is named."""
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        vehicle = smartcar.vehicle(VEHICLE, USER)
        for mistaken, name in (
            (smartcar.connection(""), "connection_id"),
            (smartcar.delete_connection(".."), "connection_id"),
            (smartcar.delete_user(" "), "user_id"),
            (smartcar.connection("c", deadline=-1), "deadline"),
            (vehicle.signals(deadline=float("nan")), "deadline"),
            (vehicle.signal("odometer-travelled"), "odometer-traveleddistance"),
            (smartcar.request("GET", "https://evil.test/"), "path"),
            (smartcar.request("GET", "/x", headers={"Authorization": "Bearer other"}), "Authorization"),
            (vehicle.request("GET", "/../other"), "path"),
        ):
            with pytest.raises(ConfigurationError, match=name):
                await mistaken
        bad: list[dict[str, Any]] = [{"page_size": 0}, {"mode": "test"}, *({name: ""} for name in IDS)]
        for filters in bad:
            with pytest.raises(ConfigurationError, match=next(iter(filters))):
                smartcar.connections(**filters)
        for ids in (("", USER), ("..", USER), (VEHICLE, ""), (VEHICLE, "a\nb"), (VEHICLE, "ü")):
            with pytest.raises(ConfigurationError, match="_id: "):
                smartcar.vehicle(*ids)
    for credentials in (("", "x"), ("x", ""), (" ", "x")):
        with pytest.raises(ConfigurationError, match="SMARTCAR_CLIENT_"):
            Smartcar(*credentials)
    assert wire.calls == wire.tokens == []


async def test_a_missing_vehicle_is_not_found(wire: Wire) -> None:
    """A 404 of the first request is an error, for a deletion too."""
    wire.api = always(answer({"errors": [{"type": "RESOURCE_NOT_FOUND", "code": "PATH"}]}, 404))
    async with Smartcar(CLIENT_ID, CLIENT_SECRET) as smartcar:
        with pytest.raises(NotFound):
            await smartcar.delete_connection("c")
    assert len(wire.calls) == 1
