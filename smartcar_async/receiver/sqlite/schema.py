"""The tables of a SqliteEventStore, and how those of an earlier version become these."""

import sqlite3
from typing import Final

from ...errors import ConfigurationError

VERSION: Final = 2

# The columns of smartcar_events. Times are seconds by the clock that all processes of the machine share, but `touched`.
#   seq      the order in which events came, also within their lane
#   id       the id of the event, or a hash of its body: what a duplicate has too
#   state    `queued` behind another of its lane, `open` to be taken when due, `claimed` by an owner, `done`, `parked`
#   lane     the id of its vehicle, or its own where no vehicle is named; none once it is done
#   body     what was delivered; none if it came to a receiver that handles first (Smartcar sends it again), or is done
#   owner    who has claimed it; still set in `open` if that one never recorded how its attempt ended
#   attempt  how often it was claimed (`Claim.attempt`): the fence against earlier claims
#   spared   how many of these do not count; `attempt - spared` is `Claim.tries`. The API says "uncounted" for it
#   aside    1 if later events of its lane do not wait for it (`Claim.stepped_aside`)
#   due      when it may be taken, if it is `open`
#   since    when it got its `due`, or was handled; a time that lies ahead is from before this start of the machine
#   came     when the event was first seen
#   touched  the time of day, in seconds since 1970, of its last claim or change: it is forgotten `keep` seconds later
#   problem  the class of the error for which it was parked
# The columns of smartcar_owners, one row for each store object that claims.
#   id       the owner's name, which is in the name of its lock file too
#   home     the machine on which it began: only there its lock tells whether it lives
#   machine  whose clock `beat` is by: another one than `home`, if its silence is measured from there
#   beat     when it last claimed or renewed, or when that measuring began
#   lease    seconds after `beat` for which its claims last
TABLES: Final = (
    "CREATE TABLE smartcar_event_store (version INTEGER NOT NULL)",
    f"INSERT INTO smartcar_event_store VALUES ({VERSION})",
    """CREATE TABLE smartcar_events (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        id TEXT NOT NULL UNIQUE,
        state TEXT NOT NULL CHECK (state IN ('queued', 'open', 'claimed', 'done', 'parked')),
        lane TEXT,
        body BLOB,
        owner TEXT,
        attempt INTEGER NOT NULL DEFAULT 0,
        spared INTEGER NOT NULL DEFAULT 0,
        aside INTEGER NOT NULL DEFAULT 0,
        due REAL NOT NULL,
        since REAL NOT NULL,
        came REAL NOT NULL,
        touched REAL NOT NULL,
        problem TEXT
    )""",
    """CREATE TABLE smartcar_owners (
        id TEXT PRIMARY KEY,
        home TEXT NOT NULL,
        machine TEXT NOT NULL,
        beat REAL NOT NULL,
        lease REAL NOT NULL
    )""",
    "CREATE INDEX smartcar_events_due ON smartcar_events (due, seq) WHERE state = 'open' AND body IS NOT NULL",
    "CREATE INDEX smartcar_events_lane ON smartcar_events (lane, state, seq) WHERE lane IS NOT NULL",
    "CREATE INDEX smartcar_events_owner ON smartcar_events (owner) WHERE owner IS NOT NULL",
    "CREATE INDEX smartcar_events_touched ON smartcar_events (touched) WHERE body IS NULL",
)

# What a process of version 1 had claimed when the file was taken over belongs to it until its lease would be over.
_FORMER: Final = "version-1"
_TAKE_OVER: Final = (
    "DROP INDEX IF EXISTS smartcar_events_due",
    "DROP INDEX IF EXISTS smartcar_events_lane",
    "DROP INDEX IF EXISTS smartcar_events_touched",
    "ALTER TABLE smartcar_events RENAME TO smartcar_events_1",
    "DROP TABLE smartcar_event_store",
    *TABLES,
    f"""INSERT INTO smartcar_events (
        seq, id, state, lane, body, owner, attempt, due, since, came, touched, problem
    ) SELECT
        seq, id,
        CASE WHEN state = 'open' AND body IS NOT NULL THEN 'queued' ELSE state END,
        lane, body,
        CASE WHEN state = 'claimed' THEN '{_FORMER}' END,
        attempt,
        CASE WHEN state = 'open' THEN :now + min(max(due - :day, 0), 3600) ELSE :now END,
        :now, :now, touched, problem
    FROM smartcar_events_1 ORDER BY seq""",
    "DROP TABLE smartcar_events_1",
    # The first of each lane keeps the pause that it had; the others come when it is their turn.
    """UPDATE smartcar_events SET state = 'open' WHERE state = 'queued' AND seq IN (
        SELECT min(seq) FROM smartcar_events WHERE state IN ('queued', 'claimed') AND body IS NOT NULL GROUP BY lane
    )""",
    f"""INSERT INTO smartcar_owners SELECT '{_FORMER}', '', :machine, :now, 60
        WHERE EXISTS (SELECT 1 FROM smartcar_events WHERE state = 'claimed')""",
)

# The machine's clock began anew since then: nothing waits for a time that will not come.
_AFTER_A_START: Final = """UPDATE smartcar_events SET due = :now, since = :now
    WHERE state = 'open' AND body IS NOT NULL AND since > :now"""


def prepare(connection: sqlite3.Connection, name: str, *, now: float, day: float, machine: str) -> None:
    """In an open transaction: make the tables, or take over those of an earlier version.

    `now` is the machine's clock, `day` the time of day in seconds since 1970.
    """
    version = _version(connection)
    if version not in (None, 1, VERSION):
        raise ConfigurationError(f"store: {name} was made by another version of this package")
    statements = TABLES if version is None else _TAKE_OVER if version == 1 else ()
    for statement in (*statements, _AFTER_A_START):
        connection.execute(statement, {"now": now, "day": day, "machine": machine})


def _version(connection: sqlite3.Connection) -> int | None:
    exists = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'smartcar_event_store'"
    if connection.execute(exists).fetchone() is None:
        return None
    ((version,),) = connection.execute("SELECT version FROM smartcar_event_store").fetchall()
    return int(version)
