"""The reference trainer: Tamiyo, a PPO policy that grows small networks seed by seed."""
