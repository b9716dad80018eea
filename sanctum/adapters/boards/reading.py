"""A run that is made of TensorBoard's event files, in the order in which they were written."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from sanctum.adapters.boards.course import Course
from sanctum.adapters.boards.entries import ELSEWHERE, RESUMED, SCALAR, SETTINGS, TEXT, Entry
from sanctum.adapters.boards.files import EventFile
from sanctum.adapters.boards.folders import Folder, Part
from sanctum.adapters.boards.settings import named, planned_steps, table, task_of
from sanctum.probe.hello import About
from sanctum.probe.openings import Opens
from sanctum.probe.run import Run

KIND = "tensorboard"
SETTINGS_TAGS = ("hyperparameters", "hparams", "config", "args")
UNITS = {"accuracy": "", "best_accuracy": "", "loss": "", "val_loss": ""}
"""Units that the catalogue knows of its own columns and nobody knows of a script's."""

TEXT_CHARS = 20_000
LOOK_ENTRIES = 512


class _Said(NamedTuple):
    """An entry, which file said it, and of which part of the run."""

    time: float
    writer: int
    entry: Entry
    part: Part


class Reading:
    """Reads the event files of one run and tells `opens`'s run what they say.

    `run` is None until the first entry but settings came. `read` may be called again while the
    files grow. `counts` are entries by kind, `left_out` those of them that only TensorBoard shows.
    """

    def __init__(self, folder: Folder, run_id: str, opens: Opens) -> None:
        self.folder = folder
        self.run: Run | None = None
        self.course: Course | None = None
        self.kinds: Counter[str] = Counter()
        self._run_id = run_id
        self._opens = opens
        self._files: dict[Path, tuple[EventFile, Part]] = {}
        self._writers: dict[Path, int] = {}
        self._unreadable: dict[Path, str] = {}
        self._config: dict[str, Any] = {}
        self._last_time = 0.0

    def read(self, look: Callable[[int], None] = lambda count: None) -> int:
        """Read and tell what is new; gives how many entries that were. Raises OSError.

        `look` hears now and then how many they are so far.
        """
        self._look_for_files()
        count = 0
        streams = [self._stream(path) for path in self._files]
        for said in heapq.merge(*streams, key=lambda one: one.time):
            count += 1
            self._take(said)
            if count % LOOK_ENTRIES == 0:
                look(count)
        return count

    @property
    def left_out(self) -> dict[str, int]:
        """Entries that TensorBoard shows and the record has not, by kind."""
        return {kind: n for kind, n in sorted(self.kinds.items()) if kind not in _TOLD}

    @property
    def refused(self) -> list[str]:
        """Sentences about what could not be read."""
        found = [sentence for file, _ in self._files.values() for sentence in file.refused]
        found += [why for file, _ in self._files.values() if (why := file.unread())]
        return [*found, *self._unreadable.values()]

    def counts(self) -> dict[str, int]:
        """Everything that came, by kind."""
        told = dict(self.course.counts) if self.course is not None else {}
        rest = {kind: n for kind, n in self.kinds.items() if kind != SCALAR}
        return dict(sorted({**told, **rest}.items()))

    def tell_source(self) -> None:
        """Say in the record what came and what did not."""
        if self.run is None:
            return
        refused = self.refused
        unknown = sum(n for kind, n in self.left_out.items() if kind not in ELSEWHERE)
        versions = {file.version for file, _ in self._files.values() if file.version}
        self.run.source(
            KIND,
            str(self.folder.path.absolute()),
            counts=self.counts(),
            unknown=unknown,
            refused=refused[:20],
            refused_count=len(refused),
            version=", ".join(sorted(versions)) or None,
        )

    def close(self, why: str) -> None:
        """No more is read, and `why`: how the script ended, its files do not say."""
        if self.run is None or self.course is None:
            return
        self.course.settle()
        self.tell_source()
        self.run.close("ended", why)

    def _look_for_files(self) -> None:
        for part in self.folder.parts:
            for path in part.files():
                if path in self._files:
                    continue
                try:
                    self._files[path] = EventFile(path), part
                    self._unreadable.pop(path, None)
                except OSError as error:
                    why = (error.strerror or str(error)).lower()
                    self._unreadable[path] = f"{path.name} cannot be read: {why}"

    def _stream(self, path: Path) -> Iterator[_Said]:
        """What is new in a file; times that go back within it are put right."""
        file, part = self._files[path]
        newest = 0.0
        for entry in file.read():
            writer = self._writers.setdefault(path, len(self._writers))
            newest = max(newest, entry.time)
            yield _Said(newest, writer, entry, part)

    def _take(self, said: _Said) -> None:
        entry = said.entry
        self.kinds[entry.kind] += 1
        self._last_time = max(self._last_time, entry.time)
        settings = _settings(entry)
        if settings:
            self._configure(settings)
        if self.course is None:
            if entry.kind not in (SCALAR, TEXT) or settings:
                return
            self.course = self._begin(entry.time)
        course = self.course
        course.begin_writer(said.writer, said.time)
        if entry.kind == SCALAR:
            assert isinstance(entry.value, float)
            course.scalar(
                said.part.tag(entry.tag), entry.value, entry.step, entry.time, said.writer
            )
        elif entry.kind == TEXT and not settings:
            tell_text(course.run, entry.tag, str(entry.value), entry.step)
        elif entry.kind == RESUMED:
            course.go_back(entry.step)

    def _begin(self, time: float) -> Course:
        about = about_of(self.folder.path.resolve().name, self._config)
        self.run = self._opens(self._run_id, time, **about)
        return Course(self.run)

    def _configure(self, settings: Mapping[str, Any]) -> None:
        self._config.update(settings)
        if self.run is not None:
            self.run.configure(settings, planned_steps=planned_steps(settings))


_TOLD = {SCALAR, TEXT, SETTINGS, RESUMED}


def about_of(name: str, config: Mapping[str, Any]) -> About:
    """How a run is introduced: by the name of its folder and the settings that are known."""
    known = named(name)
    every = {**known.get("config", {}), **config}
    return About(
        task=known.get("task", "") or task_of(every),
        envs=1,
        units=UNITS,
        planned_steps=planned_steps(every),
        config=every,
        trainer=known.get("trainer", ""),
    )


def tell_text(run: Run, tag: str, text: str, step: int | None) -> None:
    """A text as an event: its first line, and all of it in the data."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    data: dict[str, Any] = {"tag": tag, "text": text[:TEXT_CHARS]}
    if len(text) > TEXT_CHARS:
        data["cut_chars"] = len(text) - TEXT_CHARS
    run.message(f"{tag}: {first.strip()[:200]}", type="text", step=step, data=data)


def settings_in(tag: str, text: str) -> dict[str, Any]:
    """The settings in a text, where its tag says that it holds settings."""
    name = tag.rpartition("/")[2].lower()
    return table(text) if name in SETTINGS_TAGS else {}


def _settings(entry: Entry) -> dict[str, Any]:
    if entry.kind == SETTINGS and isinstance(entry.value, Mapping):
        return dict(entry.value)
    if entry.kind == TEXT:
        return settings_in(entry.tag, str(entry.value))
    return {}
