"""``inspect_command``: what makes a function a command that can be typed anywhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import click

from sanctum.command.moment import Moment, unreachable
from sanctum.command.session import Session
from sanctum.errors import NoSuchRun, UsageError
from sanctum.view.report import Report

GROUPS = ("look", "explain", "diagnose", "time", "remember", "drive")
FORMATS = ("table", "plain", "json", "csv", "md")

Command = Callable[..., Report]


@dataclass(frozen=True, slots=True)
class Answer:
    """A report and the format that was asked for on the line, if any."""

    report: Report
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which run a line names, and when: for a command that opens the run itself, or another."""

    session: Session
    run: str | None = None
    at: str | None = None
    timeout_s: float | None = None

    def moment(self) -> Moment:
        """That run at that moment. Raises NoSuchRun."""
        return self.session.moment(self.run, self.at, self.timeout_s)


_NEGATIVE = re.compile(r"-\.?\d")
_MARK = "\0"


class SignedCommand(click.Command):
    """A click command for which a word that begins as a negative number is a value: ``-50``."""

    def make_parser(self, ctx: click.Context) -> Any:
        """The parser; it sees negative numbers with a mark that no word can have."""
        parser = super().make_parser(ctx)
        parse = parser.parse_args

        def parse_signed(args: list[str]) -> Any:
            opts, rest, order = parse([_MARK + a if _NEGATIVE.match(a) else a for a in args])
            return {name: _unmarked(value) for name, value in opts.items()}, _unmarked(rest), order

        parser.parse_args = parse_signed  # type: ignore[method-assign]
        return parser


def _unmarked(value: Any) -> Any:
    if isinstance(value, str):
        return value.removeprefix(_MARK)
    if isinstance(value, list | tuple):
        return type(value)(map(_unmarked, value))
    return value


class InspectCommand(SignedCommand):
    """A click command that returns an `Answer` and prints nothing.

    `group_name` is its place in ``help``; `examples` are lines that work as written;
    `asks` says that it asks a run, at a moment.
    """

    def __init__(
        self, *args: Any, group: str, examples: tuple[str, ...], asks: bool = True, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self.asks = asks
        self.group_name = group
        self.examples = examples


_ASKING = (
    click.Option(["--run"], metavar="RUN", help="a live or recorded run, or a record file"),
    click.Option(["--at"], metavar="WHEN", help="as of step 1200, -50, u41, -5m, 14:05:30"),
    click.Option(["--timeout"], type=float, metavar="S", help="seconds to wait for an answer"),
)
_UNASKED = (
    click.Option(["--run"], metavar="RUN", hidden=True),
    click.Option(["--at"], metavar="WHEN", hidden=True),
    click.Option(["--timeout"], type=float, metavar="S", hidden=True),
)
_FORMAT = click.Option(["--format"], type=click.Choice(FORMATS), help="how to show the answer")


def inspect_command(
    name: str, *, group: str, examples: tuple[str, ...] = (), of: str = "moment"
) -> Callable[[Command], InspectCommand]:
    """Make a function a command: ``function(moment, **parameters) -> Report``.

    With ``of="session"`` it gets the `Session` in place of a `Moment`, with ``of="both"`` the
    session first and the moment second, with ``of="asked"`` what was asked for (`Asked`), to be
    opened when it is needed. The docstring is the help;
    ``--format`` comes with every command, ``--run``, ``--at`` and ``--timeout`` with those that
    have a moment; the others take them too, so that scripts may give them to every word, and say
    that they changed nothing.
    """
    if group not in GROUPS:
        raise ValueError(f"{name}: no group {group!r}; the groups are {', '.join(GROUPS)}")

    def make(function: Command) -> InspectCommand:
        @click.pass_obj
        def callback(
            session: Session,
            /,
            format: str | None,
            run: str | None = None,
            at: str | None = None,
            timeout: float | None = None,
            **parameters: Any,
        ) -> Answer:
            if of == "session":
                report, run_id = function(session, **parameters), None
                idle = [word for word, given in (("--run", run), ("--at", at)) if given is not None]
                if idle:
                    notes = (
                        *report.notes,
                        f"{' and '.join(idle)} changed nothing: {name} asks no run",
                    )
                    report = replace_report(report, notes=notes)
            elif of == "asked":
                report, run_id = function(Asked(session, run, at, timeout), **parameters), None
            else:
                moment = _moment(session, run, at, timeout, may_lack=of == "both")
                asked = (session, moment) if of == "both" else (moment,)
                report, run_id = function(*asked, **parameters), moment.run_id
                report = replace_report(report, notes=(*report.notes, *moment.gaps()))
            if report.at is not None and report.at.hall is not None:
                named_run = report.at.run_id  # an entry is of a run of its own
            else:
                named_run = report.run or run_id
            named = replace_report(report, command=report.command or name, run=named_run)
            return Answer(named, format)

        params = list(reversed(getattr(function, "__click_params__", [])))
        return InspectCommand(
            name,
            callback=callback,
            params=[*params, *(_UNASKED if of == "session" else _ASKING), _FORMAT],
            help=function.__doc__,
            group=group,
            examples=examples,
            asks=of != "session",
        )

    return make


def _moment(
    session: Session, run: str | None, at: str | None, timeout: float | None, *, may_lack: bool
) -> Moment:
    """The moment a command asks; with `may_lack` the lack of a run is said only when it asks."""
    try:
        return session.moment(run, at, timeout)
    except (NoSuchRun, UsageError) as error:
        if not may_lack or run is not None:
            raise
        return unreachable(error)


def replace_report(report: Report, **changes: Any) -> Report:
    """`report` with some fields changed."""
    fields: dict[str, Any] = {
        key: getattr(report, key)
        for key in (
            "notes",
            "headline",
            "at",
            "run",
            "next",
            "verdict",
            "exit_code",
            "command",
        )
    }
    title, blocks = changes.pop("title", report.title), changes.pop("blocks", report.blocks)
    return Report(title, *blocks, **{**fields, **changes})
