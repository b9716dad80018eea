"""The record beside one row per environment and step in SQLite, and beside Parquet files.

A made-up run (see ``made_up``) is written to all three a stretch at a time, in turn, and then asked
the same questions in turn. A stretch is what a second would bring: ``--rate`` steps, then a flush.
Bytes written are those that the process gave to write(2), as ``/proc/self/io`` counts them: the
kernel may merge some before they reach the disk, and adds none. The page cache is warm; a block of
the record is cold unless the few that its reader keeps happen to hold it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from sanctum.errors import SanctumError
from tests.bench.made_up import COLUMNS, ENVS, GROUPS, RAW_BYTES, SCALARS, UPDATE_EVERY, stretches
from tests.bench.stores import ParquetFiles, SanctumRecord, SqliteRows, Store, Work
from tests.bench.table import Row, summary

STEPS, RATE, SLOW_RATE, SLOW_STEPS, ROW_STEPS = 1_000_000, 1_000, 50, 20_000, 100_000
ROUNDS, BUDGET_S, POINTS, COUNT = 300, 20.0, 10_000, 3
RARE, OFTEN = 5.2, 2.5
"""What a noisy column exceeds in hardly any chunk, and in every one."""


class Costs:
    """What a store's writing took: seconds and bytes given to the kernel."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.written = 0

    def add(self, work: Work) -> None:
        """Do it, and count."""
        before, start = _written(), time.perf_counter()
        work()
        self.seconds += time.perf_counter() - start
        self.written += _written() - before


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a Markdown table."""
    asked = parsed(arguments)
    with tempfile.TemporaryDirectory(prefix="sanctum-bench-") as folder:
        stores: list[Store] = [
            one(Path(folder)) for one in (SanctumRecord, SqliteRows, ParquetFiles)
        ]
        steps = [asked.steps, min(asked.row_steps, asked.steps), asked.steps]
        costs = written(stores, steps, asked.rate)
        head = [f"{one.name}, {count:,} steps" for one, count in zip(stores, steps, strict=True)]
        print(f"\nrecord: {ENVS} environments, {len(COLUMNS)} columns, {RAW_BYTES:,} bytes a step")
        print(
            f"raw; {len(SCALARS)} scalars every {UPDATE_EVERY} steps; {asked.rate:,} steps a flush"
        )
        print(f"\n| what | {' | '.join(head)} |")
        print(f"|---|{'---:|' * len(stores)}")
        for line in chain(sizes(stores, steps, costs, asked.rate), answers(stores, asked.rounds)):
            print(line, flush=True)


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """What was asked for on the command line."""
    parser = argparse.ArgumentParser("python -m tests.bench record")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--rate", type=int, default=RATE, help="vector steps a second")
    parser.add_argument("--row-steps", type=int, default=ROW_STEPS, help="at most, as SQLite rows")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    return parser.parse_args(arguments)


def written(stores: Sequence[Store], steps: Sequence[int], rate: int) -> list[Costs]:
    """Write the run to all stores in turn; some take only its beginning."""
    costs = [Costs() for _ in stores]
    for stretch in stretches(max(steps), rate):
        for store, limit, cost in zip(stores, steps, costs, strict=True):
            if stretch.first < limit:
                cost.add(store.put(stretch))
    for store, cost in zip(stores, costs, strict=True):
        cost.add(store.finish())
    return costs


def sizes(
    stores: Sequence[Store], steps: Sequence[int], costs: Sequence[Costs], rate: int
) -> Iterator[str]:
    """Bytes and what writing them cost."""
    kept = [one.kept_bytes() for one in stores]
    a_step = [used / count for used, count in zip(kept, steps, strict=True)]
    yield _line("bytes a step", (f"{one:,.0f}" for one in a_step))
    yield _line("against raw", (f"{one / RAW_BYTES:.2f}" for one in a_step))
    for group, names in GROUPS.items():
        raw = len(names) * ENVS * 4
        shares = [
            None
            if (of := getattr(one, "shares", None)) is None
            else sum(used for name, used in of().items() if name in names) / count / raw
            for one, count in zip(stores, steps, strict=True)
        ]
        yield _line(
            f"{len(names)} {group} columns against raw",
            ("-" if one is None else f"{one:.3f}" for one in shares),
        )
    yield _line(
        "to write a step, us",
        (f"{1e6 * cost.seconds / n:,.0f}" for cost, n in zip(costs, steps, strict=True)),
    )
    yield _line(
        f"written against kept, {rate:,} steps a flush",
        (f"{cost.written / used:.2f}" for cost, used in zip(costs, kept, strict=True)),
    )
    with tempfile.TemporaryDirectory(prefix="sanctum-bench-") as folder:
        slow: list[Store] = [SanctumRecord(Path(folder)), SqliteRows(Path(folder))]
        costs = written(slow, [min(SLOW_STEPS, steps[0])] * 2, SLOW_RATE)
        shares = [cost.written / one.kept_bytes() for cost, one in zip(costs, slow, strict=True)]
    yield _line(
        f"written against kept, {SLOW_RATE} steps a flush", (*(f"{one:.2f}" for one in shares), "-")
    )


def answers(stores: Sequence[Store], rounds: int) -> Iterator[str]:
    """How long answers take: median and p99, questions in turn."""
    record = stores[0]
    assert isinstance(record, SanctumRecord)
    random = np.random.default_rng(1)

    def step_of(store: Store, least: int = 0) -> int:
        return int(random.integers(min(least, store.last), store.last + 1))

    yield _asked("open, and the last step", stores, lambda one: one.open(), min(rounds, 20))
    yield _asked("state at a random step", stores, lambda one: one.state(step_of(one)), rounds)
    yield _asked(
        "`env 7` at a random step", [record], lambda _: record.env(step_of(record)), rounds
    )
    yield _asked(
        f"{POINTS:,} points of a series",
        stores,
        lambda one: one.series(COLUMNS[3], step_of(one, POINTS), POINTS),
        rounds // 3,
    )
    yield _asked("all of a series, 200 points", [record], lambda _: record.curve(), 10)
    what = "find over the whole run,"
    yield _asked(f"{what} chunks skipped", stores, lambda one: one.find(COLUMNS[0], RARE), 10)
    yield _asked(f"{what} none skipped", stores, lambda one: one.find(COLUMNS[0], OFTEN), 10)


def _asked(what: str, stores: Sequence[Store], ask: Callable[[Store], Work], rounds: int) -> str:
    """A line of medians and 99th percentiles; a slow store is asked less often."""
    times: list[list[float]] = [[] for _ in stores]
    refused: dict[str, str] = {}
    for _ in range(max(rounds, 3)):
        for store, found in zip(stores, times, strict=True):
            if sum(found) < BUDGET_S or len(found) < 3:
                work = ask(store)
                start = time.perf_counter()
                try:
                    work()
                except SanctumError as error:
                    refused[store.name] = error.sentence
                found.append(time.perf_counter() - start)
    cells = [
        refused.get(store.name) or _median_and_p99(summary(what, found, "ms", 1e3))
        for store, found in zip(stores, times, strict=True)
    ]
    return _line(f"{what}, ms", cells + ["-"] * (COUNT - len(cells)))


def _median_and_p99(row: Row) -> str:
    return f"{row.median:,.3g} (p99 {row.p99:,.3g})"


def _line(what: str, cells: Iterator[str] | Sequence[str]) -> str:
    return f"| {what} | {' | '.join(cells)} |"


def _written() -> int:
    """Bytes that this process has given to write(2) so far."""
    for line in Path("/proc/self/io").read_text().splitlines():
        name, _, count = line.partition(": ")
        if name == "wchar":
            return int(count)
    return 0
