"""The event store in a SQLite file: its rows and owners, and who may write when."""
