"""When a condition held: conditions evaluated over many moments at once."""
