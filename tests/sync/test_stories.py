"""The main stories, told to the async and to the plain client through one fixture: both do the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import pytest

from tests.sync.both import sync_fleet
from tests.world import test_acting, test_connecting, test_scheduling, test_stories

STORIES = (test_stories, test_acting, test_scheduling, test_connecting)
Told = Callable[..., Awaitable[None]]


@pytest.fixture(params=["async", "sync"])
def client(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which client the stories meet: what they open is exchanged under them."""
    if request.param == "sync":
        for module in STORIES:
            monkeypatch.setattr(module, "simulated_fleet", sync_fleet)
    return str(request.param)


def cases(module: ModuleType, name: str) -> list[Any]:
    """A story with each of the arguments that its own module tells it with."""
    function: Any = getattr(module, name)
    marks: list[Any] = getattr(function, "pytestmark", [])
    rows = [row for mark in marks if mark.name == "parametrize" for row in mark.args[1]]
    reported: list[Any] = [getattr(row, "values", row) for row in rows] or [()]
    passed: list[tuple[Any, ...]] = [row if isinstance(row, tuple) else (row,) for row in reported]
    return [pytest.param(function, each, id=f"{name}-{number}") for number, each in enumerate(passed)]


TOLD = [
    *cases(test_stories, "test_filters"),
    *cases(test_stories, "test_an_application_without_cars"),
    *cases(test_stories, "test_ending_a_connection"),
    *cases(test_stories, "test_removing_a_user"),
    *cases(test_acting, "test_a_command_shows_in_its_signal"),
    *cases(test_acting, "test_a_destination_arrives"),
    *cases(test_scheduling, "test_a_schedule_is_listed_as_it_was_made"),
    *cases(test_scheduling, "test_schedules_of_other_making_are_listed_and_marked"),
    *cases(test_connecting, "test_a_subscription_is_followed_until_it_is_listed"),
    *cases(test_connecting, "test_cars_that_can_be_connected"),
]


@pytest.mark.parametrize(("story", "arguments"), TOLD)
async def test_story(client: str, story: Told, arguments: tuple[Any, ...]) -> None:
    """The same calls, the same requests, the same answers and the same errors."""
    await story(*arguments)


@pytest.mark.parametrize("story", test_stories.STORIES, ids=lambda story: story.__name__)
async def test_reading(client: str, story: Told) -> None:
    """Lists, pages and signals, in every form of the wire that they begin with."""
    opened: Any = vars(test_stories)["simulated_fleet"]
    async with opened() as each:
        await story(each)
