"""The hall of fame: the best episodes of all runs of a task, each a small record of its own."""

from sanctum.record.hall.candidate import Candidate, TooLong, candidate
from sanctum.record.hall.copying import Copy, opened
from sanctum.record.hall.describing import described
from sanctum.record.hall.file import Busy, is_hall, task_of
from sanctum.record.hall.hall import SIZE, Hall
from sanctum.record.hall.moment import at_hall

__all__ = [
    "SIZE",
    "Busy",
    "Candidate",
    "Copy",
    "Hall",
    "TooLong",
    "at_hall",
    "candidate",
    "described",
    "is_hall",
    "opened",
    "task_of",
]
