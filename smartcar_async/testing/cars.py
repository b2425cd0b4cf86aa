"""The cars on offer, as data: what each model is, what its make reports, and who owns it in each profile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from attrs import Factory, evolve, frozen

Mode = Literal["live", "simulated"]


def _codes(text: str) -> frozenset[str]:
    return frozenset(text.split())


CHARGE_BASIC = _codes("""
    charge-chargelimits charge-chargingconnectortype charge-detailedchargingstatus charge-ischarging
    charge-ischargingcableconnected charge-timetocomplete charge-wattage
""")
CHARGE_POWER = _codes("""
    charge-amperage charge-amperagemax charge-amperagerequested charge-chargerate charge-chargerphases
    charge-energyadded charge-fastchargertype charge-isfastchargerpresent charge-voltage
""")
CHARGE_PORT = _codes("charge-chargeportstatuscolor charge-ischargingcablelatched charge-ischargingportflapopen")
CHARGE_PLANS = _codes("charge-chargerecords charge-chargetimers")
TRACTION = _codes("tractionbattery-nominalcapacity tractionbattery-range tractionbattery-stateofcharge")
TRACTION_CARE = _codes("tractionbattery-isheateractive tractionbattery-maxrangechargecounter")
FUEL = _codes("""
    internalcombustionengine-amountremaining internalcombustionengine-fuellevel internalcombustionengine-range
""")
CLOSURES = _codes("closure-doors closure-islocked closure-windows")
LIDS = _codes("closure-enginecover closure-fronttrunk closure-reartrunk closure-sunroof closure-tailgate")
CABIN = _codes("""
    climate-externaltemperature climate-internaltemperature hvac-cabintargettemperature hvac-iscabinhvacactive
    hvac-isfrontdefrosteractive hvac-isreardefrosteractive hvac-issteeringheateractive
""")
CONNECTIVITY = _codes("""
    connectivitysoftware-currentfirmwareversion connectivitystatus-isasleep connectivitystatus-isdigitalkeypaired
    connectivitystatus-isonline
""")
ELECTRIC_DIAGNOSTICS = _codes("""
    diagnostics-evbatteryconditioning diagnostics-evcharging diagnostics-evdriveunit diagnostics-evhvbattery
""")
ENGINE_DIAGNOSTICS = _codes("""
    diagnostics-emissions diagnostics-mil diagnostics-oillife diagnostics-oilpressure diagnostics-oiltemperature
    diagnostics-transmission diagnostics-waterinfuel
""")
DIAGNOSTICS = _codes("""
    diagnostics-abs diagnostics-activesafety diagnostics-airbag diagnostics-brakefluid diagnostics-driverassistance
    diagnostics-dtccount diagnostics-dtclist diagnostics-lighting diagnostics-telematics diagnostics-tirepressure
    diagnostics-tirepressuremonitoring diagnostics-washerfluid
""")
ESSENTIALS = _codes("location-preciselocation odometer-traveleddistance vehicleidentification-vin")
DRIVING = _codes("motion-currentspeed transmission-drivemode transmission-gearstate")
LOW_VOLTAGE = _codes("lowvoltagebattery-stateofcharge lowvoltagebattery-status")
IDENTITY = _codes("""
    vehicleidentification-exteriorcolor vehicleidentification-nickname vehicleidentification-packages
    vehicleidentification-trim wheel-style
""")
ACCOUNT = _codes("vehicleuseraccount-permissions vehicleuseraccount-role")
UPKEEP = _codes("internalcombustionengine-oillife service-isinservice service-records wheel-tires")
WATCH = _codes("location-isathome surveillance-brand surveillance-isenabled")

GROUPED = frozenset[str]().union(
    CHARGE_BASIC, CHARGE_POWER, CHARGE_PORT, CHARGE_PLANS, TRACTION, TRACTION_CARE, FUEL, CLOSURES, LIDS, CABIN,
    CONNECTIVITY, ELECTRIC_DIAGNOSTICS, ENGINE_DIAGNOSTICS, DIAGNOSTICS, ESSENTIALS, DRIVING, LOW_VOLTAGE, IDENTITY,
    ACCOUNT, UPKEEP, WATCH,
)  # fmt: skip
"""What only some makes report. A signal that stands in no group is reported by every car."""

NEEDS_A_PLUG = (
    CHARGE_BASIC | CHARGE_POWER | CHARGE_PORT | CHARGE_PLANS | TRACTION | TRACTION_CARE | ELECTRIC_DIAGNOSTICS
)
NEEDS_AN_ENGINE = FUEL | ENGINE_DIAGNOSTICS | {"internalcombustionengine-oillife"}

BASIC = CHARGE_BASIC | TRACTION | FUEL | CLOSURES | ESSENTIALS
VOLVO = BASIC | {"charge-chargetimers"}
TESLA = (
    (BASIC - FUEL | CHARGE_POWER | CHARGE_PORT | CHARGE_PLANS | TRACTION_CARE | CABIN | CONNECTIVITY | DRIVING)
    | (LIDS | LOW_VOLTAGE | IDENTITY | ACCOUNT | WATCH | {"service-isinservice", "wheel-tires"})
) - {"closure-enginecover", "closure-tailgate", "vehicleidentification-packages"}
VOLKSWAGEN = BASIC | CHARGE_POWER | CABIN | LIDS | CONNECTIVITY | {"charge-chargetimers", "wheel-tires"}
FORD = BASIC | CHARGE_POWER | DIAGNOSTICS | ELECTRIC_DIAGNOSTICS | ENGINE_DIAGNOSTICS | UPKEEP | LOW_VOLTAGE | DRIVING
BMW = BASIC | CHARGE_POWER | CHARGE_PLANS | LIDS | CABIN | UPKEEP
TOYOTA = BASIC | UPKEEP | DIAGNOSTICS | ENGINE_DIAGNOSTICS
NISSAN = BASIC | CABIN | DIAGNOSTICS | {"charge-ischargingcablelatched"}
HYUNDAI = BASIC | CHARGE_PORT | CABIN | LOW_VOLTAGE | LIDS | {"wheel-tires"}
POLESTAR = BASIC | CHARGE_POWER | LIDS | CONNECTIVITY | IDENTITY | ACCOUNT | LOW_VOLTAGE

LOCKS = _codes("lock unlock")
CHARGING = _codes("start_charge stop_charge")
LIMIT = _codes("set_charge_limit")
PORT = _codes("open_charge_port close_charge_port")
NAVIGATION = _codes("send_destination")
ALL_SCHEDULES = _codes("daily workweek weekly")

SUNROOF_UNKNOWN: Mapping[str, tuple[str, ...]] = {"closure-sunroof": ("isOpen",), "closure-fronttrunk": ("isLocked",)}


@frozen
class CarModel:
    """What never changes about a car. Energy in kWh and litres, consumption per 100 km."""

    make: str
    model: str
    year: int
    powertrain: Literal["BEV", "PHEV", "ICE"]
    signals: frozenset[str]
    """The signals of its groups; `bodies.reported_by` has all that it reports."""
    trim: str
    color: str
    usable_kwh: float = 0.0
    nominal_kwh: float = 0.0
    consumption_kwh: float = 0.0
    tank_l: float = 0.0
    consumption_l: float = 0.0
    ac_amps: int = 16
    ac_phases: int = 3
    dc_kw: float = 0.0
    connector: str = "TYPE_2"
    charge_limit: int = 80
    night_charging: bool = False
    location_type: Literal["LAST_PARKED", "CURRENT"] = "CURRENT"
    sleeps_after: int = 20
    reports_every: int = 5
    lag_s: float = 2.0
    keeps_charge_body: bool = True
    undecided_capacity: bool = False
    hollow: frozenset[str] = frozenset()
    nulls: Mapping[str, tuple[str, ...]] = Factory(dict[str, tuple[str, ...]])
    alerts: Mapping[str, str] = Factory(dict[str, str])
    trouble_codes: tuple[str, ...] = ()
    hides_powertrain: bool = False
    commands: frozenset[str] = LOCKS
    schedules: frozenset[str] = frozenset()
    wakes: bool = True

    @property
    def incapable(self) -> frozenset[str]:
        """The codes of its make that this powertrain has no use for; the API lists them as errors."""
        without_plug = NEEDS_A_PLUG if self.powertrain == "ICE" else frozenset[str]()
        without_engine = NEEDS_AN_ENGINE if self.powertrain == "BEV" else frozenset[str]()
        return self.signals & (without_plug | without_engine)


@frozen
class Entry:
    """One car of a profile: its model, its owner by first name, and the permissions that the owner withheld."""

    model: CarModel
    owner: str
    withheld: frozenset[str] = frozenset()
    mode: Mode = "live"
    subscribed: bool = True
    connected: bool = True


EX30 = CarModel(
    "VOLVO", "EX30", 2025, "BEV", VOLVO, "Single Motor Extended Range", "Moss Yellow", 64.0, 69.0, 17.0, dc_kw=153.0,
    connector="COMBO_TYPE_2", night_charging=True, location_type="LAST_PARKED", lag_s=8.0, keeps_charge_body=False,
    schedules=ALL_SCHEDULES,
)  # fmt: skip
XC60 = CarModel(
    "VOLVO", "XC60", 2024, "PHEV", VOLVO, "T6 Plus", "Onyx Black", 14.7, 18.8, 21.0, 71.0, 7.8, ac_phases=1,
    charge_limit=100, night_charging=True, location_type="LAST_PARKED", lag_s=8.0, schedules=ALL_SCHEDULES,
)  # fmt: skip
V60 = CarModel(
    "VOLVO", "V60", 2020, "PHEV", VOLVO - {"charge-chargetimers", "charge-chargelimits"}, "T8 Inscription",
    "Crystal White", 9.0, 11.6, 20.0, 60.0, 7.1, ac_phases=1, charge_limit=100, location_type="LAST_PARKED", lag_s=20.0,
)  # fmt: skip
XC40 = CarModel(
    "VOLVO", "XC40", 2021, "ICE", VOLVO, "B4 Momentum", "Fusion Red", tank_l=54.0, consumption_l=7.2,
    location_type="LAST_PARKED", lag_s=8.0,
)  # fmt: skip
MODEL_3 = CarModel(
    "TESLA", "Model 3", 2023, "BEV", TESLA, "RWD", "Pearl White", 57.5, 60.0, 14.3, dc_kw=170.0,
    connector="COMBO_TYPE_2", sleeps_after=15, reports_every=1, lag_s=0.5,
    hollow=frozenset({"closure-sunroof"}),
    commands=LOCKS | CHARGING | LIMIT | PORT | NAVIGATION, schedules=ALL_SCHEDULES,
)  # fmt: skip
ID4 = CarModel(
    "VOLKSWAGEN", "ID.4", 2022, "BEV", VOLKSWAGEN, "Pro Performance", "Kings Red", 77.0, 82.0, 18.5, dc_kw=135.0,
    connector="COMBO_TYPE_2", reports_every=2, hollow=frozenset({"closure-enginecover"}),
    commands=LOCKS | CHARGING | LIMIT,
)  # fmt: skip
KUGA = CarModel(
    "FORD", "Kuga", 2023, "PHEV", FORD, "ST-Line X", "Magnetic Grey", 11.0, 14.4, 19.5, 45.0, 6.1, ac_phases=1,
    charge_limit=100, alerts={"diagnostics-mil": "Malfunction indicator lamp is on"}, trouble_codes=("P0420", "U0100"),
    commands=LOCKS | CHARGING,
)  # fmt: skip
I4 = CarModel(
    "BMW", "i4", 2023, "BEV", BMW, "eDrive40", "Portimao Blue", 80.7, 83.9, 18.0, dc_kw=200.0, charge_limit=90,
    connector="COMBO_TYPE_2", night_charging=True, commands=LOCKS | CHARGING | LIMIT | NAVIGATION,
)  # fmt: skip
CAMRY = CarModel(
    "TOYOTA", "Camry", 2020, "ICE", TOYOTA, "XLE", "Celestial Silver", tank_l=60.0, consumption_l=7.5,
    reports_every=30, lag_s=45.0, location_type="LAST_PARKED",
)  # fmt: skip
LEAF = CarModel(
    "NISSAN", "LEAF", 2019, "BEV", NISSAN, "Acenta", "Gun Metallic", 36.0, 40.0, 16.5, ac_amps=28, ac_phases=1,
    dc_kw=46.0, connector="CHADEMO", charge_limit=100, keeps_charge_body=False, undecided_capacity=True,
    alerts={"diagnostics-tirepressure": "Low pressure, front left"}, commands=LOCKS | CHARGING, wakes=False,
)  # fmt: skip
IONIQ_5 = CarModel(
    "HYUNDAI", "IONIQ 5", 2023, "BEV", HYUNDAI, "Long Range", "Cyber Grey", 74.0, 77.4, 17.9, dc_kw=220.0,
    connector="COMBO_TYPE_2", reports_every=10, lag_s=30.0, hides_powertrain=True,
    hollow=frozenset({"closure-sunroof"}), commands=LOCKS | CHARGING | LIMIT | PORT, wakes=False,
)  # fmt: skip
POLESTAR_2 = CarModel(
    "POLESTAR", "Polestar 2", 2023, "BEV", POLESTAR, "Long Range Dual Motor", "Midnight", 75.0, 78.0, 17.5,
    dc_kw=155.0, connector="COMBO_TYPE_2", lag_s=6.0, nulls=SUNROOF_UNKNOWN, keeps_charge_body=False,
    commands=LOCKS | CHARGING | LIMIT,
)  # fmt: skip
NIRO = CarModel(
    "KIA", "Niro EV", 2024, "BEV", HYUNDAI, "Wind", "Snow White", 64.8, 68.0, 16.2, dc_kw=80.0,
    connector="COMBO_TYPE_2", reports_every=10, lag_s=30.0, commands=LOCKS | CHARGING | LIMIT, wakes=False,
)  # fmt: skip
ZOE = CarModel(
    "RENAULT", "ZOE", 2021, "BEV", BASIC, "R135", "Celadon Blue", 52.0, 54.7, 17.2, ac_amps=32, charge_limit=100,
    reports_every=15, lag_s=12.0, night_charging=True, commands=CHARGING, wakes=False,
)  # fmt: skip
Q4 = evolve(
    ID4, make="AUDI", model="Q4 e-tron", year=2023, trim="45", color="Aurora Violet", night_charging=True,
)  # fmt: skip
BOLT = evolve(
    LEAF, make="CHEVROLET", model="Bolt EV", year=2022, trim="2LT", usable_kwh=63.0, nominal_kwh=66.0, charge_limit=90,
    signals=NISSAN | ELECTRIC_DIAGNOSTICS, undecided_capacity=False, wakes=True, trouble_codes=("P0AA6",),
)  # fmt: skip
LYRIQ = evolve(BOLT, make="CADILLAC", model="LYRIQ", year=2024, trim="Luxury", usable_kwh=96.0, nominal_kwh=102.0)
CORSAIR = evolve(KUGA, make="LINCOLN", model="Corsair", year=2022, trim="Grand Touring")
COOPER = evolve(I4, make="MINI", model="Cooper SE", year=2022, trim="Yours", usable_kwh=28.9, nominal_kwh=32.6)
MODEL_Y = evolve(MODEL_3, model="Model Y", year=2024, trim="Long Range", usable_kwh=75.0, nominal_kwh=78.1)
ID_BUZZ = evolve(ID4, model="ID. Buzz", year=2024, trim="Pro", consumption_kwh=21.5)

EXTERNAL_IDS: Mapping[str, str | None] = {"astrid": "acct-42", "bo": "acct-77", "cecilia": None, "emil": "acct-105"}
"""The external ids of users. Null for one who cleared it, and no entry for those it never named."""

_EVERYDAY = (
    Entry(EX30, "astrid"),
    Entry(XC60, "bo"),
    Entry(V60, "cecilia"),
    Entry(XC40, "david"),
    Entry(MODEL_3, "emil"),
    Entry(ID4, "fatima"),
    Entry(KUGA, "gustav"),
    Entry(I4, "hanna", withheld=frozenset({"read_location", "control_charge"})),
    Entry(CAMRY, "ingrid"),
    Entry(LEAF, "johan", withheld=frozenset({"read_security", "control_security"})),
    Entry(IONIQ_5, "karin"),
    Entry(POLESTAR_2, "astrid"),
    Entry(NIRO, "lars", subscribed=False),
    Entry(ZOE, "maja"),
    Entry(MODEL_Y, "emil", mode="simulated"),
    Entry(ID_BUZZ, "nils", mode="simulated"),
)
_VOLVO = (
    Entry(EX30, "astrid"),
    Entry(XC60, "bo"),
    Entry(V60, "cecilia"),
    Entry(XC40, "david"),
    Entry(evolve(XC60, model="XC90", year=2025, trim="T8 Ultra", color="Vapour Grey", consumption_kwh=23.0), "astrid"),
)

_UNCONNECTED = (
    Entry(EX30, "astrid", connected=False),
    Entry(POLESTAR_2, "astrid", connected=False),
    Entry(MODEL_3, "emil", connected=False),
    Entry(MODEL_Y, "emil", mode="simulated", connected=False),
)

_MAKES = tuple(
    Entry(model, owner)
    for model, owner in (
        (MODEL_3, "astrid"), (LEAF, "bo"), (KUGA, "cecilia"), (CORSAIR, "david"), (I4, "emil"), (COOPER, "fatima"),
        (Q4, "gustav"), (BOLT, "hanna"), (LYRIQ, "ingrid"), (CAMRY, "johan"),
    )
)  # fmt: skip

PROFILES: Mapping[str, tuple[Entry, ...]] = {
    "everyday": _EVERYDAY,
    "volvo": _VOLVO,
    "empty": _UNCONNECTED,
    "makes": _MAKES,
}
"""Every profile by name: a street of many makes, a Volvo household, cars that nobody has connected yet, and one of each
make that v2 has calls of its own for."""
