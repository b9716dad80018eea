"""A run is its record: one SQLite file, written and read as of any moment."""
