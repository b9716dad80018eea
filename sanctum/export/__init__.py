"""A record as Parquet tables, one file a run and table, for any engine that reads Parquet."""
