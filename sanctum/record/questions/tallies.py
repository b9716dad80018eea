"""Tallies of all seeds as of a moment: each goes on from one that was put aside before.

A record grows by hundreds of changes of stage an update. They are read once, in slices, the newest
at the recorder's tick; every `EVERY` of them the tally is put aside, by the recorder in the file,
and that of a past moment goes on from the last that was put aside before it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict

import msgspec

from sanctum.record.moments import Scope
from sanctum.record.questions.fates import Tally, frozen, thawed
from sanctum.record.questions.lives import Row
from sanctum.record.reader import Reader
from sanctum.record.writer import Writer

EVERY = 4096
MARKS = 256
"""Tallies that are put aside of a run at most, even; of a longer one every second is forgotten."""

KEPT = 8
"""Tallies that are remembered: of the newest attempt, of environments asked for of late."""

_KEY = "tallies"


class Mark(msgspec.Struct, frozen=True):
    """A tally put aside: it holds the changes of stage up to the id `last`.

    `newest` is the latest step at which any of those was said, `oldest` the earliest at which one
    was after the mark before. They ascend where everything is said in its turn.
    """

    last: int
    newest: int
    oldest: int
    tally: bytes

    @property
    def ends(self) -> tuple[int, int]:
        """Up to which id it goes, and to which step."""
        return self.last, self.newest


class Course:
    """How the tally of one attempt grew; of one environment where `env` is given."""

    def __init__(self, attempt: int, env: int | None) -> None:
        self._where = "+attempt = ?" if env is None else "env = ? AND +attempt = ?"
        self._who = [attempt] if env is None else [env, attempt]
        self._every = EVERY
        self._marks = [Mark(0, -2, -2, frozen(Tally()))]
        self._now = Tally()
        self._last, self._newest, self._oldest = 0, -2, 2**62
        self._since = 0
        self._kept = 0

    def recall(self, reader: Reader, attempt: int) -> None:
        """Begin with what a recorder put aside in the file, if this program can read that."""
        if not reader.has_table("tallies"):
            return
        kept = [
            Mark(*row)
            for row in reader.rows(
                "SELECT last, newest, oldest, data FROM tallies WHERE attempt = ? ORDER BY last",
                attempt,
            )
        ]
        try:
            now = thawed(kept[-1].tally) if kept else Tally()
        except msgspec.MsgspecError:
            return
        for one in kept:
            self._marks.append(one)
            if len(self._marks) > MARKS:
                self._forget_half()
        self._now, self._last, self._newest = now, *((kept or self._marks)[-1].ends)
        self._kept = self._last

    def unkept(self) -> list[Mark]:
        """What was put aside since this was asked last."""
        found = [one for one in self._marks if one.last > self._kept]
        self._kept = self._marks[-1].last
        return found

    def now(self, reader: Reader) -> Tally:
        """With all that was said so far."""
        while self.go_on(reader):
            pass
        return self._now

    def go_on(self, reader: Reader) -> bool:
        """Read the next slice; whether there may be more."""
        wanted = self._every - self._since
        rows = self._rows(reader, f"id > {self._last}", f"LIMIT {wanted}")
        if not rows:
            return False
        self._now.take(rows)
        said = [one[5] for one in rows]
        self._last, self._since = rows[-1][0], self._since + len(rows)
        self._newest = max(self._newest, *said)
        self._oldest = min(self._oldest, *said)
        if self._since >= self._every:
            self._put_aside()
        return len(rows) == wanted

    def then(self, reader: Reader, step: int) -> Tally:
        """With all that was said by a step."""
        self.now(reader)
        marks = self._marks
        place = bisect_right(marks, step, key=lambda one: one.newest) - 1
        found = thawed(marks[place].tally)
        ends = [(one.last, one.oldest) for one in marks[place + 1 :]] + [(self._last, self._oldest)]
        first = marks[place].last
        for last, oldest in ends:
            if oldest <= step:
                which = f"id > {first} AND id <= {last} AND {reader.said('events')} <= {step}"
                found.take(self._rows(reader, which))
            first = last
        return found

    def _rows(self, reader: Reader, which: str, limit: str = "") -> list[Row]:
        return reader.rows(
            f"SELECT id, step, env, slot, data, {reader.said('events')} FROM events"
            f" WHERE {which} AND {self._where} AND type = 'stage' ORDER BY id {limit}",
            *self._who,
        )

    def _put_aside(self) -> None:
        self._marks.append(Mark(self._last, self._newest, self._oldest, frozen(self._now)))
        self._since, self._oldest = 0, 2**62
        if len(self._marks) > MARKS:
            self._forget_half()

    def _forget_half(self) -> None:
        """Forget every second one; what is left is twice as far apart."""
        kept = [self._marks[0]]
        for one, two in zip(self._marks[1::2], self._marks[2::2], strict=True):
            kept.append(msgspec.structs.replace(two, oldest=min(one.oldest, two.oldest)))
        self._marks, self._every = kept, 2 * self._every


def tally(of: Scope, env: int | None = None) -> Tally:
    """What became of all seeds by the moment, or of one environment's; not to be changed."""
    course = _course(of.reader, of.attempt.attempt, env)
    return course.now(of.reader) if of.is_now else course.then(of.reader, of.step)


def go_on(writer: Writer, reader: Reader, attempt: int) -> None:
    """Read the next slice of what was said, if there is one: at the recorder's ticks."""
    course = _course(reader, attempt, None)
    course.go_on(reader)
    for one in course.unkept():
        writer.insert(
            "INSERT OR REPLACE INTO tallies (attempt, last, newest, oldest, data)"
            " VALUES (?, ?, ?, ?, ?)",
            attempt,
            one.last,
            one.newest,
            one.oldest,
            one.tally,
            minor=True,
        )


def _course(reader: Reader, attempt: int, env: int | None) -> Course:
    every: OrderedDict[tuple[int, int], Course]
    every = reader.remembered.setdefault(_KEY, OrderedDict())
    key = (attempt, -1 if env is None else env)
    if key not in every:
        every[key] = Course(attempt, env)
        if env is None:
            every[key].recall(reader, attempt)
    every.move_to_end(key)
    while len(every) > KEPT:
        every.popitem(last=False)
    return every[key]
