"""`python -m benchmarks [--json FILE] [--quick]`: measure, print, and keep the figures."""

import argparse
import hmac
import json
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import attrs
import orjson

from benchmarks.delivery import DELIVERED, delivery
from benchmarks.facade import sync_client
from benchmarks.limit import cattrs_defaults, msgspec_limit
from benchmarks.measure import Ratio, child, cpu, cpu_of_children, ratio, repeat
from benchmarks.payload import document
from benchmarks.stall import longest_stall
from smartcar_async import codec
from smartcar_async.request import Reply
from smartcar_async.webhook import VehicleStateEvent, receive, sign

TOKEN = "11111111-2222-4333-8444-555555555555"
IMPORT = "from smartcar_async import Smartcar, signals"
HELP = "from smartcar_async.cli import main; main(['--help'])"


def main() -> None:
    """Run all benchmarks."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure this package, as ratios.")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: shows that all runs, and little else")
    options = parser.parse_args()
    figures: dict[str, object] = {"python": platform.python_version()}
    quick: bool = options.quick
    for found in (*decoding(quick), receiving(quick), *importing(quick), *sync_client(quick)):
        spread = f"[{found.low:.2f} to {found.high:.2f}]"
        print(f"{found.name:40} {found.value:6.2f}  {spread}  {found.bound:16} A/A {found.control:.3f}")
        figures[found.name] = attrs.asdict(found)
    stall = longest_stall(1 if options.quick else 5)
    print(f"{'loop.longest_stall_ms':40} {stall:6.1f}  at most 50 ms")
    figures["loop.longest_stall_ms"] = stall
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")


def decoding(quick: bool) -> Iterator[Ratio]:
    """Decode 100 signals into frozen records, bad neighbours tolerated."""
    body = document()
    reply = Reply(200, {}, body)
    limit, usual = msgspec_limit(), cattrs_defaults()
    codec.prepare()
    if codec.signal_set(reply).failed:
        raise SystemExit("the benchmark's document is not decoded whole")
    rounds, times = (5, 5) if quick else (51, 20)
    ours = repeat(lambda: codec.signal_set(reply), times)
    yield ratio("decode.ratio_to_limit", "at most 3.5", ours, repeat(lambda: limit(body), times), rounds, cpu)
    faster = ratio(
        "decode.speedup_over_cattrs_defaults", "at least 2.3", repeat(lambda: usual(body), times), ours, rounds, cpu
    )
    yield faster


def receiving(quick: bool) -> Ratio:
    """Verify a delivery of 172 signals, read it into records and look at each, over verifying and parsing it only."""
    body, key, now = delivery(), TOKEN.encode(), datetime.fromtimestamp(DELIVERED / 1000, UTC)
    signature = sign(TOKEN, body)
    headers, digest = {"SC-Signature": signature}, bytes.fromhex(signature)

    def ours() -> VehicleStateEvent:
        event = receive(headers, body, tokens=TOKEN, now=now).event
        assert isinstance(event, VehicleStateEvent)
        for signal in event.signals.entries:
            _ = signal.body, signal.value  # a body that were read late would be read here
        return event

    def theirs() -> object:
        return hmac.compare_digest(hmac.digest(key, body, "sha256"), digest) and orjson.loads(body)

    if not theirs() or ours().signals.failed:
        raise SystemExit("the benchmark's delivery is not decoded whole")
    rounds, times = (5, 5) if quick else (51, 20)
    name = "webhook.receive_over_verify_and_orjson"
    return ratio(name, "at most 1.5", repeat(ours, times), repeat(theirs, times), rounds, cpu)


def importing(quick: bool) -> Iterator[Ratio]:
    """Import the client, and show the help of the command, in a fresh interpreter, over a bare one."""
    loaded = child(f"import sys; {IMPORT}; print('aiohttp' in sys.modules)").strip()
    if loaded != "False":
        raise SystemExit("the import loads aiohttp")
    rounds = 3 if quick else 21
    for name, bound, code in (
        ("import.over_bare_python", "at most 7", IMPORT),
        ("cli.help_over_bare_python", "at most 1.5", HELP),
    ):
        yield ratio(name, bound, partial(child, code), partial(child, ""), rounds, cpu_of_children)


if __name__ == "__main__":
    main()
