"""The path of every call: what may be sent and when, with whose token, over which connection, and what came of it."""
