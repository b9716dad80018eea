"""The hall of fame: the best episodes of all runs of a task, each a small record of its own."""

from sanctum.record.hall.hall import Hall, at_hall

__all__ = ["Hall", "at_hall"]
