"""The session: which run is talked to, at which moment, with which settings."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from sanctum.command import Answer, Moment, replace_report
from sanctum.errors import NoSuchRun, SanctumError, UsageError
from sanctum.model.answers import DiskUse, Prunable, RunSummary
from sanctum.model.queries import Queries
from sanctum.shell import settings
from sanctum.shell.cards import first_comment
from sanctum.shell.confirm import confirmed
from sanctum.shell.line import Word
from sanctum.shell.links import Connection, Link, Opener
from sanctum.shell.redirect import joined
from sanctum.shell.usage import usage
from sanctum.shell.words import Words
from sanctum.view import Report
from sanctum.view.document import Document

HOME_HINT = "SANCTUM_HOME says where records are"
Sourced = Callable[[str, Sequence[str]], int]


class ShellSession:
    """What commands see of the shell, the one-shot command and the script runner.

    `run` is the run asked for, None for the newest live one; with `choosy` several live runs are
    refused rather than chosen from. Connections are opened when first needed and kept.
    """

    def __init__(
        self,
        run: str | None = None,
        *,
        choosy: bool = True,
        words: Words | None = None,
        opener: Opener | None = None,
        say: Callable[[str], None] = lambda sentence: None,
        ask: Callable[[str, bool], bool] = confirmed,
    ) -> None:
        self.settings: dict[str, str] = settings.defaults()
        self._chosen: frozenset[str] = frozenset()
        self.run_name = run
        self.leaving = False
        self._asked_run: str | None = None
        self.sourced: Sourced | None = None
        self.registry = Words() if words is None else words
        self._choosy = choosy
        self._opener = opener or _open
        self._say = say
        self._ask = ask
        self._links: dict[str | None, Link] = {}
        self._remembered: str | None = None
        self._named: str | None = None

    def moment(
        self, run: str | None = None, at: str | None = None, timeout_s: float | None = None
    ) -> Moment:
        """The run in question (the session's own without `run`) at a moment."""
        if timeout_s is not None:
            settings.check_timeout(timeout_s)
        when = at if at is not None else self.settings["at"]
        wait_s = timeout_s
        if wait_s is None and "timeout" in self._chosen:
            wait_s = float(self.settings["timeout"])
        link = self.link(run)
        self._named = run
        self._asked_run = link.run_id
        return Moment(link.queries(wait_s), None if when == "live" else when, link.run_id)

    def take_asked_run(self) -> str | None:
        """The run that was asked since this was last called; None when none was."""
        run, self._asked_run = self._asked_run, None
        return run

    def link(self, run: str | None = None) -> Link:
        """The open connection to that run, or to the session's own."""
        name = run if run is not None else self.run_name
        if name not in self._links:
            link = Link(name, self._opener, self._say)
            if link.others and self._choosy:
                link.close()
                names = ", ".join((link.run_id, *link.others))
                raise UsageError(f"several runs are live: {names}", "say which: --run NAME")
            self._links[name] = link
        return self._links[name]

    def runs(self) -> Sequence[RunSummary]:
        """Every record found, newest first. Raises NoSuchRun when the folder cannot be read."""
        from sanctum.wire import places

        _check_folder(places.home())
        return places.runs()

    def halls(self) -> Mapping[str, str]:
        """Every hall of fame: its file by its task, the one that was written last first."""
        from sanctum.wire import places

        _check_folder(places.home())
        return {path.name.partition(".hall.")[0]: str(path) for path in places.hall_files()}

    def reap(self) -> Sequence[RunSummary]:
        """End recorders whose trainer has gone; gives those that were ended."""
        from sanctum.wire import places

        _check_folder(places.home())
        return places.reap()

    def attach(self, run: str) -> Moment:
        """Make `run` (id, record file) the session's own."""
        self.link(run)
        self.run_name = run
        self.settings["at"] = "live"
        self._remembered = None
        return self.moment()

    def set(self, name: str, value: str) -> str:
        """Change a setting; gives its value as understood. Raises UsageError."""
        self.settings[name] = settings.understood(name, value)
        self._chosen |= {name}
        return self.settings[name]

    def meanings(self) -> Mapping[str, str]:
        """What each setting does, in the order they are shown."""
        return {name: one.meaning for name, one in settings.SETTINGS.items()}

    def source(self, path: str, arguments: Sequence[str]) -> int:
        """Run a command file, printing its answers as they come; gives its exit code."""
        if self.sourced is None:
            raise UsageError("command files cannot be run here")
        return self.sourced(path, arguments)

    def words(self) -> Mapping[str, click.Command]:
        """Every word that can be typed, with its command."""
        return self.registry

    def files(self) -> Mapping[str, str]:
        """Every command file by name, with its first comment line."""
        return {name: first_comment(path) for name, path in self.registry.files.items()}

    def usage(self, word: str) -> Report:
        """How a word is used: what ``help WORD`` and ``WORD --help`` answer. Raises UsageError."""
        return usage(self.registry, self.registry.resolve(word, prefixes=True))

    def leave(self) -> None:
        """End the session after this line."""
        self.leaving = True

    def ask(self, command: click.Command, given: Sequence[str]) -> Answer:
        """What a command answers to these arguments; prints nothing."""
        self.take_asked_run()
        self._named = None
        context = command.make_context(command.name, list(given), obj=self)
        with context:
            answer = command.invoke(context)
        if not isinstance(answer, Answer):
            raise SanctumError(f"the command '{command.name}' gave no answer")
        run = self.take_asked_run()
        if answer.report.run is not None or run is None:
            return answer
        return Answer(replace_report(answer.report, run=run), answer.format)

    def answer(self, words: Sequence[str], run: str | None = None, at: str | None = None) -> Report:
        """What another command answers, typed as `words`; of another run or moment when given.

        Without `run` it is of the run that the command that asks was given, or the session's own.
        Raises UsageError for a word that asks no run, a command file, or none at all.
        """
        if not words:
            raise UsageError("a command is missing", "one that asks a run, as in brain")
        word = self.registry.resolve(words[0])
        if word in self.registry.files:
            raise UsageError(f"'{word}' is a command file: it has many answers")
        command = self.registry[word]
        if not getattr(command, "asks", False):
            raise UsageError(f"'{word}' asks no run", "one that does is expected, as in brain")
        asked, named = self._asked_run, self._named
        try:
            with self.scope(run or named, {"at": at}):
                return self.ask(command, joined(command, [Word(one) for one in words[1:]])).report
        finally:
            self._asked_run, self._named = asked, named

    def as_file(self, document: Document, kind: str) -> str:
        """Several answers as the text of one file, ``md`` or ``html``."""
        from sanctum.command.drawing import picture
        from sanctum.render.document import render

        return render(document, kind, picture)

    def remember(self, found: str) -> None:
        """Keep the moment that ``at find`` goes to."""
        self._remembered = found

    def remembered(self) -> str | None:
        """The moment last kept by `remember`; forgotten when another run is attached."""
        return self._remembered

    def confirm(self, question: str, *, unasked: bool = False) -> bool:
        """Ask the person at the terminal; raises UsageError where nobody can answer.

        `unasked` is what Enter alone means.
        """
        return self._ask(question, unasked)

    def disk_use(self) -> Sequence[DiskUse]:
        """What each run takes on disk, the largest first; then the halls of fame."""
        from sanctum.wire import places, pruning

        _check_folder(places.home())
        return pruning.disk_use()

    def prunable(self, older_s: float, keep: int) -> Prunable:
        """Runs that ended longer than `older_s` ago, all but the newest `keep`, newest first."""
        from sanctum.wire import places, pruning

        _check_folder(places.home())
        return pruning.prunable(older_s, keep)

    def prune(self, found: Prunable) -> int:
        """Delete what was found, where it may still go; gives the bytes that became free."""
        from sanctum.wire import pruning

        return pruning.prune(found)

    def ask_now(self, timeout_s: float) -> Queries:
        """The questions of the session's own run with a deadline of the prompt's."""
        return self.link().peek(timeout_s)

    @contextmanager
    def scope(self, run: str | None, given: Mapping[str, str | None]) -> Iterator[None]:
        """Talk to `run` with the settings `given` (those that are not None) until it is left."""
        before, chosen, name = dict(self.settings), self._chosen, self.run_name
        self.run_name = run or name
        try:
            for setting, value in given.items():
                if value is not None:
                    self.set(setting, value)
            yield
        finally:
            self.settings, self._chosen, self.run_name = before, chosen, name

    def close(self) -> None:
        """Hang up everywhere."""
        for link in self._links.values():
            link.close()
        self._links.clear()


def default_run() -> str | None:
    """The run named by ``$SANCTUM_RUN``, if any."""
    return os.environ.get("SANCTUM_RUN") or None


def _check_folder(folder: Path) -> None:
    """Refuse a record directory that is there and cannot be read."""
    try:
        os.scandir(folder).close()
    except FileNotFoundError:
        return
    except NotADirectoryError as error:
        raise NoSuchRun(f"the record directory {folder} is not a directory", HOME_HINT) from error
    except OSError as error:
        why = f"{error.strerror or error}".lower()
        raise NoSuchRun(
            f"the record directory {folder} cannot be read: {why}", HOME_HINT
        ) from error


def _open(run: str | None) -> Connection:
    from sanctum.wire.client import open_run

    return open_run(run)
