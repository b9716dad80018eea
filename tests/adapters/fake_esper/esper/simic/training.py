"""What a script of one's own would call: sends the beginning of a recorded run."""

from __future__ import annotations

import gzip
import os
from itertools import islice

from esper.leyline import event_of
from esper.nissa import get_hub


def train_ppo_vectorized(*, n_episodes: int, task: str) -> None:
    """So many events of ``$ESPER_EVENTS``, whatever the task."""
    with gzip.open(os.environ["ESPER_EVENTS"], "rb") as file:
        for line in islice(file, n_episodes):
            get_hub().emit(event_of(line))
