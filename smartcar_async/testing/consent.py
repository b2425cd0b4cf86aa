"""Connect: the page where an owner chooses cars and consents, and the redirect that tells the application.

The pages work without JavaScript: a test posts the form, a person clicks through it in a browser. Beside consent and
denial the page offers every other error that Connect can end with.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from attrs import frozen

from .connect_page import consent_page, plain_page
from .service import Params, Route, Service
from .wire import Answer, Request
from .world import PERMISSIONS, Owner, Vehicle

DESCRIPTIONS = {
    "access_denied": "User denied access to application.",
    "invalid_subscription": "User's vehicle is not subscribed to connected services.",
    "configuration_error": "There has been an error in the configuration of your application.",
    "no_vehicles": "No vehicles found on the connected services account.",
    "vehicle_incompatible": "The user's vehicle is not compatible.",
    "server_error": "Unexpected server error. Please try again.",
}
"""The errors that Connect can end with, and what is said of each; the texts are not documented."""

_INCOMPATIBLE = {"vin": "YS3EH48G1X3000001", "make": "SAAB", "model": "9-5", "year": "2009"}
_ASKED = (
    "client_id", "application_id", "redirect_uri", "response_type", "scope", "state", "mode", "make", "single_select",
    "single_select_vin", "external_id", "vehicle_id", "approval_prompt", "flags", "user",
)  # fmt: skip


class _Invalid(Exception):
    """A parameter of the URL that Connect cannot work with: the owner sees a page with a 400."""


@frozen
class Session:
    """What an application asked for by its Connect URL."""

    asked: dict[str, str]
    redirect_uri: str | None
    permissions: tuple[str, ...]
    vehicles: tuple[Vehicle, ...]
    v2: bool = False
    """Whether the application named itself by the credential of the API, as for v2: it is told a code alone."""

    @property
    def wants_one(self) -> bool:
        """Whether the owner may choose a single car only."""
        return self.asked.get("single_select") == "true" or "single_select_vin" in self.asked


def _show(service: Service, request: Request, _: Params) -> Answer:
    try:
        session = _session(service, request.query)
    except _Invalid as error:
        return _page(plain_page("400", f"400: Invalid parameter {error}"), 400)
    owners = [
        (owner, [vehicle for vehicle in session.vehicles if vehicle.owner_id == owner.id])
        for owner in service.world.owners.values()
    ]
    theirs = [(owner, vehicles) for owner, vehicles in owners if vehicles]
    return _page(consent_page(session.asked, session.permissions, theirs, DESCRIPTIONS, session.wants_one))


def _decide(service: Service, request: Request, _: Params) -> Answer:
    form = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
    answers = dict(form)
    try:
        session = _session(service, answers)
    except _Invalid as error:
        return _page(plain_page("400", f"400: Invalid parameter {error}"), 400)
    outcome = answers.get("decision", "access_denied")
    chosen = {value for name, value in form if name == "vehicle"}
    vehicles = [vehicle for vehicle in session.vehicles if vehicle.id in chosen]
    if outcome == "allow" and not vehicles:
        outcome = "no_vehicles"
    if outcome != "allow":
        name = outcome if outcome in DESCRIPTIONS else "server_error"
        details = _INCOMPATIBLE if name == "vehicle_incompatible" else {}
        return _leave(session, {"error": name, "error_description": DESCRIPTIONS[name], **details})
    if len({vehicle.owner_id for vehicle in vehicles}) > 1 or (session.wants_one and len(vehicles) > 1):
        return _page(plain_page("400", "400: Choose cars of one owner, and one car where only one is asked for."), 400)
    return _leave(session, _grant(service, session, vehicles))


def _grant(service: Service, session: Session, vehicles: list[Vehicle]) -> dict[str, str]:
    """Make the connections, and say what the application is told."""
    asked, world = session.asked, service.world
    for vehicle in vehicles:
        world.connect(vehicle.id, session.permissions)
    owner_id, external_id = vehicles[0].owner_id, asked.get("external_id")
    if external_id is not None:
        world.name_owner(owner_id, None if external_id == "null" else external_id)
    named: Owner = world.owners[owner_id]
    kind = asked.get("response_type", "code")
    told = {"vehicle_id": vehicles[0].id} if kind == "vehicle_id" else {"user_id": owner_id}
    if kind == "code" and (session.v2 or service.switches.connect_code):
        told["code"] = service.code(owner_id, session.permissions, asked.get("redirect_uri"))
    if session.v2 and kind == "code":
        return {"code": told["code"]}
    if external_id is not None and named.external_id is not None:
        told["external_id"] = named.external_id
    return told


def _leave(session: Session, told: dict[str, str]) -> Answer:
    """Send the owner back to the application, or to a last page of ours where no address was given."""
    if session.redirect_uri is None:
        text = told.get("error_description", "You may close this page.")
        return _page(plain_page("Connected" if "error" not in told else "Not connected", text))
    if "state" in session.asked:
        told = told | {"state": session.asked["state"]}
    parts = urlsplit(session.redirect_uri)
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True) + list(told.items()))
    return Answer(302, headers={"Location": urlunsplit(parts._replace(query=query))})


def _session(service: Service, query: dict[str, str]) -> Session:
    asked = {name: query[name] for name in _ASKED if name in query}
    application = asked.get("application_id", asked.get("client_id", ""))
    v2 = service.older is not None and "application_id" not in asked and application == service.tokens.client_id
    if application != service.application_id and not v2:
        raise _Invalid(f"{'application_id' if 'application_id' in asked else 'client_id'}: {application}")
    kind = asked.get("response_type", "code")
    if kind not in ("code", "vehicle_id", "none"):
        raise _Invalid(f"response_type: {kind}")
    words = asked.get("scope", "").split()
    wanted = [word.removeprefix("required:") for word in words]
    if not set(wanted) <= set(PERMISSIONS):
        raise _Invalid(f"scope: {asked['scope']}")
    permissions = tuple(name for name in PERMISSIONS if name in wanted or not wanted)
    return Session(asked, _redirect_uri(service, asked, kind), permissions, _choice(service, asked, kind, v2), v2)


def _redirect_uri(service: Service, asked: dict[str, str], kind: str) -> str | None:
    registered = service.redirect_uris
    uri = asked.get("redirect_uri", registered[0] if registered and kind != "none" else None)
    if uri is None:
        if kind == "none":
            return None
        raise _Invalid("redirect_uri: ")
    parts = urlsplit(uri)
    if (registered and uri not in registered) or not parts.scheme or not parts.netloc:
        raise _Invalid(f"redirect_uri: {uri}")
    return uri


def _choice(service: Service, asked: dict[str, str], kind: str, v2: bool) -> tuple[Vehicle, ...]:
    """The cars that the page offers."""
    world = service.world
    if kind == "vehicle_id":
        connection = world.connection_of(asked.get("vehicle_id", ""))
        if connection is None:
            raise _Invalid(f"vehicle_id: {asked.get('vehicle_id', '')}")
        return (connection.vehicle,)
    mode, make = asked.get("mode", "live"), asked.get("make", "").upper()
    if v2 and mode == "test":  # the older name of it, which SDKs of v2 still send
        mode = "simulated"
    if mode not in ("live", "simulated"):
        raise _Invalid(f"mode: {mode}")
    return tuple(
        vehicle
        for vehicle in world.vehicles.values()
        if vehicle.mode == mode
        and make in ("", vehicle.car.model.make)
        and asked.get("single_select_vin", vehicle.car.vin) == vehicle.car.vin
    )


def _page(html: str, status: int = 200) -> Answer:
    return Answer(status, html.encode(), "text/html; charset=utf-8")


CONSENT: tuple[Route, ...] = (
    Route("GET", "/oauth/authorize", _show, host="connect", public=True),
    Route("POST", "/oauth/authorize", _decide, host="connect", public=True),
)
