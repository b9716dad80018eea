"""A line to its answer: words, command, report, screen. Errors become sentences here, once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

import click

from sanctum.command import Answer, replace_report
from sanctum.errors import NoDataYet, SanctumError, UsageError, did_you_mean
from sanctum.shell.line import Line, Word, parse
from sanctum.shell.output import Output
from sanctum.shell.redirect import joined, redirected
from sanctum.shell.session import ShellSession
from sanctum.shell.usage import synopsis
from sanctum.shell.waiting import says_data, until_there, without_wait

INTERRUPTED = 130
_HELP = frozenset({"-h", "--help"})


class Dispatcher:
    """Answers lines for a session.

    `wait_s` is how long a question waits for its run or its data to be there. `prefixes` lets a
    unique beginning stand for a word.
    """

    def __init__(
        self, session: ShellSession, output: Output, *, wait_s: float = 0.0, prefixes: bool = False
    ) -> None:
        self.session = session
        self.output = output
        self.wait_s = wait_s
        self.prefixes = prefixes
        self.sources: list[str] = []
        session.sourced = self._source

    def line(self, text: str, arguments: Sequence[str] | None = None, place: str = "") -> int:
        """Answer one line and give its exit code; an empty one does nothing.

        `arguments` are a script's; `place` (``file:line``) stands before an error's sentence.
        """
        return self._guarded(lambda: self._line(parse(text, arguments), arguments or ()), place)

    def arguments(self, arguments: Sequence[str]) -> int:
        """Answer one command from the words of a command line, which are words already."""
        words = tuple(Word(one) for one in arguments)
        return self._guarded(lambda: self._answered(words), "")

    def text(self, text: str) -> str:
        """The answer to one line as it would be shown on the screen. Raises SanctumError."""
        line = parse(text)
        command = self._command(line.words)
        if command is None:
            raise UsageError(f"'{line.words[0].text}' is a command file: it has many answers")
        answer = self.session.ask(command, joined(command, line.words[1:]))
        return self.output.rendered(answer, self.session.settings)

    def _guarded(self, answer: Callable[[], int], place: str) -> int:
        """Run `answer`; say what went wrong and give its exit code. The only place that catches."""
        try:
            return answer()
        except KeyboardInterrupt:
            self.output.say("interrupted")
            return INTERRUPTED
        except BrokenPipeError:
            raise
        except Exception as error:  # a traceback is shown only when it is asked for
            if self.session.settings["trace"] == "on":
                import traceback

                self.output.errors.write(traceback.format_exc())
            return self.output.complain(sentence(error), place)

    def _line(self, line: Line, arguments: Sequence[str]) -> int:
        if not line.words:
            return 0
        command = self._command(line.words)
        words, target = redirected(command, line.words)
        if target is None and line.filter is None:
            return self._answered(words)
        if target is not None:
            target.check()
        self.output.hold()
        try:
            code = self._answered(words)
        finally:
            text = self.output.release()
        if target is not None:
            if text:
                target.write(text)
            return code
        assert line.filter is not None
        return self.output.filtered(text, line.filter, arguments) or code

    def _command(self, words: Sequence[Word]) -> click.Command | None:
        """The command a line begins with; None when it begins with a command file."""
        word = self.session.registry.resolve(words[0].text, prefixes=self.prefixes)
        if word in self.session.registry.files:
            return None
        return self.session.registry[word]

    def _answered(self, words: Sequence[Word]) -> int:
        """Ask the command and show its answer, or run the command file."""
        word = self.session.registry.resolve(words[0].text, prefixes=self.prefixes)
        given = [one.text for one in words[1:]]
        before_dashes = given[: given.index("--")] if "--" in given else given
        if _HELP.intersection(before_dashes):
            self.output.show(Answer(self.session.usage(word)), self.session.settings)
            return 0
        if word in self.session.registry.files:
            from sanctum.shell.script import run_typed

            return run_typed(self, word, given)
        command = self.session.registry[word]
        kept, wait_s = without_wait(words[1:])
        arguments = joined(command, kept)
        wait_s = self.wait_s if wait_s is None else wait_s
        waits = wait_s > 0 and getattr(command, "asks", True)

        def has_data(answer: Answer) -> bool:
            return not waits or says_data(answer.report)

        answer = until_there(lambda: self.session.ask(command, arguments), wait_s, has_data)
        if not has_data(answer) and not answer.report.exit_code:
            late = replace_report(answer.report, exit_code=NoDataYet.exit_code)
            answer = Answer(late, answer.format)
        self.output.show(answer, self.session.settings)
        return answer.report.exit_code

    def _source(self, name: str, arguments: Sequence[str]) -> int:
        from sanctum.shell.script import run_file

        return run_file(self, name, arguments)

    @contextlib.contextmanager
    def in_source(self, name: str) -> Iterator[None]:
        """While the command file `name` runs. Raises UsageError when files go too deep."""
        if len(self.sources) >= 16:
            raise UsageError(f"command files are {len(self.sources)} deep: {name} is not run")
        self.sources.append(name)
        try:
            yield
        finally:
            self.sources.pop()


def sentence(error: Exception) -> SanctumError:
    """Any error as one of ours, with a sentence a person can use."""
    if isinstance(error, SanctumError):
        return error
    if isinstance(error, click.ClickException):
        return _from_click(error)
    if isinstance(error, click.Abort):
        return SanctumError("given up")
    if isinstance(error, OSError):
        return refused(error)
    where = f"{type(error).__name__}: {error}".splitlines()[0]
    return SanctumError(f"a defect of Sanctum's: {where}", "set trace on shows where")


def refused(error: OSError) -> SanctumError:
    """What the system refused, in its own words, with the file it is about."""
    why = error.strerror or str(error) or type(error).__name__
    why = why[:1].lower() + why[1:]
    return SanctumError(f"{error.filename}: {why}" if error.filename is not None else why)


def _from_click(error: click.ClickException) -> SanctumError:
    """A click error as a sentence in our words, with the nearest option or choice."""
    command = error.ctx.command if isinstance(error, click.UsageError) and error.ctx else None
    hint = None if command is None else synopsis(command)
    if isinstance(error, click.NoSuchOption):
        options = [] if command is None else [name for one in command.params for name in one.opts]
        word = command.name if command is not None else "it"
        near = did_you_mean(error.option_name, options)
        return UsageError(f"'{word}' has no option {error.option_name}", near or hint)
    if isinstance(error, click.MissingParameter):
        param = error.param
        name = param.make_metavar(error.ctx) if param is not None and error.ctx else "an argument"
        if isinstance(param, click.Option):
            name = param.opts[0]
        return UsageError(f"{name} is missing", hint)
    if isinstance(error, click.BadParameter):
        param = error.param
        if param is not None and isinstance(param.type, click.Choice):
            choices = [str(one) for one in param.type.choices]
            typed = error.message.split("'")[1] if error.message.count("'") > 1 else ""
            hint = did_you_mean(typed, choices) or f"there are {', '.join(choices)}"
            return UsageError(f"'{typed}' is not one of {', '.join(choices)}", hint)
        name = f"{param.opts[0]}: " if isinstance(param, click.Option) else ""
        if (
            param is not None
            and isinstance(param.type, click.IntRange)
            and "range" in error.message
        ):
            least, most = param.type.min, param.type.max
            ends = f"at least {least}" if most is None else f"{least} to {most}"
            typed = error.message.split(" ", 1)[0]
            return UsageError(f"{name}{typed} is not allowed: {ends} is", hint)
        return UsageError(name + error.message.rstrip("."), hint)
    if isinstance(error, click.UsageError):
        if "unexpected extra argument" in error.message and "(" in error.message:
            return UsageError(f"'{error.message.split('(')[1].split(')')[0]}' is too much", hint)
        return UsageError(error.format_message().rstrip("."), hint)
    return SanctumError(error.format_message())
