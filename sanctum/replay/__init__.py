"""Decisions evaluated again: a short-lived process that has torch and the trainer's own policy."""
