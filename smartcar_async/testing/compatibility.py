"""Which cars can be connected where: public data, for which no token is needed.

The names inside `attributes` are documented nowhere. Those here are chosen to be plausible: `make`, `model`,
`startYear`, `endYear` (null where it is still built), `powertrainType`, `region`, `signals` and `commands`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .bodies import reported_by
from .cars import CAMRY, EX30, I4, ID4, IONIQ_5, KUGA, LEAF, MODEL_3, NIRO, POLESTAR_2, V60, XC40, XC60, ZOE, CarModel
from .paging import refuse_unless
from .service import Document, Params, Route, Service
from .wire import Answer, Request, json_answer

REGIONS = ("US", "CA", "EUROPE")
POWERTRAINS = ("ICE", "HEV", "PHEV", "BEV")

MODELS: tuple[tuple[CarModel, int, int | None, tuple[str, ...]], ...] = (
    (EX30, 2024, None, ("US", "EUROPE")),
    (XC60, 2022, None, ("US", "EUROPE")),
    (V60, 2019, 2021, ("US", "EUROPE")),
    (XC40, 2019, None, ("US", "EUROPE")),
    (MODEL_3, 2017, None, ("US", "CA", "EUROPE")),
    (ID4, 2021, None, ("US", "CA", "EUROPE")),
    (KUGA, 2020, None, ("EUROPE",)),
    (I4, 2022, None, ("US", "CA", "EUROPE")),
    (CAMRY, 2018, 2024, ("US", "CA")),
    (LEAF, 2018, 2025, ("US", "CA", "EUROPE")),
    (IONIQ_5, 2022, None, ("US", "CA", "EUROPE")),
    (POLESTAR_2, 2021, None, ("US", "EUROPE")),
    (NIRO, 2023, None, ("US", "CA", "EUROPE")),
    (ZOE, 2019, 2024, ("EUROPE",)),
)
_COMMANDS: Mapping[str, str] = {
    "start_charge": "charge/start",
    "stop_charge": "charge/stop",
    "set_charge_limit": "charge/set-limit",
    "lock": "security/lock",
    "unlock": "security/unlock",
    "send_destination": "navigation/set-destination",
    "open_charge_port": "charge-port/open",
    "close_charge_port": "charge-port/close",
}


def _list(_: Service, request: Request, __: Params) -> Answer:
    query = request.query
    region, make = query.get("filter[region]"), query.get("filter[make]", "")
    powertrain = query.get("filter[powertrainType]")
    refuse_unless(
        ("filter[region]", f"one of {', '.join(REGIONS)}", region in (None, *REGIONS)),
        ("filter[powertrainType]", f"one of {', '.join(POWERTRAINS)}", powertrain in (None, *POWERTRAINS)),
    )
    found = [
        entry
        for entry in _entries()
        if region in (None, entry["region"])
        and make.lower() in ("", str(entry["make"]).lower())
        and powertrain in (None, entry["powertrainType"])
    ]
    data = [{"id": _identity(entry), "type": "compatible-vehicle", "attributes": entry} for entry in found]
    return json_answer({"data": data, "meta": {"totalCount": len(data)}})


def _entries() -> Iterator[Document]:
    for model, first, last, regions in MODELS:
        for region in regions:
            yield {
                "make": model.make,
                "model": model.model,
                "startYear": first,
                "endYear": last,
                "powertrainType": model.powertrain,
                "region": region,
                "signals": sorted(reported_by(model) - model.incapable),
                "commands": [path for action, path in _COMMANDS.items() if action in model.commands],
            }


def _identity(entry: Document) -> str:
    return "-".join(str(entry[name]).lower().replace(" ", "-") for name in ("make", "model", "region"))


COMPATIBILITY: tuple[Route, ...] = (Route("GET", "/v3/compatible-vehicles", _list, host="compatibility", public=True),)
