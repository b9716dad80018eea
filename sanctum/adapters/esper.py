"""Sanctum attached to a live Esper, through its telemetry hub::

    from esper.nissa import get_hub
    from sanctum.adapters.esper import SanctumBackend

    get_hub().add_backend(SanctumBackend("my-run"))

before training begins, in the process that trains. ``sanctum esper -- ppo ...`` does the same
without a change to any script. A run begins when Esper says that training has started.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections import deque
from typing import Unpack

from sanctum.adapters.draining import Drain
from sanctum.adapters.hub import ROOM, Hub
from sanctum.adapters.translation import Translator
from sanctum.probe.endings import how_it_failed
from sanctum.probe.hello import About
from sanctum.probe.openings import Opens, attached
from sanctum.probe.run import Run, say

FLUSH_WITHIN_S = 2.0


class SanctumBackend:
    """A back end for Esper's hub. Its methods may be called from any thread and never raise.

    `run_id` None: Esper's own label of the run. With several groups (``--dual-ab``) each is a run:
    ``my-run-A``, ``my-run-B``. `opens` begins a run: beside this trainer, unless told otherwise.
    """

    def __init__(self, run_id: str | None = None, *, opens: Opens = attached) -> None:
        self._run_id = run_id
        self._opens = opens
        self._waiting: deque[object] = deque()
        self._translator: Translator | None = None
        self._drain: Drain | None = None
        self._hub = Hub(self)
        self._pid = os.getpid()
        self._is_open = False
        self._counting = threading.Lock()
        self._changing = threading.RLock()
        self.lost = 0
        self.unheard = 0
        self.busy_s = 0.0

    def start(self) -> None:
        """Begin to listen; the hub calls it when the back end is added. Again: nothing.

        Nothing happens in a data loader's worker that imports the training script once more.
        """
        with self._changing:
            if self._drain is not None or _is_imported_by_a_worker():
                return
            self._pid = os.getpid()
            self._hub = Hub(self)
            self._translator = Translator(self._begin, self._run_id, "live")
            self._drain = Drain(self._waiting, self._translator, self._hub, lambda: self.lost)
            self._is_open = True
            self._drain.start()

    def emit(self, event: object) -> None:
        """Take an event: it is put in a queue, which is all that happens in the caller's thread.

        When 20,000 wait, the event is lost and counted in `lost`, and the record says that it has
        a gap. Before `start` and after `close` it is counted in `unheard`.
        """
        if self._is_open and len(self._waiting) < ROOM:
            self._waiting.append(event)
            return
        with self._counting:
            if self._is_open:
                self.lost += 1
            else:
                self.unheard += 1

    def close(self) -> None:
        """Training is over: translate what waits, end the runs. The hub calls it. Again: nothing.

        When an exception is on its way through the caller, the runs have failed with it; a
        KeyboardInterrupt has interrupted them. Else what Esper sent tells whether it was finished.
        Where nothing was sent, that is said: a hub that was reset has no back ends any more. In a
        forked child it does nothing.
        """
        passing = sys.exc_info()
        if self._pid != os.getpid():
            return
        with self._changing:
            if self._drain is None or self._translator is None:
                return
            try:
                self._fetch()
                how, _, _ = how_it_failed(*passing)
                if how == "exception":
                    for run in self._translator.runs:
                        run.__exit__(*passing)
                self._translator.close("interrupted" if how == "interrupted" else None)
            except Exception as error:
                say(f"sanctum: how Esper's run ended was not told: {error!r}")
            if not self._drain.taken and passing[0] is None:
                say("sanctum: Esper's hub was closed before any event came: nothing is recorded")
            self.busy_s, self._drain = self._drain.busy_s, None
        atexit.unregister(self.close)

    @property
    def runs(self) -> list[str]:
        """The ids of the runs that have begun."""
        return [] if self._translator is None else [run.run_id for run in self._translator.runs]

    def _begin(self, run_id: str, time: float, **about: Unpack[About]) -> Run:
        """Begin a run. However it ends, what waits here and in the hub belongs to it."""
        run = self._opens(run_id, time, **about)
        run.before_end(self._fetch)
        if not self.runs:  # after those of `attach`, and so before them at the end
            atexit.register(self.close)
        say(f"sanctum: Esper's run is {run.run_id}; to ask it: sanctum shell {run.run_id}")
        return run

    def _fetch(self) -> None:
        """Translate all that was emitted; what comes later is not heard.

        Where it is being translated just now, a run ends because the next one begins.
        """
        if self._drain is None or self._drain.is_current:
            return
        self._hub.flush(FLUSH_WITHIN_S)
        self._is_open = False
        self._drain.finish()


def _is_imported_by_a_worker() -> bool:
    """Whether this process is being prepared by ``multiprocessing``, which imports the main script.

    It is what the standard library itself asks before it starts a process.
    """
    module = sys.modules.get("multiprocessing.process")
    return module is not None and getattr(module.current_process(), "_inheriting", False)
