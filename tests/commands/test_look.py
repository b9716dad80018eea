"""What each look command says of a run: the most important thing first, and nothing made up."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import click
import msgspec
import pytest

from sanctum.command import Cards, Facts, NoDataYet, Report, Series, Table, Text, UsageError
from sanctum.model.answers import (
    Attempt,
    Component,
    Curve,
    Dropped,
    EnvAnswer,
    EnvsAnswer,
    EventsAnswer,
    Lost,
    PolicyAnswer,
    PolicyReading,
    RewardsAnswer,
    RunAnswer,
    RunState,
    SeedAnswer,
    SeedsAnswer,
    StacksAnswer,
    Verdict,
    Vital,
    VitalsAnswer,
)
from sanctum.model.readings import NOT_MEASURED, NonFinite, Reading, number, reading
from sanctum.render import Screen, render
from tests.commands.asking import answer, ask
from tests.commands.fake_run import AT, ENVS, BareQueries, DiedQueries, FakeQueries


def table(report: Report, place: int = 0) -> Table:
    return [block for block in report.blocks if isinstance(block, Table)][place]


def column(report: Report, name: str, place: int = 0) -> list[Any]:
    found = table(report, place)
    get = next(one.get for one in found.columns if one.name == name)
    return [get(item) for item in found.items]


def facts(report: Report) -> dict[str, Any]:
    blocks = [block for block in report.blocks if isinstance(block, Facts)]
    return {fact.name: fact for block in blocks for fact in block.facts}


def as_json(report: Report) -> Any:
    return json.loads(render(report, "json", Screen()))


def numbers(values: Iterable[Any]) -> list[float | None]:
    return [number(value) for value in values]


# run


def test_a_live_run_says_so_first_with_the_age_of_its_telemetry() -> None:
    report = ask("run")
    assert report.headline == "live: last telemetry 0.3s ago; 38.2 steps a second"
    assert report.verdict == "ok"
    assert facts(report)["step"].note == "of 12,800, 21 %"
    assert facts(report)["telemetry lost"].verdict == "warn"


def test_a_run_that_died_says_when_where_and_of_what() -> None:
    report = ask("run", DiedQueries())
    assert report.verdict == "crit"
    assert report.headline.startswith("died 2h03m ago at step 2,630: ")
    assert "signal 9" in report.headline
    assert facts(report)["speed now"].note == ""


def test_a_run_that_failed_names_its_exception_and_where_to_read_on() -> None:
    trace = "Traceback (most recent call last):\n  ...\nValueError: no [bold]luck[/]\n"
    state = RunState("failed", 12.0, "it raised", "ValueError: no [bold]luck[/]", trace)
    report = ask("run", DiedQueries(state))
    assert report.headline == "failed 12s ago at step 2,630: ValueError: no [bold]luck[/]"
    assert report.next == "run --traceback"
    shown = ask("run --traceback", DiedQueries(state)).blocks[0]
    assert isinstance(shown, Text)
    assert shown.lines[-1] == "ValueError: no [bold]luck[/]"


def test_the_first_line_of_an_exception_is_its_cause() -> None:
    said = (
        "RuntimeError: CUDA error: device-side assert triggered\nCompile with `TORCH_USE_CUDA_DSA`"
    )
    report = ask("run", DiedQueries(RunState("failed", 12.0, None, said)))
    assert report.headline.endswith("630: RuntimeError: CUDA error: device-side assert triggered")


class Silent(FakeQueries):
    """A trainer that is there and says nothing; `stacks` is what it answers when asked."""

    def __init__(self, *stacks: StacksAnswer, why: str = "its process is there") -> None:
        super().__init__()
        self.stacks, self.why = list(stacks), why

    def run_read(self, at: str | None = None) -> RunAnswer:
        return msgspec.structs.replace(
            super().run_read(at), state=RunState("silent", 130.0, self.why)
        )

    def trainer_stacks(self) -> StacksAnswer:
        return self.stacks.pop(0) if len(self.stacks) > 1 else self.stacks[0]


STACKS = (
    "Thread MainThread (most recent call first):\n"
    '  File "/home/me/runs/lib/torch/distributed.py", line 2050 in barrier\n'
    '  File "/home/me/runs/ppo.py", line 88 in update\n'
    "Thread pin memory (most recent call first):\n"
    '  File "/home/me/runs/lib/torch/pin.py", line 32 in pin\n'
)


def test_a_silent_run_shows_where_its_main_thread_is() -> None:
    report = ask("run", Silent(StacksAnswer(STACKS, "sleeping")))
    assert report.headline == "silent: no telemetry for 2m10s; its process is there"
    assert (report.verdict, report.next) == ("crit", "run --stacks")
    assert report.blocks[0].lines == (
        "barrier (torch/distributed.py:2050)",
        "update (runs/ppo.py:88)",
    )


def test_the_stacks_are_those_of_all_threads() -> None:
    report = ask("run --stacks", Silent(StacksAnswer(STACKS, "sleeping")))
    assert report.headline == "2 threads of Python, the main thread first; its process is sleeping"
    assert '  File "/home/me/runs/lib/torch/pin.py", line 32 in pin' in report.blocks[0].lines


def test_a_trainer_that_is_slow_to_answer_is_asked_again() -> None:
    slow = StacksAnswer(None, "running", "it was asked, but did not answer in 0.3 s")
    assert ask("run --stacks", Silent(slow, slow, StacksAnswer(STACKS, "running"))).blocks
    report = ask("run", Silent(slow))
    assert report.notes == ("its stacks cannot be had: it was asked, but did not answer in 0.3 s",)


def test_a_stopped_trainer_is_not_said_to_be_stopped_twice() -> None:
    why = "its process is stopped: kill -CONT 7 lets it go on"
    report = ask("run", Silent(StacksAnswer(None, "stopped", why), why=why))
    assert report.headline.endswith(why)
    assert report.notes == ()
    report = ask("run --stacks", Silent(StacksAnswer(None, "stopped", why)))
    assert report.headline == f"the trainer cannot be asked: {why}"


def test_a_killed_run_names_the_signal_and_shows_the_stack_it_struck() -> None:
    why = "it was told to end: kill, a batch system's time limit, or a shutdown"
    state = RunState("killed", 12.0, why, None, "at SIGTERM:\n  File ...", "SIGTERM")
    report = ask("run", DiedQueries(state))
    assert report.headline == f"killed by SIGTERM 12s ago at step 2,630: {why}"
    assert (report.verdict, report.next) == ("crit", "run --traceback")
    assert ask("run --traceback", DiedQueries(state)).blocks[0].lines[0] == "at SIGTERM:"


class Gapped(FakeQueries):
    """A run whose recorder died; every answer carries the gap, as of the step asked about."""

    def __init__(self, gap: Lost, step: int = 2630) -> None:
        super().__init__()
        self.here = msgspec.structs.replace(AT, step=step, gaps=[gap])

    def env_read(self, env: int, at: str | None = None) -> EnvAnswer:
        whole = super().env_read(env, at)
        return msgspec.structs.replace(whole, at=self.here)

    def envs_list(self, *args: Any, **given: Any) -> EnvsAnswer:
        return msgspec.structs.replace(super().envs_list(*args, **given), at=self.here)

    def rewards_read(self, *args: Any, **given: Any) -> RewardsAnswer:
        return msgspec.structs.replace(super().rewards_read(*args, **given), at=self.here)


@pytest.mark.parametrize(
    ("line", "gap", "said"),
    [
        ("rewards 3", (2600, 2620), "missing here: everything of steps 2,600 to 2,620: it died"),
        ("rewards 3", (2567, 2567), "missing here: everything of step 2,567: it died"),
        ("rewards 3", (2620, None), "missing here: everything of steps from 2,620 on: it died"),
        ("rewards 3", (2500, 2566), None),
        ("envs", (2600, 2620), None),
        ("envs", (2631, 2640), "missing here: everything of steps 2,631 to 2,640: it died"),
        ("env 7", (2600, 2620), "missing here: everything of steps 2,600 to 2,620: it died"),
        ("env 7", (100, 120), None),
    ],
)
def test_an_answer_names_the_gap_it_spans(
    line: str, gap: tuple[int, int | None], said: str | None
) -> None:
    count = 1 if gap[1] is None else gap[1] + 1 - gap[0]
    report = ask(line, Gapped(Lost("everything", *gap, count, "it died")))
    assert [note for note in report.notes if "missing" in note] == ([said] if said else [])


class Stopped(FakeQueries):
    """A run whose disk is full, and whose record has dropped what was oldest."""

    def run_read(self, at: str | None = None) -> RunAnswer:
        return msgspec.structs.replace(
            super().run_read(at),
            recording=False,
            stopped_s=185.0,
            stopped_why="database or disk is full",
            keep_bytes=2 * 2**30,
            dropped=[Dropped("columns", 0, 900, 10_000, "oldest first")],
        )


def test_a_record_that_is_not_written_is_said_first_and_what_gave_way_too() -> None:
    report = ask("run", Stopped())
    assert report.headline.startswith("not recording for 3m05s (database or disk is full); live:")
    assert report.verdict == "crit"
    assert facts(report)["dropped"].note == "columns, steps 0-900: oldest first"
    assert facts(report)["record size"].note == "of 2.0 GiB to keep"
    assert facts(report)["record"].note.startswith("not written for 3m05s")


def test_of_a_moment_of_the_past_a_run_was_going_on() -> None:
    report = ask("run", DiedQueries(RunState("live", None, "as of then: the run was going on")))
    assert report.headline == "as of step 2,630: the run was going on"
    assert facts(report)["state"].note == "then"


def test_a_traceback_that_was_never_recorded_is_said_to_be_missing() -> None:
    report = ask("run --traceback")
    assert report.blocks == ()
    assert report.notes == ("no traceback was recorded: the run is live",)


@pytest.mark.parametrize(
    ("state", "headline"),
    [
        (RunState("starting", 2.0), "starting: the trainer has said nothing yet, 2.0s"),
        (RunState("stale", 47.0, "no beat"), "stale: no telemetry for 47s; no beat"),
        (RunState("interrupted", None), "interrupted at step 2,630"),
        (RunState("finished", 5.0), "finished 5.0s ago at step 2,630"),
    ],
)
def test_the_state_of_a_run_is_the_first_word(state: RunState, headline: str) -> None:
    assert ask("run", DiedQueries(state)).headline == headline


class Resumed(FakeQueries):
    def run_read(self, at: str | None = None) -> RunAnswer:
        first, second = Attempt(1, 1, 0.0, 1, 800, "died"), Attempt(2, 2, 9.0, 801, 900, "running")
        here = msgspec.structs.replace(AT, attempt=2)
        return msgspec.structs.replace(super().run_read(at), at=here, attempts=[first, second])


def test_a_resumed_run_says_how_the_attempt_before_ended() -> None:
    assert facts(ask("run", Resumed()))["attempt"].note == "the one before ended at step 800: died"


# overwatch


def test_the_summary_counts_the_sick_and_sends_to_the_worst_thing() -> None:
    report = ask("overwatch")
    assert report.headline.startswith("live: accuracy 80.9 %; 3 of 16 envs not well")
    assert facts(report)["worst"].value == "env 11, non-finite: loss is nan"
    assert facts(report)["seeds alive"].value == 10
    assert facts(report)["seeds alive"].note.startswith("1 FOSSILIZED, 4 HOLDING, ")
    assert facts(report)["most chosen"].note.startswith("91 % of 1,024 decisions, 80 % of the unf")
    assert report.next == "brain"


def test_the_summary_of_a_dead_run_is_an_alarm() -> None:
    report = ask("overwatch", DiedQueries())
    assert report.headline.startswith("died: ")
    assert (report.verdict, report.next) == ("crit", "run")


def test_nothing_judged_is_not_called_well() -> None:
    report = ask("overwatch", BareQueries())
    assert report.headline == "live: accuracy 50.0 %; nothing is judged yet"
    assert facts(report)["environments"].value == "0 well, 1 not judged"


class Warned(FakeQueries):
    """Environments and watched readings well but entropy, one head crit, nothing lost."""

    verdicts: tuple[Verdict | None, Verdict | None] = ("warn", "crit")

    def run_read(self, at: str | None = None) -> RunAnswer:
        return msgspec.structs.replace(super().run_read(at), lost_count=0)

    def envs_list(
        self,
        at: str | None = None,
        where: str | None = None,
        sort: str = "env",
        limit: int | None = None,
    ) -> EnvsAnswer:
        whole = super().envs_list(at, where, sort, limit)
        return msgspec.structs.replace(whole, rows=whole.rows[:2])

    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        named = zip(("entropy", "entropy.op"), self.verdicts, strict=True)
        readings = [
            PolicyReading(name, reading(0.2), "", "health", "", verdict, "", 0)
            for name, verdict in named
        ]
        return msgspec.structs.replace(super().policy_read(at, env, window), readings=readings)


class OneHead(Warned):
    verdicts = ("ok", "crit")


class Fine(Warned):
    verdicts = ("ok", "ok")


@pytest.mark.parametrize(
    ("queries", "trouble", "verdict", "next"),
    [
        (Warned(), "entropy warn, brain: 1 more crit", "crit", "brain"),
        (OneHead(), "brain: 1 crit", "crit", "brain"),
        (Fine(), "no alarm", "ok", "envs"),
    ],
)
def test_the_summary_names_all_that_it_warns_of(
    queries: FakeQueries, trouble: str, verdict: str, next: str
) -> None:
    report = ask("overwatch", queries)
    assert report.headline.split("; ")[1] == trouble
    assert (report.verdict, report.next) == (verdict, next)


def test_lost_telemetry_is_in_the_headline_of_the_summary() -> None:
    assert ask("overwatch").headline.endswith("telemetry lost 2")


class Again(FakeQueries):
    """Attempt 2: all events were of attempt 1 but the last, which is an error."""

    def run_read(self, at: str | None = None) -> RunAnswer:
        here = msgspec.structs.replace(AT, attempt=2)
        return msgspec.structs.replace(super().run_read(at), at=here)

    def events_list(
        self,
        at: str | None = None,
        severity: str | None = None,
        type: str | None = None,
        env: int | None = None,
        since: str | None = None,
        limit: int | None = 20,
        slot: str | None = None,
        id: int | None = None,
    ) -> EventsAnswer:
        whole = super().events_list(at, severity, type, env, since, limit, slot, id)
        last = msgspec.structs.replace(whole.rows[-1], attempt=2, severity="warn")
        here = msgspec.structs.replace(AT, attempt=2)
        return msgspec.structs.replace(whole, at=here, rows=[*whole.rows[:-1], last])


def test_the_summary_counts_the_alarms_of_this_attempt_alone() -> None:
    assert facts(ask("overwatch", Again()))["events >= warn"].value == 1


def test_events_of_an_earlier_attempt_are_told_apart_and_no_alarm_now() -> None:
    report = ask("events --severity warn", Again())
    assert column(report, "attempt") == [1, 1, 1, 2]
    assert report.verdict == "warn"
    assert report.notes == ("3 rows of earlier attempts; this is attempt 2",)


class Young(FakeQueries):
    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        raise NoDataYet("no update yet")


def test_the_summary_stands_before_the_first_update() -> None:
    assert facts(ask("overwatch", Young()))["policy"].value == "no update yet"


# envs


def test_every_environment_has_a_row_and_the_sick_are_named() -> None:
    report = ask("envs")
    assert column(report, "env") == list(range(ENVS))
    assert report.headline == (
        "3 of 16 not well: env 11 non-finite, env 7 stalled, env 14 degraded"
    )
    assert column(report, "health")[7] == "stalled: no new best for 41 steps"
    assert column(report, "health")[12] == "rising, 3 steps old"
    assert column(report, "action")[3] == "GERMINATE r0c2"
    assert report.next == "env 11"


def test_a_loss_that_is_nan_is_null_with_its_reason_in_json() -> None:
    row = as_json(ask("envs"))["blocks"][0]["rows"][11]
    assert row["loss"] is None
    assert row["absent"]["loss"] == "nan"


def test_sorting_by_a_column_asks_for_the_models_name() -> None:
    queries = FakeQueries()
    ask("envs --sort -seeds --limit 2", queries)
    assert queries.asked == [("envs", {"sort": "-active_seeds"})]


def test_an_environment_that_is_not_shown_is_an_alarm_all_the_same() -> None:
    report = ask("envs --limit 2")
    assert column(report, "env") == [0, 1]
    assert table(report).total == ENVS
    assert report.headline.startswith("3 of 16 not well: env 11 non-finite")
    assert (report.verdict, report.next) == ("crit", "env 11")


def test_rows_a_condition_cannot_decide_are_counted() -> None:
    report = ask("envs --where 'loss < 0.45'")
    assert column(report, "env") == [3, 6, 9, 12]
    assert report.notes == ("1 row left out: the condition cannot be decided for them",)


def test_a_condition_that_holds_nowhere_is_an_answer_in_words() -> None:
    assert table(ask("envs --where 'accuracy < 5'")).empty == "it holds for no environment"


def test_cards_are_four_by_four_and_mark_the_sick() -> None:
    block = ask("envs --cards").blocks[0]
    assert isinstance(block, Cards)
    live = block.lines[: 4 * 4 + 3]
    assert max(map(len, live)) <= 79
    assert sum("! " in line for line in live) == 3
    assert ask("envs --cards --limit 4").notes == ("12 more cards not shown",)


def test_the_ten_of_the_hall_stand_beside_the_cards() -> None:
    block = ask("envs --cards").blocks[0]
    assert isinstance(block, Cards)
    assert block.beside is not None
    assert [card.full[0].split()[0] for card in block.beside.cards] == [
        f"#{rank}{'*' if rank == 2 else ''}" for rank in range(1, 11)
    ]
    alone = ask("envs --cards", BareQueries()).blocks[0]
    assert isinstance(alone, Cards)
    assert alone.beside is None


# env


def test_an_environment_shows_its_course_seeds_decisions_and_pay() -> None:
    report = ask("env 7")
    curves = [block.name for block in report.blocks if isinstance(block, Series)]
    assert curves == ["accuracy", "loss"]
    assert column(report, "slot") == ["r0c1"]
    assert column(report, "lacks") == ["contribution 1.94"]
    assert facts(report)["growth"].note == "280 in seeds; free: r0c0, r0c2"
    assert column(report, "step", 1) == [2627, 2628, 2629, 2630]
    assert facts(report)["reward"].note.startswith("action_cost -0.050, accuracy_gain 0.031")
    assert facts(report)["this episode"].note.startswith("accuracy_gain 46 %, contribution 39 %")
    assert facts(report)["last event"].value == "warn"


def test_more_shows_every_decision_and_event_of_an_environment() -> None:
    report = ask("env 7 --more")
    assert len(column(report, "step", 3)) == len(column(report, "return_5", 4)) == 8
    assert len(column(report, "text", 7)) == 3
    assert "growth" in facts(report)


class Lossless(FakeQueries):
    """A trainer that never spoke of a loss, so that the record does not know the name."""

    def series_read(
        self,
        metric: str,
        at: str | None = None,
        env: int | None = None,
        last: int | None = None,
        points: int = 200,
        since: str | None = None,
    ) -> Curve:
        raise UsageError(f"no metric '{metric}' in demo-3")


def test_an_environment_without_a_loss_shows_the_rest() -> None:
    report = ask("env 7", Lossless())
    assert [block.name for block in report.blocks if isinstance(block, Series)] == ["accuracy"]


def test_an_environment_out_of_range_is_refused_with_the_range() -> None:
    with pytest.raises(UsageError) as caught:
        ask("env 99")
    assert caught.value.hint == "they are 0 to 15"


def test_an_environment_that_is_no_number_is_refused() -> None:
    with pytest.raises(click.UsageError, match="a number is expected"):
        ask("env seven")


# brain


def test_the_worst_reading_is_the_headline_with_its_threshold() -> None:
    report = ask("brain")
    assert report.headline == (
        "explained_variance -0.0800 is crit (warn < 0.3, crit < 0), and 2 more"
    )
    assert report.next == "brain heads"
    assert list(facts(report))[:3] == ["entropy", "clip_fraction", "approx_kl"]
    entropy = facts(report)["entropy"]
    assert (entropy.verdict, entropy.note) == ("warn", "down; warn < 0.3, crit < 0.1")


class Still(FakeQueries):
    """A policy without alarms, of which the last update moved nothing."""

    values = (("entropy", 0.62), ("approx_kl", 2e-7), ("clip_fraction", 0.0))

    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        whole = super().policy_read(at, env, window)
        readings = [
            PolicyReading(name, reading(value), "", "health", "", "ok", "", 0)
            for name, value in self.values
        ]
        return msgspec.structs.replace(whole, readings=readings)


class Well(Still):
    values = (("entropy", 0.62), ("approx_kl", 0.006), ("clip_fraction", 0.08))


def test_quiet_is_not_health() -> None:
    report = ask("brain", Still())
    assert report.headline == "the update changes nothing: approx_kl 2.00e-07, clip_fraction 0"
    assert report.verdict == "warn"


def test_one_still_update_after_one_that_moved_is_no_alarm() -> None:
    class Paused(Still):
        def policy_read(
            self, at: str | None = None, env: int | None = None, window: int | None = None
        ) -> PolicyAnswer:
            whole = super().policy_read(at, env, window)
            readings = [
                msgspec.structs.replace(one, previous=reading(0.004)) for one in whole.readings
            ]
            return msgspec.structs.replace(whole, readings=readings)

    assert ask("brain", Paused()).verdict == "ok"


def test_without_an_alarm_the_headline_gives_the_numbers() -> None:
    assert ask("brain", Well()).headline == (
        "no alarm in 3 judged readings: entropy 0.620, approx_kl 0.00600, clip_fraction 0.0800"
    )


class Unborn(Still):
    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        whole = super().policy_read(at, env, window)
        lacking = [
            msgspec.structs.replace(one, value=NOT_MEASURED, verdict=None) for one in whole.readings
        ]
        return msgspec.structs.replace(whole, readings=lacking)


def test_before_the_first_update_there_is_nothing_to_judge() -> None:
    report = ask("brain", Unborn())
    assert report.headline == "no policy update yet; run.update(...) records one"
    assert report.verdict is None


class Broken(FakeQueries):
    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        whole = super().policy_read(at, env, window)
        bad = PolicyReading("policy_loss", NonFinite("nan"), "", "losses", "", "crit", "", 2)
        return msgspec.structs.replace(whole, readings=[bad])


def test_a_nan_is_named_and_an_old_reading_says_how_old() -> None:
    report = ask("brain", Broken())
    assert report.headline == "policy_loss nan is crit"
    assert facts(report)["policy_loss"].note == "2 updates old"


def test_the_four_readings_of_the_actions_are_told_apart() -> None:
    names = [one.name for one in table(ask("brain")).columns]
    assert names == [
        "action",
        "share",
        "unforced_share",
        "opportunity_rate",
        "mean_probability",
    ]


def test_more_shows_single_heads_and_what_was_masked() -> None:
    blocks = {block["title"]: block for block in as_json(ask("brain --more"))["blocks"]}
    heads = {row["head"]: row for row in blocks["heads, one by one"]["rows"]}
    assert heads["blueprint"]["absent"]["entropy"] == "masked"
    assert heads["op"]["verdicts"]["entropy"] == "crit"
    health = {row["name"]: row for row in blocks["health"]["rows"]}
    assert health["entropy"]["previous"] == 0.124


def test_a_group_of_readings_is_judged_alone() -> None:
    report = ask("brain losses")
    assert [block.title for block in report.blocks if isinstance(block, Table)] == ["losses"]
    assert (report.headline, report.verdict) == ("no reading could be judged", None)
    assert ask("brain heads").headline.startswith("entropy.op 0.0900 is crit")
    empty = render(ask("brain recurrent"), "plain", Screen())
    assert "recurrent: not measured" in empty


# actions


def test_actions_separate_what_was_chosen_from_what_was_forced() -> None:
    report = ask("actions")
    assert report.headline == "WAIT is 91 % of 1,024 decisions, 80 % of the 451 unforced ones"
    assert facts(report)["forced_share"].note == "573 of 1,024 decisions"
    assert report.notes[0].startswith("legal but never chosen: CULL")
    assert sum(numbers(column(report, "share"))) == pytest.approx(100)  # type: ignore[arg-type]


def test_actions_of_one_environment_end_with_its_decisions() -> None:
    queries = FakeQueries()
    report = ask("actions 7 --window 200", queries)
    assert ("policy", {"env": 7, "window": 200}) in queries.asked
    assert column(report, "step", 1) == [2626, 2627, 2628, 2629, 2630]


class Maskless(FakeQueries):
    def policy_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> PolicyAnswer:
        whole = super().policy_read(at, env, window)
        unknown = {"unforced_share": NOT_MEASURED, "opportunity_rate": NOT_MEASURED}
        actions = [
            msgspec.structs.replace(one, unforced_count=0, legal_count=0, **unknown)
            for one in whole.actions
        ]
        return msgspec.structs.replace(whole, actions=actions, unforced=None)


def test_without_masks_no_count_of_the_legal_is_made_up() -> None:
    row = as_json(ask("actions", Maskless()))["blocks"][1]["rows"][0]
    assert (row["count"], row["unforced_count"], row["legal_count"]) == (934, None, None)


# rewards


def test_the_components_in_json_add_up_to_the_total() -> None:
    blocks = as_json(ask("rewards 3"))["blocks"]
    total = {row["name"]: row["value"] for row in blocks[1]["rows"]}
    assert blocks[1]["title"] == "total"
    assert sum(row["last"] for row in blocks[0]["rows"]) == pytest.approx(total["last"], abs=1e-6)
    assert total["residual"] == 0


def test_a_cost_sent_as_a_positive_number_is_shown_as_it_enters_the_total() -> None:
    report = ask("rewards 3")
    by_name = dict(zip(column(report, "component"), numbers(column(report, "last")), strict=True))
    assert by_name["rent"] == -0.0021209716796875


class Leaky(FakeQueries):
    missing = 0.013

    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        whole = super().rewards_read(at, env, window)
        bad = reading(self.missing)
        return msgspec.structs.replace(whole, residual=bad, worst_residual=bad)


class Rounded(Leaky):
    missing = 3e-8


def test_components_that_do_not_add_up_are_the_headline() -> None:
    report = ask("rewards", Leaky())
    assert report.headline == (
        "the components do not add up to the reward: up to 0.0130 is unaccounted for"
    )
    assert report.verdict == "warn"


def test_the_rounding_of_float32_is_no_alarm() -> None:
    assert ask("rewards", Rounded()).verdict == "ok"


class Unmeasured(FakeQueries):
    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        whole = super().rewards_read(at, env, window)
        lost = Component("rent", *[NOT_MEASURED] * 4)
        unknown = {"residual": NOT_MEASURED, "worst_residual": NOT_MEASURED}
        return msgspec.structs.replace(whole, components=[lost], **unknown)


def test_a_residual_that_is_not_known_has_no_verdict() -> None:
    report = ask("rewards", Unmeasured())
    assert report.verdict is None
    assert facts(report)["residual"].verdict is None
    assert "add up" not in report.headline


NAN = NonFinite("nan")


class NanLast(FakeQueries):
    at_last: Reading = NAN

    def rewards_read(
        self, at: str | None = None, env: int | None = None, window: int | None = None
    ) -> RewardsAnswer:
        whole = super().rewards_read(at, env, window)
        total = msgspec.structs.replace(whole.total, last=self.at_last, mean=NAN)
        return msgspec.structs.replace(
            whole, total=total, residual=self.at_last, worst_residual=NAN
        )


class NanBefore(NanLast):
    at_last = reading(0.0)


@pytest.mark.parametrize(
    ("queries", "headline"),
    [
        (NanLast(), "reward is nan at the last step"),
        (NanBefore(), "reward is not finite in the window"),
    ],
)
def test_a_reward_that_is_nan_is_no_question_of_adding_up(
    queries: FakeQueries, headline: str
) -> None:
    report = ask("rewards 3", queries)
    assert (report.headline, report.verdict) == (headline, "crit")


def test_rewards_by_action_show_each_component() -> None:
    report = ask("rewards 3 --actions")
    assert column(report, "action", 1) == ["WAIT", "GERMINATE", "FOSSILIZE"]
    assert numbers(column(report, "rent", 1)) == [-0.002] * 3
    assert numbers(column(report, "shaping", 1)) == [0.0, 0.021, None]


def test_a_run_without_rewards_gives_no_table_of_dashes() -> None:
    report = ask("rewards", BareQueries())
    assert facts(report) == {}
    assert report.headline == ""


# seeds and seed


def test_top_seeds_are_sorted_and_those_without_a_reading_come_last() -> None:
    report = ask("seeds top")
    known = [value for value in numbers(column(report, "contribution")) if value is not None]
    assert known == sorted(known, reverse=True)
    assert numbers(column(report, "contribution"))[-3:] == [None, None, None]
    assert report.notes == ("3 seeds have no contribution yet: listed last",)
    assert report.headline.startswith("2 below zero; slots: 1 FOSSILIZED, ")
    assert report.next == "seed 0.r0c0"


@pytest.mark.parametrize(
    ("ranking", "sort"),
    [("top", "-contribution"), ("bottom", "contribution"), ("oldest", "-age_steps")],
)
def test_a_ranking_is_a_sort(ranking: str, sort: str) -> None:
    queries = FakeQueries()
    ask(f"seeds {ranking} --stage HOLDING --env 7 -n 3", queries)
    assert queries.asked == [("seeds", {"sort": sort, "stage": "HOLDING", "env": 7})]


def test_more_seeds_than_shown_are_counted() -> None:
    report = ask("seeds -n 3")
    assert (table(report).shown, table(report).total) == (3, 10)
    assert report.headline.startswith("2 below zero; ")
    assert report.notes == ("3 seeds have no contribution yet: listed last",)


class NanSeed(FakeQueries):
    """Seed 7.r0c1 contributes nan."""

    def seeds_list(
        self,
        at: str | None = None,
        sort: str = "-contribution",
        limit: int | None = None,
        stage: str | None = None,
        env: int | None = None,
        choice: str | None = None,
    ) -> SeedsAnswer:
        whole = super().seeds_list(at, sort, limit, stage, env, choice)
        rows = [
            msgspec.structs.replace(one, contribution=NAN) if one.env == 7 else one
            for one in whole.rows
        ]
        return msgspec.structs.replace(whole, rows=rows)

    def seed_read(self, env: int, slot: str, at: str | None = None) -> SeedAnswer:
        whole = super().seed_read(env, slot, at)
        assert whole.row is not None
        row = msgspec.structs.replace(whole.row, contribution=NAN)
        return msgspec.structs.replace(whole, row=row)


def test_a_contribution_of_nan_is_neither_below_zero_nor_taken_away() -> None:
    assert ask("seeds -n 3", NanSeed()).headline.startswith("1 not finite; 1 below zero; ")
    report = ask("seed 7.r0c1", NanSeed())
    assert report.headline.startswith("HOLDING adapter contributes nan; ")
    assert report.verdict == "crit"


def test_a_seed_says_what_its_gate_lacks_and_how_much() -> None:
    report = ask("seed 7.r0c1")
    assert report.headline == (
        "HOLDING adapter takes away 0.94 points; gate fossilize lacks contribution"
    )
    assert column(report, "passed") == [True, False]
    assert numbers(column(report, "missing")) == [0.0, pytest.approx(1.94)]


def test_a_gate_input_without_a_reading_is_missing_and_does_not_pass() -> None:
    report = ask("seed 3.r0c1")
    assert column(report, "passed") == [False, None]
    assert number(column(report, "missing")[1]) is None
    assert "trial_gain" in report.headline


def test_an_open_gate_is_said_to_be_open() -> None:
    assert ask("seed 9.r0c1").headline.endswith("gate fossilize is open")


@pytest.mark.parametrize(
    ("seed", "headline"),
    [
        ("0.r0c2", "slot r0c2 of env 0 is empty, and nothing was ever in it"),
        ("8.r0c0", "slot r0c0 of env 8 is empty (DORMANT)"),
    ],
)
def test_an_empty_slot_says_so(seed: str, headline: str) -> None:
    assert ask(f"seed {seed}").headline == headline


def test_a_slot_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UsageError) as caught:
        ask("seed 7.r9c9")
    assert caught.value.hint == "they are r0c0, r0c1, r0c2"


def test_a_seed_is_named_by_environment_and_slot() -> None:
    with pytest.raises(click.UsageError, match=r"N\.SLOT is expected"):
        ask("seed 7")


# events


def test_events_below_the_asked_severity_are_left_out() -> None:
    report = ask("events --severity warn")
    assert set(column(report, "severity")) == {"warn", "error"}
    assert report.headline == "1 error, 3 warn; 21 lesser ones"
    assert report.next == "env 11"


def test_no_event_of_that_severity_is_not_the_same_as_no_event() -> None:
    found = table(ask("events --severity critical"))
    assert found.empty == "no event matches; 25 of lesser severity do"


def test_the_newest_event_is_at_the_bottom_and_the_rest_are_counted() -> None:
    report = ask("events -n 3")
    assert column(report, "step") == [2611, 2624, 2629]
    assert (table(report).shown, table(report).total) == (3, 25)
    assert column(report, "where") == ["11", "run", "3.r0c2"]


def test_all_filters_of_events_reach_the_question() -> None:
    queries = FakeQueries()
    report = ask("events --type seed.stage --env 7 --since -5m", queries)
    assert queries.asked == [
        ("events", {"type": "seed.stage", "env": 7, "since": "-5m", "limit": 15})
    ]
    assert report.title == "events, of type seed.stage, of env 7, since -5m"
    assert "type" not in [one.name for one in table(report).columns]


# vitals


def test_vitals_say_that_there_is_no_gpu_and_name_what_is_wrong() -> None:
    report = ask("vitals")
    assert report.headline == "memory is warn: 91.4 %, telemetry lost is warn: 2"
    assert facts(report)["gpu"].note.startswith("no GPU here")
    assert facts(report)["gpu"].value == NOT_MEASURED


class Ended(FakeQueries):
    def vitals_read(self, at: str | None = None) -> VitalsAnswer:
        speed = Vital("steps now", reading(61.7), "steps/s")
        return VitalsAnswer(msgspec.structs.replace(AT, live=False), [speed])


def test_a_run_that_ended_has_no_speed_now() -> None:
    assert facts(ask("vitals", Ended()))["steps now"].value == NOT_MEASURED


# all


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("seeds", "seeds: not measured; run.seed(...) records them"),
        ("rewards", "components: not measured; run.step(rewards={...}) records them"),
        ("actions", "actions: not measured; run.step(actions=..., probabilities=..., masks=...)"),
        ("brain", "actions: not measured; run.step(actions=...) records them"),
        ("events", "nothing has happened yet"),
    ],
)
def test_a_run_that_says_little_is_told_which_call_would_say_it(line: str, words: str) -> None:
    assert words in render(ask(line, BareQueries()), "plain", Screen())


def test_the_moment_asked_about_reaches_the_question_and_the_answer() -> None:
    queries = FakeQueries()
    found = answer("envs --at -50 --format json", queries)
    assert queries.asked == [("envs", {"at": "-50", "sort": "env"})]
    assert (found.format, found.report.at, found.report.command) == ("json", AT, "envs")
