"""How programs end, acted out in a child process: `python -m tests.sync.ending_scenes <scene> <vehicle> <user> ...`."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from types import FrameType

from attrs import evolve

import smartcar_sync._loop as loop
import smartcar_sync._process as process
from smartcar_sync import (
    CommandOutcomeUnknown,
    ConfigurationError,
    FileTokenStore,
    PermissionDenied,
    Settings,
    SmartcarError,
)
from smartcar_sync.v2 import Client, TokenSource
from tests.sync.scenes import USER, VEHICLE, car, client, in_child, refused, say

KEY = "owner"
MORE = sys.argv[4:]
"""What else the parent tells: a path, or a delay."""
kept: Client


def v2_client() -> Client:
    """A client of API v2.0 for the simulator that the parent runs."""
    settings = Settings.from_env()
    return Client(settings.client_id or "", settings.client_secret or "", settings=evolve(settings, rate_limit=None))


def source_of(smartcar: Client) -> TokenSource:
    """The owner's tokens, in the file that the parent wrote."""
    return smartcar.token_source(FileTokenStore(MORE[0]), KEY)


def begin(function: Callable[[], object]) -> threading.Thread:
    """Call it in a thread that keeps no program from its end."""
    thread = threading.Thread(target=lambda: refused(function), daemon=True)
    thread.start()
    return thread


def end_within_a_refresh() -> None:
    """The main thread ends; the call that refreshes is another's."""
    global kept
    kept = v2_client()
    begin(source_of(kept).access_token)
    sys.stdin.readline()


def end_within_a_worker() -> None:
    """The same in a worker process, which ends in a way of its own."""
    go = get_context("fork").Event()

    def work() -> None:
        global kept
        kept = v2_client()
        begin(source_of(kept).access_token)
        go.wait()

    worker = get_context("fork").Process(target=work)
    worker.start()
    sys.stdin.readline()
    go.set()
    worker.join()


def drop_within_a_refresh() -> None:
    """The call ran out of its time, and nobody refers to the client any more when the program ends."""

    def call() -> None:
        smartcar = v2_client()
        smartcar.get_user(source_of(smartcar), deadline=0.5)

    say(refused(call))


def interrupted_at_the_end() -> None:
    """The program has ended and waits for an answer that does not come. It tells whenever it begins to wait."""
    wait = process.__dict__["_wait_for"]

    def reported(ending: object) -> None:
        say("waiting")
        wait(ending)

    process.__dict__["_wait_for"] = reported
    end_within_a_refresh()


def stuck_at_the_end() -> None:
    """A callback never returns, and the loop with it: the program ends nevertheless."""
    loop.__dict__["ENDING"] = 0.05
    stuck = threading.Event()

    def on_event(event: object) -> None:
        stuck.set()
        threading.Event().wait()

    smartcar = client(on_event=on_event)
    begin(car(smartcar).attributes)
    stuck.wait()
    atexit.register(say, "ending", smartcar)


def threads_outlive_the_main_one() -> None:
    """Calls that begin after the end of the main thread: with a client that is open, with a new one, and a store."""
    opened, new = client(), client()
    car(opened).attributes()

    def outlive() -> None:
        threading.main_thread().join()
        time.sleep(0.1)
        say(car(opened).attributes().make)
        say(refused(car(new).attributes))
        say(refused(lambda: FileTokenStore(MORE[0]).load(KEY)))

    threading.Thread(target=outlive).start()


def a_handler_that_raises() -> None:
    """A signal comes in the middle of a command, and its handler raises what usually means that nothing was done."""
    reported: list[CommandOutcomeUnknown] = []

    def handler(number: int, frame: FrameType | None) -> None:
        raise PermissionDenied("from the handler")

    signal.signal(signal.SIGINT, handler)
    with client(on_outcome_unknown=reported.append) as smartcar:
        car(smartcar).attributes()
        try:
            car(smartcar).unlock()
        except PermissionDenied as error:
            say(error, *getattr(error, "__notes__", []))
        say(car(smartcar).attributes().make, *(outcome.action for outcome in reported))


def a_handler_that_forks() -> None:
    """A signal comes in the middle of a call, and its handler forks: the child comes back into the call."""
    children: list[int] = []
    signal.signal(signal.SIGINT, lambda number, frame: children.append(os.fork()))
    with client() as smartcar:
        try:
            make = car(smartcar).attributes().make
        except ConfigurationError as error:
            say(error, car(smartcar).attributes().make)
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(children[0], 0)
        say(make)


def fork_within_the_first_call() -> None:
    """A fork from another thread, a moment after the first call of this process was begun."""
    smartcar = client()
    calling = begin(car(smartcar).attributes)
    time.sleep(float(MORE[0]))
    in_child(lambda: say(car(smartcar).attributes().make))
    calling.join()
    say(car(smartcar).attributes().make)
    smartcar.close()


def fork_within_a_refresh() -> None:
    """The child waits for the pair that its parent is given, and uses it."""
    with v2_client() as smartcar:
        source = source_of(smartcar)
        calling = begin(source.access_token)
        time.sleep(float(MORE[1]))
        in_child(lambda: say(len(source.access_token()) > 0))
        calling.join()
        say(smartcar.get_user(source).id == USER)


def imports_within_calls() -> None:
    """What calls import after the bridge has begun: a fork in the middle of that would be the end of its child."""
    smartcar, older = client(), v2_client()
    tesla, source = car(smartcar), source_of(older)
    vehicle = older.vehicle(VEHICLE, source)
    smartcar._twin.bridge.loop_thread()  # pyright: ignore[reportPrivateUsage]
    before = set(sys.modules)
    for use in (tesla.attributes, tesla.signals, tesla.lock, tesla.schedules.list, smartcar.connections().page):
        use()
    for ask in (vehicle.odometer, vehicle.lock, lambda: vehicle.batch(["/odometer"])):
        ask()
    with suppress(SmartcarError):
        smartcar.request("GET", "/nowhere")
    for each in (source, older, smartcar):
        each.close()
    say(sorted(set(sys.modules) - before))


if __name__ == "__main__":
    logging.getLogger("smartcar_async").setLevel(logging.WARNING)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
    globals()[sys.argv[1]]()
