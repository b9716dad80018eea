"""What a command may ask of the session it runs in: the few that drive it need this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from sanctum.command.moment import Moment
from sanctum.model.answers import DiskUse, Prunable, RunSummary
from sanctum.view.document import Document
from sanctum.view.report import Report

if TYPE_CHECKING:
    import click


class Session(Protocol):
    """The shell, the one-shot command and the script runner, as a command sees them."""

    @property
    def settings(self) -> Mapping[str, str]:
        """Every setting and its value."""

    def moment(
        self, run: str | None = None, at: str | None = None, timeout_s: float | None = None
    ) -> Moment:
        """The run in question (the session's own without `run`) at a moment.

        Raises NoSuchRun when there is none, with how to start one.
        """

    def runs(self) -> Sequence[RunSummary]:
        """Every record found, newest first."""

    def halls(self) -> Mapping[str, str]:
        """Every hall of fame: its file by its task, the one that was written last first."""

    def reap(self) -> Sequence[RunSummary]:
        """End recorders whose trainer has gone; gives those that were ended."""

    def attach(self, run: str) -> Moment:
        """Make `run` (id, record file) the session's own."""

    def set(self, name: str, value: str) -> str:
        """Change a setting; gives its value as understood. Raises UsageError."""

    def meanings(self) -> Mapping[str, str]:
        """What each setting does, in the order they are shown."""

    def source(self, path: str, arguments: Sequence[str]) -> int:
        """Run a command file, printing its answers as they come; gives its exit code."""

    def words(self) -> Mapping[str, click.Command]:
        """Every word that can be typed, with its command."""

    def files(self) -> Mapping[str, str]:
        """Every command file by name, with its first comment line."""

    def usage(self, word: str) -> Report:
        """How a word is used, with examples. Raises UsageError for an unknown one."""

    def leave(self) -> None:
        """End the session after this line."""

    def answer(self, words: Sequence[str], run: str | None = None, at: str | None = None) -> Report:
        """What another command answers, typed as `words`; of another run or moment when given.

        Raises UsageError for a word that asks no run.
        """

    def as_file(self, document: Document, kind: str) -> str:
        """Several answers as the text of one file, ``md`` or ``html``."""

    def remember(self, found: str) -> None:
        """Keep the moment that ``at find`` goes to."""

    def remembered(self) -> str | None:
        """The moment last kept by `remember`."""

    def confirm(self, question: str) -> bool:
        """Ask the person at the terminal; raises UsageError where nobody can answer."""

    def disk_use(self) -> Sequence[DiskUse]:
        """What each run takes on disk, the largest first; then the halls of fame."""

    def prunable(self, older_s: float, keep: int) -> Prunable:
        """Runs that ended longer than `older_s` ago, all but the newest `keep`, newest first."""

    def prune(self, found: Prunable) -> int:
        """Delete what was found, where it may still go; gives the bytes that became free."""
