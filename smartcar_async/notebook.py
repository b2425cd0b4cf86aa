"""How a notebook shows records and readings: small HTML tables, every text escaped.

A table of signals shows no value that is personal or that nobody knows; the record of a single one shows its own.
"""

from collections.abc import Iterable
from html import escape
from typing import Any, Final

HIDDEN: Final = "(hidden)"
_PERSONAL: Final = {"vehicleidentification-vin", "vehicleidentification-nickname", "vehicleuseraccount-role"}


def of_record(record: Any) -> str:
    """A record as a table of what its `repr` shows."""
    rows: list[tuple[object, object]] = []
    for field in _fields(record):
        if field.repr is not False:
            value = getattr(record, field.name)
            rows.append((field.name, field.repr(value) if callable(field.repr) else _shown(value)))
    return _table((type(record).__name__, ""), rows)


def of_signal(signal: Any) -> str:
    """One reading, with all the fields of its body."""
    rows: list[tuple[object, object]] = [("status", signal.status)]
    if signal.error is not None:
        rows.append(("error", signal.error))
    elif fields := _fields(signal.body):
        rows += [(field.name, _shown(getattr(signal.body, field.name))) for field in fields]
    elif signal.body is not None:
        rows.append(("body", HIDDEN))
    rows.append(("recorded_at", _shown(signal.recorded_at)))
    return _table((signal.code, ""), rows)


def of_signals(signals: Iterable[Any]) -> str:
    """Many readings: code, status, value with unit, and when the car recorded it."""
    rows = [(each.code, each.status, _value(each), _shown(each.recorded_at)) for each in signals]
    return _table(("signal", "status", "value", "recorded at"), rows)


def _fields(record: object) -> tuple[Any, ...]:
    """The fields of a record; none of anything else."""
    return getattr(record, "__attrs_attrs__", ())


def _value(signal: Any) -> str:
    if signal.body is None:
        error = signal.error
        return "" if error is None else "/".join(filter(None, (error.type, error.code)))
    kind = type(signal.body).__name__
    if not getattr(signal.body, "_in_tables", False) or signal.code in _PERSONAL:
        return HIDDEN if kind == "dict" or signal.code in _PERSONAL or signal.group == "Location" else kind
    return " ".join(_shown(part) for part in (signal.value, signal.unit) if part is not None)


def _shown(value: object) -> str:
    """As a reader would write it: enums by their value, times without fractions, nothing for None."""
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return f"{value:%Y-%m-%d %H:%M:%S %Z}"
    return str(value) if isinstance(value, (str, int, float)) else repr(value)


def _table(head: Iterable[object], rows: Iterable[Iterable[object]]) -> str:
    def line(cells: Iterable[object], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(str(cell))}</{tag}>' for cell in cells)}</tr>"

    return f"<table><thead>{line(head, 'th')}</thead><tbody>{''.join(line(row, 'td') for row in rows)}</tbody></table>"
