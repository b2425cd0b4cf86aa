"""The v2.0 API of the simulator: the same cars, users and ledgers, under the older wire."""
