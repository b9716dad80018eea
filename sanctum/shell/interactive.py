"""A conversation in a terminal: open the run, greet, then read and answer until the end."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from typing import TextIO

from sanctum.errors import Interrupted, NoDataYet, NoSuchRun, SanctumError
from sanctum.model.answers import RunAnswer
from sanctum.shell.dispatch import INTERRUPTED, Dispatcher
from sanctum.shell.links import Opener
from sanctum.shell.output import Output, standard
from sanctum.shell.script import run_lines
from sanctum.shell.session import ShellSession, default_run
from sanctum.shell.waiting import until_there
from sanctum.view.numbers import duration


def converse(
    run: str | None = None,
    *,
    wait_s: float = 0.0,
    plain: bool = False,
    opener: Opener | None = None,
) -> int:
    """Open the shell on a run, in the prompt this terminal can take; gives the exit code."""
    output = standard()
    session = ShellSession(run or default_run(), choosy=False, say=output.say, opener=opener)
    if plain:
        session.set("plain", "on")
    try:
        dispatcher = Dispatcher(session, output)
        talking = sys.stdin.isatty()
        try:
            if talking or run is not None:
                until_there(session.link, wait_s)
        except SanctumError as error:
            if not talking or not _opened_instead(session, error):
                return output.complain(error)
        except KeyboardInterrupt:
            return output.complain(Interrupted("interrupted"))
        if not talking:
            return run_lines(dispatcher, typed_lines(sys.stdin), "stdin")
        dispatcher.prefixes = True
        return _talk(dispatcher, plain)
    finally:
        session.close()


def _opened_instead(session: ShellSession, error: SanctumError) -> bool:
    """Whether the person took the newest recorded run where no run is live."""
    if session.run_name is not None or not isinstance(error, NoSuchRun):
        return False
    from sanctum.shell.recorded import offered

    return sys.stderr.isatty() and offered(session)


def typed_lines(stream: TextIO) -> Iterator[str]:
    """Lines of a stream as they arrive, so that a program can ask and read in turn."""
    while line := stream.readline():
        yield line


def answered(run: str, line: str) -> str:
    """The answer to one line as text; an error is its sentence."""
    output = Output(sys.stdout, sys.stderr)
    session = ShellSession(run)
    dispatcher = Dispatcher(session, output)
    try:
        return dispatcher.text(line)
    except SanctumError as error:
        return f"{error.sentence}\n"
    finally:
        session.close()


def _talk(dispatcher: Dispatcher, plain: bool) -> int:
    from sanctum.render import Screen
    from sanctum.shell.place import Place

    session, output = dispatcher.session, dispatcher.output
    place = Place(session)
    screen = Screen.of(output.stream, output.environ, plain=plain)
    if screen.escapes:
        from sanctum.shell.prompt import Prompt

        ask = Prompt(session, place).read
    else:
        from sanctum.shell.plain_prompt import read as ask
    output.stream.write(greeting(session))
    output.stream.flush()
    signal.signal(signal.SIGTERM, _terminated)  # so that the terminal is left as it was found
    while not session.leaving:
        try:
            text = ask(place.text())
        except KeyboardInterrupt:
            continue
        except EOFError:
            break
        for line in text.splitlines():
            if dispatcher.line(line) == INTERRUPTED or session.leaving:
                break
        place.looked()
    return 0


def _terminated(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def greeting(session: ShellSession) -> str:
    """What the shell says first: the run, others that are live, how to go on."""
    link = session.link()
    ended = False
    try:
        answer = session.ask_now(1.0).run_read()
        link.remember(answer)
        about = f"{link.run_id}: {answer.header.task}, {answer.header.envs} environments"
        about += f", {_how(answer)}"
        ended = not answer.at.live
    except NoDataYet:
        about = f"{link.run_id}: nothing heard of it yet"
    except SanctumError as error:
        about = f"{link.run_id}: {error.sentence}"
    from sanctum.render.safe import text

    lines = [text(f"sanctum, {about}")]
    if link.others:
        lines.append(text(f"also live: {', '.join(link.others)} (attach NAME)"))
    if ended:
        lines.append("run says how it went, at -50 goes to 50 steps before the end")
    lines.append("help lists what can be typed; Ctrl-D leaves")
    return "\n".join(lines) + "\n"


def _how(answer: RunAnswer) -> str:
    """How the run is; of one that has ended, how long ago and after which step."""
    word, since = answer.state.word, answer.state.since_s
    if answer.at.live or since is None:
        return word
    step = "" if answer.last_step is None else f" after step {answer.last_step:,}"
    return f"{word} {duration(since)} ago{step}"
