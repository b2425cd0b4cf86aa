"""Charge schedules: what callers pass in, the record that they get, and the handle of a vehicle's schedules."""
