"""No command is done twice, none is misreported, and what is found out later about a lost one is true.

SMARTCAR_COMMANDS is the number of commands; SMARTCAR_SEED repeats a campaign.
"""

from __future__ import annotations

import os
import secrets
import sys
from time import monotonic

import pytest

from .campaign import campaign

COMMANDS = int(os.environ.get("SMARTCAR_COMMANDS", "1000"))
DECIDED = 0.9


@pytest.mark.timeout(120 + COMMANDS // 10)
async def test_commands_under_faults(capsys: pytest.CaptureFixture[str]) -> None:
    """Every scenario is met, and the ledgers of the cars agree with everything that callers learned."""
    seed = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4)
    replay = f"SMARTCAR_SEED={seed} SMARTCAR_COMMANDS={COMMANDS}"
    started = monotonic()
    try:
        results = await campaign(seed, COMMANDS)
    except BaseException as error:
        error.add_note(replay)
        raise
    with capsys.disabled():
        sys.stdout.write(f"\n{results.table()}\n{replay}: {monotonic() - started:.0f} s\n")
    assert not results.violations, f"{replay}: " + "\n".join(results.violations[:20])
    assert not results.unmet(), f"{replay}: never met: {', '.join(results.unmet())}"
    assert results.calls.total() == COMMANDS, replay
    assert results.decided >= DECIDED * results.decidable > 0, replay
