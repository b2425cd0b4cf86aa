"""Metric and imperial: everything is metric inside, and converted in an answer."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen


@frozen
class Units:
    """A unit system, by the factor from each metric unit to its own. None stays None."""

    name: str
    per_km: float
    per_kpa: float
    per_litre: float
    per_mm: float
    fahrenheit: bool

    def distance(self, km: float | None) -> float | None:
        """Kilometres or miles; also per hour."""
        return self._scaled(km, self.per_km)

    def pressure(self, kpa: float | None) -> float | None:
        """Kilopascal or pounds per square inch."""
        return self._scaled(kpa, self.per_kpa)

    def volume(self, litres: float | None) -> float | None:
        """Litres or US gallons."""
        return self._scaled(litres, self.per_litre)

    def length(self, mm: float | None) -> float | None:
        """Millimetres or inches."""
        return self._scaled(mm, self.per_mm)

    def temperature(self, celsius: float | None) -> float | None:
        """Degrees Celsius or Fahrenheit."""
        return celsius if celsius is None or not self.fahrenheit else round(celsius * 9 / 5 + 32, 2)

    def celsius(self, temperature: float) -> float:
        """Degrees Celsius of a temperature that came in this system."""
        return round((temperature - 32) * 5 / 9, 2) if self.fahrenheit else temperature

    def _scaled(self, value: float | None, factor: float) -> float | None:
        return None if value is None else value if factor == 1 else round(value * factor, 4)


METRIC = Units("metric", 1, 1, 1, 1, fahrenheit=False)
IMPERIAL = Units("imperial", 0.621371192, 0.145037738, 0.264172052, 1 / 25.4, fahrenheit=True)

SYSTEMS: Mapping[str, Units] = {METRIC.name: METRIC, IMPERIAL.name: IMPERIAL}
"""Both by their names in `SC-Unit-System`."""
