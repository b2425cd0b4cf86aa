"""Where a simulated driver goes and when: places, trips, and the week of one car as a pure function of its seed."""

from __future__ import annotations

import math
from random import Random

from attrs import frozen

DAY = 1440
"""Minutes in a day; every moment of the world is a whole number of minutes from its first Monday."""

_KM_PER_DEGREE = 111.2
_ROADS_WIND = 1.25
_SATURDAY = 5


@frozen
class Place:
    """A spot where a car may park. Chargers: a wall box at home, a fast one at the shop."""

    name: str
    latitude: float
    longitude: float
    charger: str | None = None


@frozen
class Errand:
    """An intention to leave for a place at a minute of the world."""

    depart: int
    destination: Place


@frozen
class Trip:
    """A drive that has begun: from a place to a place, over a road of some length, in whole minutes."""

    depart: int
    minutes: int
    distance_km: float
    origin: Place
    destination: Place


@frozen
class Routine:
    """The habits of one driver: the same seed and name give the same week, whatever happens to the car."""

    seed: int
    name: str
    home: Place
    work: Place
    shop: Place

    def errands(self, day: int) -> list[Errand]:
        """What the driver means to do on a day (0 is the first Monday), in order of departure."""
        random = Random(f"{self.seed}/{self.name}/day {day}")
        morning = day * DAY
        if day % 7 >= _SATURDAY:
            leave = morning + random.randint(9 * 60, 12 * 60)
            back = leave + random.randint(100, 200)
            return [Errand(leave, self.shop), Errand(back, self.home)]
        plan = [
            Errand(morning + random.randint(6 * 60 + 30, 8 * 60 + 15), self.work),
            Errand(morning + random.randint(15 * 60 + 30, 17 * 60 + 30), self.home),
        ]
        if random.random() < 0.3:
            evening = morning + random.randint(19 * 60, 19 * 60 + 30)
            plan += [Errand(evening, self.shop), Errand(evening + 80, self.home)]
        return plan


def routine(seed: int, name: str) -> Routine:
    """Draw a home, a workplace and a shop in western Sweden for one driver."""
    random = Random(f"{seed}/{name}/places")
    home = Place("home", round(random.uniform(57.62, 57.78), 5), round(random.uniform(11.85, 12.10), 5), "wall box")
    work = _away("work", home, random, 9, 40, None)
    shop = _away("shop", home, random, 3, 14, "fast")
    return Routine(seed, name, home, work, shop)


def trip(depart: int, origin: Place, destination: Place) -> Trip:
    """The drive between two places: slower in town than on the open road."""
    distance = distance_km(origin, destination) * _ROADS_WIND
    speed = 38.0 if distance < 10 else 58.0 if distance < 30 else 82.0
    return Trip(depart, max(2, math.ceil(distance / speed * 60)), distance, origin, destination)


def distance_km(a: Place, b: Place) -> float:
    """How far apart two near places are, as the crow flies."""
    north, east = _offset_km(a, b)
    return math.hypot(north, east)


def bearing(a: Place, b: Place) -> float:
    """The compass course from one place to another, 0 to 360 degrees."""
    north, east = _offset_km(a, b)
    return math.degrees(math.atan2(east, north)) % 360


def _offset_km(a: Place, b: Place) -> tuple[float, float]:
    scale = math.cos(math.radians(a.latitude))
    return (b.latitude - a.latitude) * _KM_PER_DEGREE, (b.longitude - a.longitude) * _KM_PER_DEGREE * scale


def _away(name: str, home: Place, random: Random, nearest: float, farthest: float, charger: str | None) -> Place:
    distance, course = random.uniform(nearest, farthest), random.uniform(0, 2 * math.pi)
    latitude = home.latitude + distance * math.cos(course) / _KM_PER_DEGREE
    scale = _KM_PER_DEGREE * math.cos(math.radians(home.latitude))
    return Place(name, round(latitude, 5), round(home.longitude + distance * math.sin(course) / scale, 5), charger)
