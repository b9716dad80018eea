"""The reference trainer, small, which stops after some steps until a line comes on its stdin.

It says the step on its stdout once all that was said by then has left the process.
"""

import sys
import time

from sanctum.trainer import train
from sanctum.trainer.settings import Settings
from sanctum.trainer.telemetry import Telemetry

PAUSES = {int(step) for step in sys.argv[2].split(",")}


class Pausing(Telemetry):
    """Says what happened, and waits where it was told to."""

    def step(self, step: int, *about, **more) -> None:
        """One vector step, and a pause after it."""
        super().step(step, *about, **more)
        if step in PAUSES:
            self.pause(step)

    def update(self, update: int, steps: tuple[int, int], *about) -> None:
        """One update, and a pause after it."""
        super().update(update, steps, *about)
        if -update in PAUSES:
            self.pause(steps[1])

    def pause(self, step: int) -> None:
        """Wait for a line once everything is sent."""
        backlog = self.run._backlog
        while len(backlog) or backlog.queued_bytes:
            time.sleep(0.01)
        self.run.message(f"paused at {step}")
        while len(backlog) or backlog.queued_bytes:
            time.sleep(0.01)
        print(step, flush=True)
        sys.stdin.readline()


train.Telemetry = Pausing
train.train(
    Settings(
        task="spirals",
        envs=4,
        updates=6,
        rollout_steps=48,
        episode_length=40,
        batch_size=16,
        validation_size=64,
        hidden=16,
        training_steps=2,
        blending_steps=3,
        seed_every=3,
    ),
    run_id=sys.argv[1],
)
