"""Following event files while a script writes them: read what is new, tell it, wait a little."""

from __future__ import annotations

import time

from sanctum.adapters.boards.reading import Reading

POLL_S = 0.5
QUEUE_BYTES = 8 * 1024 * 1024
SOURCE_EVERY_S = 5.0
STOPPED = "it is not followed any more; its script may go on"


def follow(reading: Reading, *, poll_s: float = POLL_S) -> None:
    """Tell what the files say from their beginning, and go on until interrupted.

    The run ends when this does. Raises OSError, and KeyboardInterrupt never.
    """
    told_at = 0.0
    try:
        while True:
            count = reading.read(lambda _: _breathe(reading))
            if count == 0 and reading.course is not None:
                reading.course.tell()
            if time.monotonic() - told_at > SOURCE_EVERY_S:
                told_at = time.monotonic()
                reading.tell_source()
            time.sleep(poll_s)
    except KeyboardInterrupt:
        pass
    finally:
        reading.close(STOPPED)


def _breathe(reading: Reading) -> None:
    """Wait while the recorder is behind; one that has gone is not waited for."""
    run = reading.run
    while run is not None and run.recording and run.queued_bytes > QUEUE_BYTES:
        time.sleep(0.01)
