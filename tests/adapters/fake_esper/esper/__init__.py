"""A stand-in for Esper: a hub, events and a training script of its shape, without a trainer."""
