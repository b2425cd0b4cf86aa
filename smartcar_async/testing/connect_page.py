"""The pages of Connect as plain HTML: no script, no style sheet, nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from .world import Owner, Vehicle

_FRAME = (
    '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n'
    "<body>\n<main>\n<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
)


def message_page(title: str, text: str) -> str:
    """A page with a message."""
    return _FRAME.format(title=escape(title), body=f"<p>{escape(text)}</p>")


def consent_page(
    parameters: Mapping[str, str],
    permissions: Iterable[str],
    owners: Sequence[tuple[Owner, Sequence[Vehicle]]],
    errors: Mapping[str, str],
    single: bool,
) -> str:
    """A form for each owner to choose cars in, and one to end with any error that Connect knows."""
    hidden = "\n".join(
        f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in parameters.items()
    )
    scopes = "".join(f"<li>{escape(name)}</li>" for name in permissions)
    forms = [_owner_form(hidden, number, owner, cars, single) for number, (owner, cars) in enumerate(owners, 1)]
    choices = "".join(f'<option value="{escape(name)}">{escape(name)}</option>' for name in errors)
    forms += [
        _form(hidden, '<button name="decision" value="access_denied">Deny</button>'),
        _form(hidden, f'<label>End with <select name="decision">{choices}</select></label> <button>Go</button>'),
    ]
    body = f"<p>The application asks for:</p>\n<ul>{scopes}</ul>\n" + "\n".join(forms)
    return _FRAME.format(title="Connect your car", body=body)


def _owner_form(hidden: str, number: int, owner: Owner, cars: Sequence[Vehicle], single: bool) -> str:
    kind = "radio" if single else "checkbox"
    boxes = "\n".join(
        f'<p><label><input type="{kind}" name="vehicle" value="{escape(car.id)}"{" checked" if first == 0 else ""}> '
        f"{escape(car.car.nickname)} ({escape(car.car.model.make)} {car.car.model.year})</label></p>"
        for first, car in enumerate(cars)
    )
    legend = f"Owner {number}" + (f", {escape(owner.external_id)}" if owner.external_id else "")
    field = f"<fieldset>\n<legend>{legend}</legend>\n{boxes}\n"
    return _form(hidden, field + '<button name="decision" value="allow">Allow</button>\n</fieldset>')


def _form(hidden: str, body: str) -> str:
    return f'<form method="post" action="/oauth/authorize">\n{hidden}\n{body}\n</form>'
