"""Where the prompt says one is: the run, its last update, how it is, and what is new."""

from __future__ import annotations

from dataclasses import dataclass, field

from sanctum.errors import ConnectionLost, DeadlinePassed, NoDataYet, SanctumError
from sanctum.model.answers import RunAnswer
from sanctum.shell.links import Link
from sanctum.shell.session import ShellSession
from sanctum.view.numbers import duration

DEADLINE_S = 0.25
"""How long the prompt waits for the run to say how it is; then it says what it last knew."""

NEW_SEVERITY = "warn"


@dataclass
class Known:
    """Words that completion may offer, as the run last said them."""

    envs: int = 0
    slots: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    last_update: int | None = None


@dataclass
class Place:
    """The prompt's text. Asks two quick questions and never raises.

    New events are those at warn or above since the session began or a command last asked for
    events.
    """

    session: ShellSession
    known: Known = field(default_factory=Known)
    _answer: RunAnswer | None = None
    _link: Link | None = None
    _seen: int | None = None
    _new: int = 0
    _looks: int = 0

    def text(self) -> str:
        """``sanctum demo-3 u41 live> ``, asked for now."""
        try:
            link = self.session.link()
        except SanctumError:
            return prompt_text(self.session.run_name or "", None, "live", 0, "not there")
        if link is not self._link:
            self._link, self._answer, self._seen, self._new = link, None, None, 0
        trouble = self._ask(link)
        return prompt_text(
            link.run_id, self._answer, self.session.settings["at"], self._new, trouble
        )

    def looked(self) -> None:
        """A line was answered: when it asked for events, none of them are new any more."""
        link = self._link
        asked = 0 if link is None else link.asked.get("events_list", 0)
        if asked != self._looks:
            self._looks, self._seen, self._new = asked, None, 0

    def _ask(self, link: Link) -> str | None:
        """Ask how the run is; the word for it when it does not say."""
        try:
            queries = self.session.ask_now(DEADLINE_S)
            self._answer = queries.run_read()
            link.remember(self._answer)
            self._learn(self._answer)
            total = queries.events_list(severity=NEW_SEVERITY, limit=1).total
            if self._seen is None or total < self._seen:
                self._seen = total
            self._new = total - self._seen
        except DeadlinePassed:
            return "no answer"
        except NoDataYet:
            return "starting" if self._answer is None else None
        except ConnectionLost:
            link.lose()
            return "lost"
        except SanctumError:
            return "not there"
        return None

    def _learn(self, answer: RunAnswer) -> None:
        header = answer.header
        heads = header.actions
        self.known = Known(
            header.envs,
            tuple(header.slots),
            tuple(header.stages),
            tuple(dict.fromkeys((*answer.columns, *answer.metrics))),
            tuple(answer.event_types),
            tuple(heads.get("op", next(iter(heads.values()), []))),
            tuple(header.features),
            answer.last_update,
        )


def prompt_text(
    run_id: str, answer: RunAnswer | None, at: str, new: int, trouble: str | None
) -> str:
    """The prompt for what is known; ASCII, on one line."""
    parts = ["sanctum", run_id] if run_id else ["sanctum"]
    if at != "live":
        parts.append(f"@{at}")
    else:
        if answer is not None and answer.last_update is not None:
            parts.append(f"u{answer.last_update}")
        parts.append(trouble or _state(answer))
    if answer is not None and answer.stopped_s is not None:
        parts.append(f"not recording {duration(answer.stopped_s)}")
    if new > 0:
        parts.append(f"({new} new)")
    return (
        "".join(one if one.isascii() and one.isprintable() else "?" for one in " ".join(parts))
        + "> "
    )


def _state(answer: RunAnswer | None) -> str:
    if answer is None:
        return "starting"
    state = answer.state
    if state.word in ("stale", "silent") and state.since_s is not None:
        return f"{state.word} {duration(state.since_s)}"
    return state.word
