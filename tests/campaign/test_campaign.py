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
async def test_commands_under_fire(capsys: pytest.CaptureFixture[str]) -> None:
    """Every trouble is met, and the ledgers of the cars agree with every word that a caller was told."""
    seed = os.environ.get("SMARTCAR_SEED") or secrets.token_hex(4)
    replay = f"SMARTCAR_SEED={seed} SMARTCAR_COMMANDS={COMMANDS}"
    started = monotonic()
    try:
        score = await campaign(seed, COMMANDS)
    except BaseException as error:
        error.add_note(replay)
        raise
    with capsys.disabled():
        sys.stdout.write(f"\n{score.table()}\n{replay}: {monotonic() - started:.0f} s\n")
    assert not score.lies, f"{replay}: " + "\n".join(score.lies[:20])
    assert not score.unmet(), f"{replay}: never met: {', '.join(score.unmet())}"
    assert score.calls.total() == COMMANDS, replay
    assert score.decided >= DECIDED * score.fresh > 0, replay
