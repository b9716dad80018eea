"""The connections of a session, kept open, and made again once when one is lost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Protocol, cast

from sanctum.errors import ConnectionLost, NoSuchRun
from sanctum.model.answers import RunAnswer
from sanctum.model.queries import WRITING, Queries


class Connection(Protocol):
    """What a session needs of a connection (`sanctum.wire.client.Connection`)."""

    run_id: str
    others: tuple[str, ...]
    live: bool
    waits: Callable[[], None]

    def queries(self, timeout_s: float | None = None) -> Queries:
        """The questions, each with that deadline; None: as long as each is given by itself."""

    def close(self) -> None:
        """Hang up."""


Opener = Callable[[str | None], Connection]
PATIENCE = "replaying (a policy has to be loaded); Ctrl-C gives up"


class Link:
    """One run, by the name it was asked for; a lost connection is made again once a question.

    `asked` counts questions by method: the prompt sees from it whether events were looked at.
    """

    def __init__(self, name: str | None, opener: Opener, say: Callable[[str], None]) -> None:
        self._name = name
        self._opener = opener
        self._say = say
        self._known: tuple[int, float] | None = None
        self.run_id = ""
        self._lost = False
        self._connection: Connection | None = None
        connection = self._connected()
        self.run_id = connection.run_id
        self.others = connection.others
        self.live = connection.live
        self.asked: dict[str, int] = {}

    def queries(self, timeout_s: float | None) -> Queries:
        """The questions, typed; each reconnects once when the connection is lost."""
        return cast(Queries, _Asker(self, timeout_s))

    def peek(self, timeout_s: float) -> Queries:
        """The questions for the prompt: not counted, and a lost connection stays lost.

        Connecting again may have to start a recorder, and the prompt does not wait for that.
        """
        if self._lost:
            raise ConnectionLost(f"the connection to {self.run_id} is lost")
        return self._connected().queries(timeout_s)

    def lose(self) -> None:
        """Note that the other side went away; the next question connects again and says so."""
        self.close()
        self._lost = True

    def ask(self, method: str, timeout_s: float | None, *args: Any, **named: Any) -> Any:
        """Ask, and ask again over a new connection when the first is lost.

        A question that only reads may be asked twice; one that writes is not, since the first may
        have been heard. An interrupted question leaves its answer on the way, so that connection is
        given up.
        """
        self.asked[method] = self.asked.get(method, 0) + 1
        try:
            if self._lost:
                self._again(ConnectionLost(f"the recorder of {self.run_id} went away"))
            try:
                return self._call(method, timeout_s, *args, **named)
            except ConnectionLost as lost:
                self._again(lost)
                if method in WRITING:
                    hint = f"it may have been written: look, and type it again if not ({method})"
                    raise ConnectionLost(lost.sentence, hint) from lost
                return self._call(method, timeout_s, *args, **named)
        except KeyboardInterrupt:
            self.close()
            raise

    def remember(self, answer: RunAnswer) -> None:
        """Note which process the run was, to say so when another has taken its name."""
        now = (answer.header.pid, answer.header.started)
        if self._known is not None and self._known != now and self._known[0]:
            self._say(f"{self.run_id} is a new trainer, pid {now[0]}; was pid {self._known[0]}")
        self._known = now

    def close(self) -> None:
        """Hang up; the next question connects again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _call(self, method: str, timeout_s: float | None, *args: Any, **named: Any) -> Any:
        return getattr(self._connected().queries(timeout_s), method)(*args, **named)

    def _connected(self) -> Connection:
        if self._connection is None:
            # Without a name the newest live run is opened first, and that same one again later.
            self._connection = self._opener(self._name or self.run_id or None)
            self._connection.waits = self._ask_for_patience
            self._lost = False
        return self._connection

    def _ask_for_patience(self) -> None:
        if sys.stderr.isatty():
            self._say(PATIENCE)

    def _again(self, lost: ConnectionLost) -> None:
        self.lose()
        try:
            connection = self._connected()
        except NoSuchRun as error:
            raise ConnectionLost(lost.sentence, error.sentence) from error
        how = "live" if connection.live else "from its record"
        self._say(f"connected again to {connection.run_id} ({how}): its recorder went away")
        self.live = connection.live


class _Asker:
    """`Queries` over a link: any question by its name."""

    def __init__(self, link: Link, timeout_s: float | None) -> None:
        self._link = link
        self._timeout_s = timeout_s

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def ask(*args: Any, **named: Any) -> Any:
            return self._link.ask(method, self._timeout_s, *args, **named)

        return ask
