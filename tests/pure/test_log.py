"""What is told, at which level of the log, and what becomes of a hook that fails."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import pytest

from smartcar_async import (
    AllowanceWait,
    CommandOutcomeUnknown,
    ConfigurationError,
    EntriesSkipped,
    RequestEvent,
    RetryWait,
    Smartcar,
)
from smartcar_async.arguments import require_sync_function
from smartcar_async.log import Event, Reporter

SKIPPED = EntriesSkipped("/v3/connections", 1, ("id",))


class OfTheHook(BaseException):
    """Something that no code expects."""


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            ConfigurationError("on_event: do this from another thread"),
            "the on_event hook raised ConfigurationError: on_event: do this from another thread\n",
        ),
        (ValueError("a secret of the caller's"), "the on_event hook raised ValueError\n"),
        (GeneratorExit(), "the on_event hook raised GeneratorExit\n"),
        (OfTheHook("a secret of the caller's"), "the on_event hook raised OfTheHook\n"),
    ],
)
def test_a_hook_that_fails(error: BaseException, told: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is told where. Our own errors say what to do; what others say may be secret."""

    def hook(_event: object) -> None:
        raise error

    Reporter(hook).tell(SKIPPED)
    (message,) = caplog.messages[1:]
    assert message.startswith(told)
    assert "in hook\n    raise error" in message
    assert "a secret" not in caplog.text


@pytest.mark.parametrize("ending", [KeyboardInterrupt, SystemExit])
def test_a_hook_that_ends_the_program_outside_of_a_loop(ending: type[BaseException]) -> None:
    """Where no loop can be told, it ends at once."""

    def hook(_event: object) -> None:
        raise ending

    with pytest.raises(ending):
        Reporter(hook).tell(SKIPPED)


async def _await(_event: object) -> None:
    """An async hook."""


async def _yield(_event: object) -> Any:
    """Another one."""
    yield


class _Awaiting:
    async def __call__(self, _event: object) -> None:
        """One more."""

    async def method(self, _event: object) -> None:
        """And one."""


AWAITING: dict[str, Any] = {
    "a function": _await,
    "a generator": _yield,
    "an object": _Awaiting(),
    "a method": _Awaiting().method,
    "a partial": partial(_await),
    "a partial of a partial": partial(partial(_await)),
    "a partial of an object": partial(_Awaiting()),
}


@pytest.mark.parametrize("hook", AWAITING.values(), ids=list(AWAITING))
def test_an_async_hook_is_refused(hook: Any) -> None:
    """At once, by its name, with what to give instead."""
    with pytest.raises(ConfigurationError, match=r"^on_event: give a plain function, for nobody would await"):
        Smartcar("id", "secret", on_event=hook)
    with pytest.raises(ConfigurationError, match=r"^on_outcome_unknown: give a plain function"):
        Smartcar("id", "secret", on_outcome_unknown=hook)


PLAIN: list[Any] = [print, list[object]().append, partial(print, 1), str.upper, type("", (), {}), None]


@pytest.mark.parametrize("hook", PLAIN)
def test_a_plain_hook_is_taken(hook: Any) -> None:
    """Functions, methods, classes and what binds arguments to them."""
    require_sync_function(hook, "on_event")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("name", ["on_event", "on_outcome_unknown"])
def test_a_hook_that_returns_a_coroutine(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """A lambda around an async function cannot be seen beforehand: it is told, and no warning of Python's follows."""

    def hook(value: object) -> Any:
        return _await(value)

    if name == "on_event":
        Reporter(hook).tell(SKIPPED)
    else:
        Reporter(None, hook).tell_unknown(CommandOutcomeUnknown("lost", action="lock"))
    assert caplog.messages[1:] == [f"the {name} hook returned a coroutine, which was not run: give a plain function"]


ROUTE = "/v3/vehicles/{vehicle_id}/signals"


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (RequestEvent("GET", ROUTE, 1, 30.0), logging.DEBUG),
        (SKIPPED, logging.WARNING),
        (AllowanceWait(1.0, "application", ROUTE), logging.DEBUG),
        (AllowanceWait(1.1, "application", ROUTE), logging.INFO),
        (AllowanceWait(30.0, "vehicle", ROUTE), logging.INFO),
        (RetryWait(0.5, "ServerError", 1, ROUTE), logging.DEBUG),
        (RetryWait(8.0, "ServerError", 4, ROUTE), logging.INFO),
    ],
)
def test_the_level_of_an_event(event: Event, level: int, caplog: pytest.LogCaptureFixture) -> None:
    """A wait of more than a second is worth a line where an application logs what it does."""
    heard: list[Event] = []
    with caplog.at_level(logging.DEBUG, "smartcar_async"):
        Reporter(heard.append).tell(event)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(level, str(event))]
    assert heard == [event]
