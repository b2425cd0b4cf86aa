"""Connect: the page where an owner chooses cars and consents, and the redirect to the application.

The pages work without JavaScript: a test posts the form, a person clicks through it in a browser. Beside consent and
denial the page offers every other error that Connect can end with.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from attrs import frozen

from .connect_page import consent_page, message_page
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
"""The errors that Connect can end with, and their descriptions; the texts are not documented."""

_INCOMPATIBLE = {"vin": "YS3EH48G1X3000001", "make": "SAAB", "model": "9-5", "year": "2009"}
_PARAMETERS = (
    "client_id", "application_id", "redirect_uri", "response_type", "scope", "state", "mode", "make", "single_select",
    "single_select_vin", "external_id", "vehicle_id", "approval_prompt", "flags", "user",
)  # fmt: skip


class _InvalidParameter(Exception):
    """A parameter of the URL that Connect cannot work with: the owner sees a page with a 400."""


@frozen
class ConsentRequest:
    """What an application requests by its Connect URL."""

    parameters: dict[str, str]
    redirect_uri: str | None
    permissions: tuple[str, ...]
    vehicles: tuple[Vehicle, ...]
    by_credential: bool = False
    """Whether the application names itself by its client id, as for v2: it then gets a code alone."""

    @property
    def single(self) -> bool:
        """Whether the owner may choose a single car only."""
        return self.parameters.get("single_select") == "true" or "single_select_vin" in self.parameters


def _show_page(service: Service, request: Request, _: Params) -> Answer:
    try:
        consent = _read_request(service, request.query)
    except _InvalidParameter as error:
        return _page(message_page("400", f"400: Invalid parameter {error}"), 400)
    owners = [
        (owner, [vehicle for vehicle in consent.vehicles if vehicle.owner_id == owner.id])
        for owner in service.world.owners.values()
    ]
    owners_with_cars = [(owner, vehicles) for owner, vehicles in owners if vehicles]
    return _page(consent_page(consent.parameters, consent.permissions, owners_with_cars, DESCRIPTIONS, consent.single))


def _submit(service: Service, request: Request, _: Params) -> Answer:
    form = parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True)
    answers = dict(form)
    try:
        consent = _read_request(service, answers)
    except _InvalidParameter as error:
        return _page(message_page("400", f"400: Invalid parameter {error}"), 400)
    outcome = answers.get("decision", "access_denied")
    chosen_ids = {value for name, value in form if name == "vehicle"}
    vehicles = [vehicle for vehicle in consent.vehicles if vehicle.id in chosen_ids]
    if outcome == "allow" and not vehicles:
        outcome = "no_vehicles"
    if outcome != "allow":
        name = outcome if outcome in DESCRIPTIONS else "server_error"
        details = _INCOMPATIBLE if name == "vehicle_incompatible" else {}
        return _redirect(consent, {"error": name, "error_description": DESCRIPTIONS[name], **details})
    if len({vehicle.owner_id for vehicle in vehicles}) > 1 or (consent.single and len(vehicles) > 1):
        return _page(
            message_page("400", "400: Choose cars of one owner, and one car where only one is asked for."), 400
        )
    return _redirect(consent, _grant(service, consent, vehicles))


def _grant(service: Service, consent: ConsentRequest, vehicles: list[Vehicle]) -> dict[str, str]:
    """Make the connections, and return the parameters of the redirect to the application."""
    parameters, world = consent.parameters, service.world
    for vehicle in vehicles:
        world.connect(vehicle.id, consent.permissions)
    owner_id, external_id = vehicles[0].owner_id, parameters.get("external_id")
    if external_id is not None:
        world.name_owner(owner_id, None if external_id == "null" else external_id)
    owner: Owner = world.owners[owner_id]
    response_type = parameters.get("response_type", "code")
    result = {"vehicle_id": vehicles[0].id} if response_type == "vehicle_id" else {"user_id": owner_id}
    if response_type == "code" and (consent.by_credential or service.switches.connect_code):
        result["code"] = service.code(owner_id, consent.permissions, parameters.get("redirect_uri"))
    if consent.by_credential and response_type == "code":
        return {"code": result["code"]}
    if external_id is not None and owner.external_id is not None:
        result["external_id"] = owner.external_id
    return result


def _redirect(consent: ConsentRequest, result: dict[str, str]) -> Answer:
    """Send the owner back to the application, or to a last page of ours if there is no redirect URI."""
    if consent.redirect_uri is None:
        text = result.get("error_description", "You may close this page.")
        return _page(message_page("Connected" if "error" not in result else "Not connected", text))
    if "state" in consent.parameters:
        result = result | {"state": consent.parameters["state"]}
    parts = urlsplit(consent.redirect_uri)
    query = urlencode(parse_qsl(parts.query, keep_blank_values=True) + list(result.items()))
    return Answer(302, headers={"Location": urlunsplit(parts._replace(query=query))})


def _read_request(service: Service, query: dict[str, str]) -> ConsentRequest:
    parameters = {name: query[name] for name in _PARAMETERS if name in query}
    application = parameters.get("application_id", parameters.get("client_id", ""))
    by_credential = (
        service.older is not None and "application_id" not in parameters and application == service.tokens.client_id
    )
    if application != service.application_id and not by_credential:
        raise _InvalidParameter(f"{'application_id' if 'application_id' in parameters else 'client_id'}: {application}")
    response_type = parameters.get("response_type", "code")
    if response_type not in ("code", "vehicle_id", "none"):
        raise _InvalidParameter(f"response_type: {response_type}")
    scopes = parameters.get("scope", "").split()
    requested = [word.removeprefix("required:") for word in scopes]
    if not set(requested) <= set(PERMISSIONS):
        raise _InvalidParameter(f"scope: {parameters['scope']}")
    permissions = tuple(name for name in PERMISSIONS if name in requested or not requested)
    return ConsentRequest(
        parameters,
        _redirect_uri(service, parameters, response_type),
        permissions,
        _offered_vehicles(service, parameters, response_type, by_credential),
        by_credential,
    )


def _redirect_uri(service: Service, parameters: dict[str, str], response_type: str) -> str | None:
    registered = service.redirect_uris
    uri = parameters.get("redirect_uri", registered[0] if registered and response_type != "none" else None)
    if uri is None:
        if response_type == "none":
            return None
        raise _InvalidParameter("redirect_uri: ")
    parts = urlsplit(uri)
    if (registered and uri not in registered) or not parts.scheme or not parts.netloc:
        raise _InvalidParameter(f"redirect_uri: {uri}")
    return uri


def _offered_vehicles(
    service: Service, parameters: dict[str, str], response_type: str, by_credential: bool
) -> tuple[Vehicle, ...]:
    """The cars that the page offers."""
    world = service.world
    if response_type == "vehicle_id":
        connection = world.connection_of(parameters.get("vehicle_id", ""))
        if connection is None:
            raise _InvalidParameter(f"vehicle_id: {parameters.get('vehicle_id', '')}")
        return (connection.vehicle,)
    mode, make = parameters.get("mode", "live"), parameters.get("make", "").upper()
    if by_credential and mode == "test":  # the older name of it, which SDKs of v2 still send
        mode = "simulated"
    if mode not in ("live", "simulated"):
        raise _InvalidParameter(f"mode: {mode}")
    return tuple(
        vehicle
        for vehicle in world.vehicles.values()
        if vehicle.mode == mode
        and make in ("", vehicle.car.model.make)
        and parameters.get("single_select_vin", vehicle.car.vin) == vehicle.car.vin
    )


def _page(html: str, status: int = 200) -> Answer:
    return Answer(status, html.encode(), "text/html; charset=utf-8")


CONSENT: tuple[Route, ...] = (
    Route("GET", "/oauth/authorize", _show_page, host="connect", public=True),
    Route("POST", "/oauth/authorize", _submit, host="connect", public=True),
)
