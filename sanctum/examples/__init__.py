"""Examples that run as they stand: ``python -m sanctum.examples.plain_ppo``."""
