"""``seed N.SLOT``: one seed: where it stands, what its next gate lacks, and its life so far."""

from __future__ import annotations

import math

import click

from sanctum.command import (
    SEED,
    Block,
    Column,
    Fact,
    Facts,
    Moment,
    Report,
    Series,
    Table,
    cell,
    columns,
    gates,
    inspect_command,
    story,
)
from sanctum.command.readings import listed
from sanctum.model.answers import Curve, SeedAnswer, SeedRow, Verdict
from sanctum.model.readings import number

LIFE = 12
"""Lines of a life that a screen has room for."""

TURNS = {"GERMINATED": "germinated", "BLENDING": "blended", "FOSSILIZED": "kept"}
"""Stages whose beginning is told apart, and what that is called."""

MASK = (
    Column("op", lambda pair: pair[0], priority=0),
    Column("legal", lambda pair: pair[1] is None, priority=0),
    Column("forbidden by", lambda pair: pair[1] or "", priority=0),
)
EARLIER = (
    Column("born", lambda one: one.born, priority=0, digits=0),
    Column("age", lambda one: one.ended - one.born if one.ended is not None else None, digits=0),
    Column("blueprint", lambda one: one.blueprint, priority=0),
    Column("reached", lambda one: one.stage, priority=0),
    Column("contribution", lambda one: one.contribution, unit="points", digits=2),
    Column("ended by", lambda one: one.reason, priority=0, flex=True),
)


@inspect_command("seed", group="look", examples=("seed 7.r0c1", "seed 7.r0c1 --more"))
@click.argument("seed", type=SEED, metavar="N.SLOT")
@click.option("--more", is_flag=True, help="all its readings, its whole life, the seeds before it")
def command(moment: Moment, seed: tuple[int, str], more: bool) -> Report:
    """Show one seed: stage, alpha, contribution, its next gate, its life.

    A gate opens when every input passes; an input that was not measured does not pass. Its life is
    told a line a step: what was tried, by whom (the policy, with the probability it gave that op;
    a gate; the trainer), what came of it, why; the same several times in a row is one line. Of a
    slot that is empty, the life of the last seed in it. Ages are in steps.
    """
    env, slot = seed
    answer = moment.seed(env, slot)
    row, lines = answer.row, story.told(story.last_life(answer.events), answer.decisions)
    blocks: list[Block] = []
    if row is not None and not columns.is_empty(row):
        last = [] if more else [columns.last_event(answer.events, answer.at)]
        blocks.append(Facts([*_facts(row), *(_turns(lines) if more else ()), *last]))
        if more and row.numbers:
            blocks.append(Facts(_numbers(answer, row), "all readings"))
        if row.gate_inputs:
            blocks.append(Table(gates.INPUTS, row.gate_inputs))
        if more:
            blocks += _mask(row)
    blocks += _curves(answer, more and (row is not None or bool(answer.lives)))
    if more or row is None or columns.is_empty(row):
        blocks.append(_life(lines, more))
    if more:
        blocks += gates.met(story.last_life(answer.events))
    if more and len(answer.lives) > 1:
        title = "earlier seeds of this slot, the newest first"
        blocks.append(Table(EARLIER, answer.lives[1:], title=title, total=answer.lives_count - 1))
    return Report(
        f"seed {env}.{slot}",
        *blocks,
        headline=_headline(answer, lines),
        verdict=columns.harms(row) if row is not None else None,
        at=answer.at,
        next=f"env {env}" if more or answer.row is None else f"seed {env}.{slot} --more",
    )


def _curves(answer: SeedAnswer, every: bool) -> list[Block]:
    """Its readings over its life; of `every` one, be it that nothing was measured."""
    if not every:
        known = (("contribution", answer.contribution), ("alpha", answer.alpha))
        is_there = answer.row is not None and not columns.is_empty(answer.row)
        shown = ((name, curve) for name, curve in known if curve and not _is_flat(curve))
        return [columns.course(curve, name) for name, curve in shown if is_there]
    found = (
        ("contribution", "points", answer.contribution),
        ("alpha", "0-1", answer.alpha),
        ("gradient_health", "0-1", answer.gradient),
    )
    return [
        Series(name, (), unit) if curve is None else columns.course(curve, name)
        for name, unit, curve in found
    ]


def _life(lines: list[story.Line], more: bool) -> Table:
    return Table(
        story.COLUMNS,
        lines if more else lines[-LIFE:],
        title="its life",
        empty="no event of this slot",
        total=len(lines),
        detail=story.DETAIL,
    )


def _turns(lines: list[story.Line]) -> list[Fact]:
    """What germinated it, what blended it, what kept it."""
    found = story.turns(lines, TURNS)
    return [
        Fact(TURNS[stage], f"step {line.first:,}", note=_by(line)) for stage, line in found.items()
    ]


def _by(line: story.Line) -> str:
    """What began it, and who: ``CULL by the policy (24 %)``."""
    if line.by == story.POLICY:
        share = line.whom.removeprefix(story.POLICY).strip()
        return f"{line.action} by the policy" + (f" ({share})" if share else "")
    return line.action or ""


def _numbers(answer: SeedAnswer, row: SeedRow) -> list[Fact]:
    return [Fact(name, one, answer.units.get(name, "")) for name, one in row.numbers.items()]


def _is_flat(curve: Curve) -> bool:
    """Whether a curve says nothing that its last value does not."""
    return len({number(value) for value in curve.values}) < 2


def _headline(answer: SeedAnswer, lines: list[story.Line]) -> str:
    row = answer.row
    if row is None:
        return f"slot {answer.slot} of env {answer.env} is empty, and nothing was ever in it"
    if columns.is_empty(row):
        return (
            f"slot {answer.slot} of env {answer.env} is empty ({row.stage}){_last(answer, lines)}"
        )
    words = row.stage if row.blueprint is None else f"{row.stage} {row.blueprint}"
    harm = columns.harms(row)
    if harm == "crit":
        words += f" contributes {cell(row.contribution)}"
    elif harm is not None:
        does = "takes away" if harm == "warn" else "adds"
        words += f" {does} {cell(row.contribution, 2).lstrip('-')} points"
    if not row.gate_inputs:
        is_over = row.stage.upper() in gates.GATELESS
        return f"{words}; " + ("no gate ahead" if is_over else "nobody said its next gate")
    open_ = [one.name for one in gates.lacking(row)]
    if not open_:
        return f"{words}; gate {row.gate or 'ahead'} is open"
    return f"{words}; gate {row.gate or 'ahead'} lacks {listed(open_)}"


def _last(answer: SeedAnswer, lines: list[story.Line]) -> str:
    """What became of the last seed of a slot that is empty."""
    if not answer.lives or answer.lives[0].ended is None:
        return ""
    last = answer.lives[0]
    line = next((one for one in lines if one.last == last.ended), None)
    why = (_by(line) if line is not None else "") or last.reason
    seed = f"the last, {last.blueprint}," if last.blueprint else "the last seed"
    return f"; {seed} ended at step {last.ended:,}" + (f": {why}" if why else "")


def _facts(row: SeedRow) -> list[Fact]:
    said = f"reported {row.said_age_steps:,} steps ago" if row.said_age_steps else ""
    size = number(row.parameters)
    return [
        Fact("stage", row.stage, note=said),
        Fact(
            "blueprint", row.blueprint, note="" if size is None else f"{cell(size, 0)} parameters"
        ),
        Fact("age", row.age_steps, "steps", note=f"{cell(row.stage_steps, 0)} in this stage"),
        Fact("alpha", row.alpha, "0-1", note=_schedule(row), digits=2),
        Fact("contribution", row.contribution, "points", columns.harms(row), digits=2),
        Fact("improvement", row.improvement, "points", digits=2),
        Fact("gradient_health", row.gradient_health, "0-1", *_gradient(row), digits=2),
        *_shapley(row),
        *_legal(row),
    ]


def _schedule(row: SeedRow) -> str:
    """Where alpha goes, and when it will be there."""
    goes, steps = f"goes to {cell(row.alpha_target, 2)}", number(row.alpha_to_go_steps)
    if not steps:
        return goes
    if not math.isfinite(steps):
        return f"{goes}, but does not move"
    return f"{goes} in {steps:g} steps at its pace"


def _legal(row: SeedRow) -> list[Fact]:
    """What the mask lets the policy do with it; unsaid where its stage is newer than the mask."""
    if not row.rules or not number(row.stage_steps):
        return []
    legal = [op for op, rule in row.rules.items() if rule is None]
    return [Fact("legal", ", ".join(legal) or "nothing")]


def _mask(row: SeedRow) -> list[Block]:
    """Which ops could name its slot at the newest decision, and what forbade the others."""
    if not row.rules:
        return []
    return [Table(MASK, list(row.rules.items()), title="legal at the newest decision")]


def _gradient(row: SeedRow) -> tuple[Verdict | None, int | None, str]:
    """Verdict, age (its own) and words of the gradients, where they vanish or explode."""
    if number(row.numbers.get("exploding")):
        return "crit", None, "gradients explode"
    if number(row.numbers.get("vanishing")):
        return "warn", None, "gradients vanish"
    return None, None, ""


def _shapley(row: SeedRow) -> list[Fact]:
    """Its Shapley value, where one was computed."""
    if "shapley" not in row.numbers:
        return []
    spread = number(row.numbers.get("shapley_std"))
    note = "" if spread is None else f"+- {cell(spread, 2)}"
    return [Fact("shapley", row.numbers["shapley"], "points", note=note, digits=2)]
