"""A hub of the shape of Esper's: bounded queues and daemon threads, and what does not fit is gone.

One thread fans events out; each back end has a queue and a thread of its own.
"""

from __future__ import annotations

import queue
import threading
from typing import Any

HUB_QUEUE, BACKEND_QUEUE = 1000, 100
END = None


class ConsoleOutput:
    """Says which events come."""

    def start(self) -> None:
        """Nothing to begin."""

    def emit(self, event: Any) -> None:
        """One line an epoch of the first environment."""
        if event.event_type.name == "BATCH_EPOCH_COMPLETED":
            print(f"BATCH {event.data.batch_idx}", flush=True)

    def close(self) -> None:
        """Nothing to end."""


class BackendWorker:
    """The thread of one back end."""

    def __init__(self, backend: Any, max_queue_size: int) -> None:
        self._backend = backend
        self._name = type(backend).__name__
        self._queue: queue.Queue[Any] = queue.Queue(max_queue_size)
        self._dropped = self._processed = 0
        self._thread = threading.Thread(
            target=self._run, name=f"BackendWorker-{self._name}", daemon=True
        )
        self._thread.start()

    def enqueue(self, event: Any) -> None:
        """Hand an event over, if there is room."""
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self._dropped += 1

    def get_stats(self) -> dict[str, float]:
        """Counts."""
        return {"processed_events": self._processed, "dropped_events": self._dropped}

    def stop(self) -> None:
        """Deliver what waits, then end."""
        self._queue.put(END)
        self._thread.join()

    def _run(self) -> None:
        while (event := self._queue.get()) is not END:
            try:
                self._backend.emit(event)
                self._processed += 1
            except Exception:
                self._dropped += 1
            self._queue.task_done()


class NissaHub:
    """Events from the trainer to every back end."""

    def __init__(
        self, max_queue_size: int = HUB_QUEUE, backend_queue_size: int = BACKEND_QUEUE
    ) -> None:
        self._queue: queue.Queue[Any] = queue.Queue(max_queue_size)
        self._backend_queue_size = backend_queue_size
        self._backends: list[Any] = []
        self._backend_workers: list[BackendWorker] = []
        self._thread: threading.Thread | None = None
        self._closed = False
        self._dropped = 0

    def add_backend(self, backend: Any) -> None:
        """Start a back end and its thread."""
        if self._closed:
            raise RuntimeError("the hub is closed")
        backend.start()
        self._backends.append(backend)
        self._backend_workers.append(BackendWorker(backend, self._backend_queue_size))
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._fan_out, name="NissaHubWorker", daemon=True
            )
            self._thread.start()

    def emit(self, event: Any) -> None:
        """Take an event from the trainer, if there is room; never waits."""
        if self._closed:
            return
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            self._dropped += 1

    def flush(self, timeout: float | None = None) -> bool:
        """Wait until everything is delivered."""
        if self._closed:
            return True
        self._queue.join()
        for worker in self._backend_workers:
            worker._queue.join()
        return True

    def get_backend_stats(self) -> dict[str, dict[str, float]]:
        """Counts by back end."""
        return {worker._name: worker.get_stats() for worker in self._backend_workers}

    def get_health_snapshot(self) -> dict[str, Any]:
        """Counts of what was lost, here and at the back ends."""
        stats = self.get_backend_stats()
        return {"hub_dropped_events": self._dropped, "backend_stats": stats}

    def close(self) -> None:
        """Deliver what waits, end the threads, close the back ends. Again: nothing."""
        if self._closed:
            return
        self._closed = True
        if self._thread is not None:
            self._queue.put(END)
            self._thread.join()
        for worker in self._backend_workers:
            worker.stop()
        for backend in self._backends:
            try:
                backend.close()
            except Exception as error:
                print(f"cannot close: {error}")

    def reset(self) -> None:
        """Close, forget the back ends, open again."""
        self.close()
        self.__init__(self._queue.maxsize, self._backend_queue_size)

    def _fan_out(self) -> None:
        while (event := self._queue.get()) is not END:
            for worker in self._backend_workers:
                worker.enqueue(event)
            self._queue.task_done()


_global_hub: NissaHub | None = None


def get_hub() -> NissaHub:
    """The one of this process."""
    global _global_hub
    if _global_hub is None:
        _global_hub = NissaHub()
    return _global_hub


def reset_hub() -> None:
    """Empty the one of this process."""
    if _global_hub is not None:
        _global_hub.reset()
