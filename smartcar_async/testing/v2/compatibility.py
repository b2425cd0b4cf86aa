"""Which cars work: one by its VIN, or all models of a region."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..bodies import SIGNALS, reported_by
from ..cars import CarModel
from ..compatibility import MODELS, POWERTRAINS, REGIONS
from ..service import Params, Service
from ..wire import Answer, Problem, Refused, Request, json_answer
from ..world import PERMISSIONS
from .access import require_application
from .errors import invalid

_UNKNOWN_MAKES = ("YS3",)
"""How the VINs of makes begin that cannot be connected: Saab."""
_BUILT_STILL = 2026
_MODES = ("live", "simulated", "test")
_LEVELS: Mapping[str, tuple[str, ...]] = {
    "compatible": PERMISSIONS,
    "phev": PERMISSIONS,
    "bev": tuple(name for name in PERMISSIONS if name not in ("read_fuel", "read_engine_oil")),
    "fuel": tuple(name for name in PERMISSIONS if name not in ("read_battery", "read_charge", "control_charge")),
    "incompatible": (),
}
_CONTROLS: Mapping[str, str] = {
    "start_charge": "control_charge",
    "set_charge_limit": "control_charge",
    "lock": "control_security",
    "send_destination": "control_navigation",
}
_ENDPOINTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "read_battery": (("/battery", "EV battery"), ("/battery/capacity", "EV battery capacity")),
    "read_charge": (("/charge", "EV charging status"), ("/charge/limit", "EV charge limit")),
    "control_charge": (("/charge", "EV start/stop charge"),),
    "read_diagnostics": (("/diagnostics/system_status", "System status"),),
    "read_engine_oil": (("/engine/oil", "Engine oil life"),),
    "read_fuel": (("/fuel", "Fuel tank"),),
    "read_location": (("/location", "Location"),),
    "control_navigation": (("/navigation/destination", "Send destination"),),
    "read_odometer": (("/odometer", "Odometer"),),
    "read_security": (("/security", "Lock status"),),
    "control_security": (("/security", "Lock & unlock"),),
    "read_service_history": (("/service/history", "Service history"),),
    "read_tires": (("/tires/pressure", "Tire pressure"),),
    "read_vehicle_info": (("/", "Vehicle info"),),
    "read_vin": (("/vin", "VIN"),),
}
"""The endpoints that a permission opens, by path and by the name that people read."""


def by_vin(service: Service, request: Request, _: Params) -> Answer:
    """Whether a car works, and what of it. Only cars sold in the United States have capabilities."""
    require_application(service, request)
    query = request.query
    vin, scope = query.get("vin", "").upper(), _words(query, "scope")
    if len(vin) != 17:
        raise invalid("vin", "17 characters")
    if not scope or not set(scope) <= set(PERMISSIONS):
        raise invalid("scope", "permissions, separated by spaces")
    level = _level(query)
    if level is not None:
        offered, why = set(_LEVELS[level]), None if _LEVELS[level] else "VEHICLE_NOT_COMPATIBLE"
    elif vin.startswith(_UNKNOWN_MAKES):
        offered, why = set[str](), "MAKE_NOT_COMPATIBLE"
    else:
        model = next((vehicle.car.model for vehicle in service.world.vehicles.values() if vehicle.car.vin == vin), None)
        offered = set(offers(model)) if model else set[str]()
        why = None if model else "VEHICLE_NOT_COMPATIBLE"
    shown = why is None and query.get("country", "US").upper() == "US"
    capabilities = [
        {
            "permission": permission,
            "endpoint": path,
            "capable": permission in offered,
            "reason": None if permission in offered else "VEHICLE_NOT_CAPABLE",
        }
        for permission in scope
        for path, _ in _ENDPOINTS.get(permission, ())
        if shown
    ]
    return json_answer({"compatible": why is None, "reason": why, "capabilities": capabilities})


def matrix(service: Service, request: Request, _: Params) -> Answer:
    """The models of a region by make; filters by type, makes and permissions."""
    require_application(service, request)
    query = request.query
    region, kind = query.get("region"), query.get("type")
    if region not in REGIONS:
        raise invalid("region", f"one of {', '.join(REGIONS)}")
    if kind not in (None, *POWERTRAINS):
        raise invalid("type", f"one of {', '.join(POWERTRAINS)}")
    _level(query)
    makes, scope = {make.upper() for make in _words(query, "make")}, set(_words(query, "scope"))
    found: dict[str, list[dict[str, object]]] = {}
    for model, first, last, regions in MODELS:
        permissions = list(offers(model))
        fits = region in regions and kind in (None, model.powertrain) and scope <= set(permissions)
        if fits and (not makes or model.make in makes):
            entry: dict[str, object] = {
                "model": model.model,
                "startYear": first,
                "endYear": last or _BUILT_STILL,
                "type": model.powertrain,
                "endpoints": [name for permission in permissions for _, name in _ENDPOINTS.get(permission, ())],
                "permissions": permissions,
            }
            found.setdefault(model.make, []).append(entry)
    return json_answer(found)


def offers(model: CarModel) -> Iterable[str]:
    """The permissions that open something in a car."""
    read = {SIGNALS[code].permission for code in reported_by(model) - model.incapable}
    controlled = {_CONTROLS[action] for action in model.commands if action in _CONTROLS}
    return (name for name in PERMISSIONS if name in read | controlled | {"read_vehicle_info"})


def _level(query: Mapping[str, str]) -> str | None:
    """The pretended result of the test mode, if the request names one."""
    level = query.get("test_mode_compatibility_level")
    mode = query.get("mode", "test" if level else "live")
    if mode not in _MODES:
        raise Refused(Problem(400, "VALIDATION", "PARAMETER", f"mode must be one of {', '.join(_MODES)}."))
    if level not in (None, *_LEVELS):
        raise invalid("test_mode_compatibility_level", f"one of {', '.join(_LEVELS)}")
    return None if mode == "live" else level


def _words(query: Mapping[str, str], name: str) -> list[str]:
    return query.get(name, "").split()
