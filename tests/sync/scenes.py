"""What the acceptance tests act out in a child process: `python -m tests.sync.scenes <scene> <vehicle> <user>`."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import threading
import time
import traceback
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from multiprocessing import get_context

from smartcar_sync import Bridge, CommandOutcomeUnknown, Settings, Smartcar, SmartcarError, Vehicle
from smartcar_sync._process import no_fork

VEHICLE, USER = sys.argv[2:4] if len(sys.argv) > 3 else ("", "")
SPAN: ContextVar[str] = ContextVar("SPAN", default="nothing")
left_open: Smartcar


def say(*words: object) -> None:
    """Tell the parent at once."""
    print(*words, flush=True)


def client(**options: object) -> Smartcar:
    """A client for the simulator that the parent runs; the clock of the limits is not waited for."""
    settings = Settings.from_env()
    fast = {name: getattr(settings, name) for name in ("vehicle_origin", "management_origin", "iam_origin")}
    passed = {"settings": Settings(**fast, rate_limit=None), **options}
    return Smartcar(settings.client_id or "", settings.client_secret or "", **passed)  # type: ignore[arg-type]


def car(smartcar: Smartcar) -> Vehicle:
    """The car that the parent chose."""
    return smartcar.vehicle(VEHICLE, USER)


def refused(function: Callable[[], object]) -> str:
    """Why a call is refused."""
    try:
        function()
    except SmartcarError as error:
        return f"{type(error).__name__}: {error}"
    return "not refused"


def in_child(function: Callable[[], object]) -> None:
    """Do this in a forked child that exits like any process, and tell how that went."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a process with threads forks: that is the point
        child = os.fork()
    if child == 0:
        try:
            function()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        sys.exit(0)
    until = time.monotonic() + 15
    while time.monotonic() < until:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            say("child exited", os.waitstatus_to_exitcode(status))
            return
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    say("child hung")


def leave_open_and_end() -> None:
    """A client that is still reachable when the script ends."""
    global left_open
    left_open = client()
    say(car(left_open).attributes().make)


def drop_without_closing() -> None:
    """A client that nobody refers to any more: its thread ends, and it is told."""
    say(car(client()).attributes().make)
    until = time.monotonic() + 5
    while threading.active_count() > 1 and time.monotonic() < until:
        time.sleep(0.01)
    say(threading.active_count(), "thread")


def close_twice() -> None:
    """Closing again is fine; the thread is gone after the first time."""
    smartcar = client()
    car(smartcar).attributes()
    say(threading.active_count() > 1)
    smartcar.close()
    say(threading.active_count())
    smartcar.close()
    client().close()


def exception_in_with() -> None:
    """It comes out of the block, and the client is closed."""
    smartcar = client()
    try:
        with smartcar:
            car(smartcar).attributes()
            raise LookupError("mine")
    except LookupError as error:
        say(error, threading.active_count())
    say(refused(smartcar.__enter__))


def use_after_close() -> None:
    """A clear error, from the client and from every handle; what needs no network still works."""
    with client() as smartcar:
        handle, pages = car(smartcar), smartcar.connections()
        handle.attributes()
    say(refused(handle.attributes))
    say(refused(lambda: list(pages)))
    say(handle.id == VEHICLE, repr(handle))


def fork_and_use() -> None:
    """The child works with a connection of its own, from handles made before; the parent goes on with its own."""
    with client() as smartcar:
        handle, schedules = car(smartcar), car(smartcar).schedules
        handle.attributes()
        in_child(lambda: say(handle.attributes().make, len(schedules.list()), handle.id == VEHICLE))
        say(handle.attributes().make)
        unused = client()
        in_child(lambda: use_and_close(unused))
        say(car(unused).attributes().make)
        unused.close()


def use_and_close(smartcar: Smartcar) -> None:
    """What a child does with a client that its parent never used."""
    say(car(smartcar).attributes().make)
    smartcar.close()


def fork_and_exit() -> None:
    """The child exits through all of Python's clean-up, and the parent's connections do not notice."""
    global left_open
    with client() as left_open:
        handle = car(left_open)
        handle.attributes()
        for _ in range(2):
            in_child(lambda: None)
            say(handle.attributes().make)


def fork_while_locked() -> None:
    """Another thread holds the bridges' lock when the fork is asked for: it waits, or nobody would release it there."""
    with client() as smartcar:
        handle, held, done = car(smartcar), threading.Event(), threading.Event()

        def hold() -> None:
            with no_fork():
                held.set()
                done.wait()

        threading.Thread(target=hold).start()
        held.wait()
        threading.Timer(0.2, done.set).start()
        in_child(lambda: say(done.is_set(), handle.attributes().make))
        say(handle.attributes().make)


def fork_within_iteration() -> None:
    """What was begun before the fork is refused in the child, and goes on in the parent."""
    bridge = Bridge()

    async def numbers() -> AsyncIterator[int]:
        for number in range(3):
            yield number

    @asynccontextmanager
    async def lasting() -> AsyncGenerator[None, None]:
        yield
        say("left")

    stream, holding = bridge.stream(numbers), bridge.hold(lasting)
    next(stream)
    holding.__enter__()
    in_child(lambda: say(refused(lambda: next(stream)), holding.__exit__(None, None, None)))
    in_child(lambda: say("suppressed:", holding.__exit__(SystemExit, SystemExit(), None)))
    say(*stream)
    holding.__exit__(None, None, None)
    bridge.close()


def call_in_a_running_loop() -> None:
    """It works, in each of several loops, and warns once for each client."""
    with client() as smartcar, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")

        async def main() -> None:
            car(smartcar).attributes()
            say(car(smartcar).attributes().make)

        asyncio.run(main())
        asyncio.run(main())
        say(len(caught), caught[0].category.__name__, caught[0].filename == __file__, caught[0].message)


def call_from_a_callback() -> None:
    """It would wait for itself, so it is refused by the callback's name; closing there, too."""
    reported: list[str] = []

    def on_event(event: object) -> None:
        reported.extend([refused(smartcar.vehicle(VEHICLE, USER).attributes), refused(smartcar.close)])

    smartcar = client(on_event=on_event)
    car(smartcar).attributes()
    smartcar.close()
    say("\n".join(reported[:2]))


def interrupted_read() -> None:
    """KeyboardInterrupt, and the client goes on."""
    with client() as smartcar:
        car(smartcar).attributes()
        say("ready")
        try:
            car(smartcar).signals()
        except KeyboardInterrupt as interrupt:
            say("interrupted", getattr(interrupt, "__notes__", []))
        say(car(smartcar).attributes().make)


def interrupted_command() -> None:
    """KeyboardInterrupt with the note that the outcome is unknown; the hook is told; the client goes on."""
    reported: list[CommandOutcomeUnknown] = []
    with client(on_outcome_unknown=reported.append) as smartcar:
        car(smartcar).attributes()
        say("ready")
        try:
            car(smartcar).unlock()
        except KeyboardInterrupt as interrupt:
            say("interrupted", *getattr(interrupt, "__notes__", []))
        say(car(smartcar).attributes().make, *(outcome.action for outcome in reported))


def system_exit_in_a_task() -> None:
    """The loop is lost: who waits and who comes later is told so, and why; another client is not concerned."""
    smartcar, other = client(), client()
    car(smartcar).attributes()
    car(other).attributes()
    results: list[str] = []
    say("ready")
    waiting = threading.Thread(target=lambda: results.append(refused(car(smartcar).unlock)))
    waiting.start()
    sys.stdin.readline()  # the parent has seen the command arrive

    async def fail() -> None:
        asyncio.get_running_loop().call_soon(sys.exit, 3)
        await asyncio.sleep(10)

    reading = refused(lambda: smartcar._twin.bridge.loop_thread().call(fail))  # pyright: ignore[reportPrivateUsage]
    waiting.join()
    say("\n".join([reading, *results, refused(car(smartcar).attributes)]))
    smartcar.close()
    say(car(other).attributes().make)
    other.close()


def many_threads() -> None:
    """Sixty-four at once, each call with an answer of its own."""
    with client() as smartcar, ThreadPoolExecutor(64) as pool:
        results = [each.result() for each in [pool.submit(lambda: car(smartcar).attributes().id) for _ in range(256)]]
        say(
            len(results), set(results) == {VEHICLE}, sum(each.name == "smartcar_sync" for each in threading.enumerate())
        )


def early_break() -> None:
    """A loop that is left over pages asks for no more; one over a stream ends its task."""
    ended: list[str] = []

    async def forever() -> AsyncIterator[int]:
        try:
            for number in range(1_000_000):
                yield number
        finally:
            await asyncio.sleep(0)
            ended.append("ended")

    with client() as smartcar, Bridge() as bridge:
        for connection in smartcar.connections(page_size=2):
            say(connection.vehicle_id != "")
            break
        for number in bridge.stream(forever):
            if number == 3:
                say(number)
                break
        say(*ended)


def error_inside_a_stream() -> None:
    """It comes out of the loop after what came before it, and the bridge goes on; timeouts inside work."""

    async def failing() -> AsyncIterator[int]:
        yield 1
        raise LookupError("inside")

    async def slow() -> AsyncIterator[int]:
        async with asyncio.timeout(0.05):
            yield 1
            await asyncio.sleep(5)

    with Bridge() as bridge:
        for source in (failing, slow):
            try:
                for number in bridge.stream(source):
                    say(number)
            except (LookupError, TimeoutError) as error:
                say(type(error).__name__)


def context_variable() -> None:
    """What the caller has set is visible over there, and what is set there does not come back."""

    async def look() -> str:
        seen = SPAN.get()
        SPAN.set("changed over there")
        return seen

    with Bridge() as bridge:
        SPAN.set("mine")
        say(bridge.loop_thread().call(look), SPAN.get())
        threading.Thread(target=lambda: say(bridge.loop_thread().call(look))).start()


def work_in_a_pool(vehicle: str, user: str) -> str:
    """What a worker of a process pool does with the client of its module."""
    return str(left_open.vehicle(vehicle, user).attributes().make)


def process_pool() -> None:
    """A client that was used before the workers were forked works in each of them."""
    global left_open
    with client() as left_open:
        car(left_open).attributes()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            with ProcessPoolExecutor(2, mp_context=get_context("fork")) as pool:
                say(*pool.map(work_in_a_pool, [VEHICLE] * 4, [USER] * 4))


def no_warning_after_close() -> None:
    """Not one, whatever was open."""
    with Bridge() as bridge, client(bridge=bridge) as each, client(bridge=bridge) as two:
        say(car(each).attributes().make, car(two).signals().failed != ())
        say(refused(lambda: each.request("GET", "/nowhere")) != "not refused")


if __name__ == "__main__":
    logging.getLogger("smartcar_async").addHandler(logging.NullHandler())  # or Python prints its warnings
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background inherits that it is ignored
    globals()[sys.argv[1]]()
