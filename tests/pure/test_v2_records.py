"""Answers of API v2.0 as records: what is missing, odd, new or wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest

from smartcar_async import Permission, TokenPair, v2
from smartcar_async.codec import Unreadable
from smartcar_async.request import Reply
from smartcar_async.v2 import answers, decode, records, scopes
from smartcar_async.wire import camel

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ANSWERS = [cls for name in dir(v2) if attrs.has(cls := getattr(v2, name)) and issubclass(cls, v2.Answer)]
OTHERWISE = (v2.ServiceHistory, v2.CompatibilityMatrix)
READABLE = [cls for cls in ANSWERS if cls.__module__ == records.__name__ and cls not in OTHERWISE]


def reply(document: object, **headers: str) -> Reply:
    """An answer."""
    return Reply(200, {name.replace("_", "-"): value for name, value in headers.items()}, json.dumps(document).encode())


@pytest.mark.parametrize("cls", READABLE, ids=lambda cls: cls.__name__)
def test_what_is_not_told_is_none(cls: type[records.Answer]) -> None:
    """Missing or null, it is never zero and never False: a list is empty, and everything else None."""
    names = [item.name for item in attrs.fields(cls) if item.name not in ("meta", "raw")]
    null = {camel(name): None for name in names}
    for told in ({}, null):
        found = decode.record(cls)(reply(told))
        assert all(getattr(found, name) in (None, ()) for name in names)
        assert (found.meta, found.raw) == (v2.Meta(), told)


def test_headers_are_meta_in_any_case() -> None:
    """All four are optional; a time that says nothing is none, and a new unit system is kept."""
    assert decode.meta_of({}) == v2.Meta()
    found = decode.meta_of(
        {"SC-Request-ID": "r", "sc-data-age": "soon", "Sc-Fetched-At": "0", "SC-UNIT-SYSTEM": "nautical"}
    )
    assert found == v2.Meta("r", None, None, "nautical")


ODD: list[tuple[type[Any], object, dict[str, object]]] = [
    (v2.User, {"id": 7}, {"id": "7"}),
    (v2.Attributes, {"id": "v", "year": "2025"}, {"year": 2025}),
    (v2.Attributes, {"id": "v", "year": "new"}, {"year": None}),
    (v2.Attributes, {"id": "v", "model": 500}, {"model": "500"}),
    (v2.VehicleIds, {"vehicles": ["v", None, 7, {}, "w"]}, {"vehicles": ("v", "7", "w")}),
    (v2.Permissions, {"permissions": ["read_vin", None, 7]}, {"permissions": ("read_vin",)}),
    (v2.Connections, {"connections": [], "paging": {"cursor": 7}}, {"paging": v2.CursorPaging("7")}),
    (v2.Charge, {"state": "RESTING"}, {"state": "RESTING"}),
    (v2.Charge, {"state": "charging"}, {"state": "CHARGING"}),
    (v2.TirePressure, {"frontLeft": 0, "front_right": 1}, {"front_left": 0, "front_right": None}),
    (v2.WebhookSubscription, {"webhookId": 1, "vehicleId": "v"}, {"webhook_id": "1", "vehicle_id": "v"}),
    (
        v2.NominalCapacity,
        {"availableCapacities": None, "capacity": None},
        {"available_capacities": (), "capacity": None},
    ),
    (v2.DiagnosticTroubleCodesResponse, {"activeCodes": [{"code": "P1", "timestamp": ""}]}, {}),
]


@pytest.mark.parametrize(("cls", "document", "fields"), ODD)
def test_odd_values(cls: type[records.Answer], document: object, fields: dict[str, object]) -> None:
    """Ids as numbers, years as text, new words and times that say nothing cost no record."""
    found = decode.record(cls)(reply(document))
    assert {name: getattr(found, name) for name in fields} == fields
    assert found.raw == document


WRONG: list[tuple[type[Any], object, str]] = [
    (v2.Battery, [], "expected an object, got a list"),
    (v2.Battery, {"range": "12"}, "range: expected a number, got a text"),
    (v2.Charge, {"isPluggedIn": 1}, "isPluggedIn: expected a boolean, got a number"),
    (v2.User, {"id": True}, "id: expected a text, got a boolean"),
    (v2.NominalCapacity, {"capacity": 64}, "capacity: expected an object, got a number"),
    (v2.NominalCapacity, {"capacity": {"nominal": "x"}}, "capacity: nominal: expected a number, got a text"),
    (v2.SecurityResponse, {"doors": "open"}, "doors: expected a list, got a text"),
    (v2.Permissions, {"permissions": "read_vin"}, "permissions: expected a list, got a text"),
]


@pytest.mark.parametrize(("cls", "document", "problem"), WRONG)
def test_what_cannot_be_read(cls: type[records.Answer], document: object, problem: str) -> None:
    """The problem names the place and the kinds, never the value."""
    with pytest.raises(Unreadable, match=f"^{problem}$"):
        decode.record(cls)(reply(document))


def test_one_bad_entry_costs_no_neighbour() -> None:
    """It keeps what was sent."""
    entries = [{"type": "frontLeft", "status": "OPEN"}, {"type": 1}, "x", None]
    found = decode.record(v2.SecurityResponse)(reply({"doors": entries}))
    assert found.doors == (v2.Opening("frontLeft", "OPEN"), v2.Opening(), v2.Opening(), v2.Opening())
    assert [door.raw for door in found.doors] == entries


@pytest.mark.parametrize(
    ("document", "records"),
    [
        ([{"serviceID": 5}], (v2.ServiceRecord("5"),)),
        (
            {"serviceId": "5", "serviceDetails": {"type": "dealership"}},
            (v2.ServiceRecord("5", service_details=(v2.ServiceDetail("dealership"),)),),
        ),
        (
            [{"serviceCost": {"totalCost": 100, "currency": None}}],
            (v2.ServiceRecord(service_cost=v2.ServiceCost(100)),),
        ),
        (
            [{"serviceCost": {"totalCost": "free"}}, {"odometerDistance": 0}],
            (v2.ServiceRecord(service_cost=v2.ServiceCost()), v2.ServiceRecord(odometer_distance=0)),
        ),
        ([{"serviceCost": {"totalCost": True}}], (v2.ServiceRecord(service_cost=v2.ServiceCost()),)),
        ([{"serviceCost": {"totalCost": "nan"}}], (v2.ServiceRecord(service_cost=v2.ServiceCost()),)),
        ([{"serviceId": "5", "serviceCost": "free"}], (v2.ServiceRecord(),)),
        (None, ()),
        (
            {
                "serviceHistory": [
                    {"serviceId": "12", "serviceDetails": [{"type": "a", "value": 2}, {"type": "b"}, None]},
                    {"serviceId": 13, "serviceTasks": [{"taskId": "t-9"}], "serviceDetails": {"type": "c"}},
                    7,
                ]
            },
            (
                v2.ServiceRecord(
                    "12", service_details=(v2.ServiceDetail("a", "2"), v2.ServiceDetail("b"), v2.ServiceDetail())
                ),
                v2.ServiceRecord(
                    "13", service_tasks=(v2.ServiceTask("t-9"),), service_details=(v2.ServiceDetail("c"),)
                ),
                v2.ServiceRecord(),
            ),
        ),
        ({"serviceHistory": {"serviceId": "5"}}, (v2.ServiceRecord("5"),)),
        ({"serviceHistory": []}, ()),
        ({"serviceHistory": None}, ()),
        ({}, ()),
    ],
)
def test_service_history(document: object, records: tuple[v2.ServiceRecord, ...]) -> None:
    """A list, wrapped or not, or a single record; ids and costs as numbers or text; details as a list or as one."""
    assert decode.service_history(reply(document)) == v2.ServiceHistory(records, raw=document)


def test_a_wrapped_service_history_that_is_none() -> None:
    """It is refused, and not taken for one service."""
    with pytest.raises(Unreadable, match="expected a list, got a text"):
        decode.service_history(reply({"serviceHistory": "none"}))


@pytest.mark.parametrize("document", [{"items": []}, {"data": [{"serviceId": 1}]}])
def test_a_service_history_in_an_unknown_wrapper(document: object) -> None:
    """It is no service of which nothing is known: the error holds what was sent."""
    with pytest.raises(Unreadable, match="expected services"):
        decode.service_history(reply(document))


def test_service_records_know_what_they_came_with() -> None:
    """Each has the meta of the answer, as in the Node SDK."""
    found = decode.service_history(reply([None, "x"], sc_request_id="r-1"))
    assert [record.meta.request_id for record in found.records] == ["r-1", "r-1"]


def test_a_matrix_with_odd_makes() -> None:
    """What is no list is no make, and an entry that cannot be read keeps what was sent."""
    found = decode.matrix(reply({"VOLVO": [{"model": 3, "startYear": "2024"}, 7], "meta": {}, "note": "x"}))
    volvo = found.makes["VOLVO"]
    assert list(found.makes) == ["VOLVO"]
    assert (volvo[0].model, volvo[0].start_year, volvo[0].end_year, volvo[1].raw) == ("3", 2024, None, 7)


@pytest.mark.parametrize(
    ("names", "granted"),
    [
        ("read_vin", True),
        ("required:read_vin read_fuel", True),
        ([Permission.READ_FUEL], True),
        (["read_fuel", "read_tires"], False),
    ],
)
def test_a_page_of_permissions_knows_what_it_grants(names: Any, granted: bool) -> None:
    """`required:` before a name does not matter, and one text is words, not letters."""
    found = decode.permissions(reply({"permissions": ["read_vin", "read_fuel"]}))
    assert found.has(names) is granted


@pytest.mark.parametrize(
    ("told", "life"),
    [
        (7200, 7200),
        ("3600", 3600),
        (None, 7200),
        (0, 7200),
        (-5, 7200),
        ([], 7200),
        (1e300, 7200),
        (10**400, 7200),
        ("x", 7200),
    ],
)
def test_a_lifetime_never_costs_the_tokens(told: object, life: int) -> None:
    """What makes no sense is taken for two hours; the refresh token is taken for sixty days."""
    document = json.dumps({"access_token": "a", "refresh_token": "r", "expires_in": told})
    pair = decode.token_pair(Reply(200, body=document.encode()), NOW)
    assert pair == TokenPair("a", "r", NOW + timedelta(seconds=life), NOW + timedelta(days=60))


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"access_token": "a"},
        {"access_token": 1, "refresh_token": "r"},
        {"access_token": "a\n", "refresh_token": "r"},
    ],
)
def test_an_answer_without_tokens(document: object) -> None:
    """It cannot be read."""
    with pytest.raises(Unreadable):
        decode.token_pair(reply(document), NOW)


def test_a_pair_knows_when_it_ends() -> None:
    """At its time it has ended, in any zone."""
    pair = TokenPair("a", "r", NOW, NOW + timedelta(days=60))
    second = timedelta(seconds=1)
    assert [pair.expired(NOW - second), pair.expired(NOW)] == [False, True]
    assert [pair.refresh_expired(NOW), pair.refresh_expired(NOW + timedelta(days=60))] == [False, True]


def test_containers_do_not_show_personal_data() -> None:
    """A repr tells a user's id, a VIN or a link with a token only in the very record that holds it, or not at all."""
    connection = v2.Connection("v", "user-1")
    holders = [
        v2.Connections((connection,)),
        v2.DeletedConnections((connection,)),
        v2.NominalCapacity(url="https://x/token"),
    ]
    shown = " ".join(map(repr, holders))
    assert "user-1" not in shown
    assert "token" not in shown
    assert "connections=<1>" in shown
    assert "user-1" in repr(connection)


def test_raw_is_not_shown_and_not_compared() -> None:
    """Two records that say the same are the same."""
    one, other = (decode.record(v2.Vin)(reply({"vin": "V", "more": more})) for more in (1, 2))
    assert one == other
    assert repr(one) == "Vin(vin='V')"


def test_the_records_are_frozen() -> None:
    """And have no more than their fields."""
    for cls in [*ANSWERS, v2.Meta, v2.V3Response]:
        assert hasattr(cls, "__slots__")
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        v2.Vin("x").vin = "y"  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue]


def test_words() -> None:
    """One text is split on blanks, a list is taken as it is."""
    assert scopes.words(" a  b ", "x") == scopes.words(["a", "b "], "x") == ("a", "b")


def test_every_record_has_a_home_at_the_root() -> None:
    """No record must be dug out of a module."""
    for module in (answers, records):
        own = {
            name
            for name, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == module.__name__
        }
        assert own <= set(dir(v2))


def test_the_wing_is_loaded_name_by_name() -> None:
    """Each name is the very thing of its module; another one is an AttributeError."""
    assert v2.__all__ == dir(v2)  # type: ignore[attr-defined]  # pyright: ignore
    assert v2.Vin is records.Vin
    with pytest.raises(AttributeError, match=r"module 'smartcar_async\.v2' has no attribute 'Smartkar'"):
        v2.Smartkar  # type: ignore[attr-defined]  # noqa: B018  # pyright: ignore
