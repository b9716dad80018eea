"""``SummaryWriter`` in place of torch's: one changed import, and a script is attached.

    from sanctum.adapters.tensorboard import SummaryWriter

What the script says goes to TensorBoard's files as ever, and to a run of Sanctum's.
"""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from sanctum.adapters.boards.reading import about_of
from sanctum.adapters.boards.speaking import Speaker
from sanctum.probe import endings
from sanctum.probe.attach import attach
from sanctum.probe.run import introduce, say

NO_FILES = (
    "sanctum: TensorBoard's files are not written, since {what} is not installed: "
    "python -m pip install 'sanctum[tensorboard]'"
)
_current: Speaker | None = None
_said: set[str] = set()


class SummaryWriter:
    """torch's, with its methods and arguments, that tells a run of Sanctum's the same.

    The first writer of a process attaches: the run is called as `log_dir`'s last folder, and ends
    with the writer. A second one beside it speaks to the same run, its folder's name before its
    tags. Where `sanctum.attach` was called before, only files are written. `run_id` is the run's,
    None where there is none. What torch raises is raised; nothing of Sanctum's is.
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        self.log_dir = str(log_dir or _log_dir(comment))
        self.purge_step = purge_step
        self.max_queue = max_queue
        self.flush_secs = flush_secs
        self.filename_suffix = filename_suffix
        self._board = _board(
            self.log_dir, comment, purge_step, max_queue, flush_secs, filename_suffix
        )
        self._prefix = ""
        self._is_first = False
        self._speaker = self._begin()
        if self._speaker is not None and purge_step is not None:
            self._speaker.go_back(purge_step)

    @property
    def run_id(self) -> str | None:
        """The run that is spoken to."""
        return None if self._speaker is None else self._speaker.run.run_id

    def get_logdir(self) -> str:
        """The folder that event files are written to."""
        return self.log_dir

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: Any = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """One number; a tensor of one element is fetched once for both."""
        scalar_value = _number(scalar_value)
        if self._board is not None:
            self._board.add_scalar(
                tag, scalar_value, global_step, walltime, new_style, double_precision
            )
        if self._speaker is not None:
            self._speaker.scalar(f"{self._prefix}{tag}", scalar_value, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: Mapping[str, Any],
        global_step: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Several numbers of one chart: ``main_tag/NAME``."""
        if self._board is not None:
            self._board.add_scalars(main_tag, tag_scalar_dict, global_step, walltime)
        if self._speaker is not None:
            for name, value in tag_scalar_dict.items():
                tag = f"{self._prefix}{main_tag}/{name}"
                self._speaker.scalar(tag, value, global_step, walltime)

    def add_text(
        self, tag: str, text_string: str, global_step: Any = None, walltime: float | None = None
    ) -> None:
        """A text: an event of type ``text``; a table of hyperparameters becomes settings."""
        if self._board is not None:
            self._board.add_text(tag, text_string, global_step, walltime)
        if self._speaker is not None:
            self._speaker.text(f"{self._prefix}{tag}", text_string, global_step)

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list[Any]] | None = None,
        run_name: str | None = None,
        global_step: Any = None,
    ) -> None:
        """Hyperparameters join the run's settings; the metrics are numbers like any other."""
        if self._board is not None:
            self._board.add_hparams(
                hparam_dict, metric_dict, hparam_domain_discrete, run_name, global_step
            )
        if self._speaker is not None:
            self._speaker.settings(hparam_dict)
            for name, value in metric_dict.items():
                self._speaker.scalar(f"{self._prefix}{name}", value, global_step, None)

    def flush(self) -> None:
        """Everything to the files, and to the record."""
        if self._board is not None:
            self._board.flush()
        if self._speaker is not None:
            self._speaker.tell()

    def close(self) -> None:
        """The script has no more to say; may be called twice."""
        if self._board is not None:
            self._board.close()
        if self._speaker is not None:
            if self._is_first:
                self._speaker.close()
            else:
                self._speaker.tell()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._speaker is not None and self._is_first:
            self._speaker.run.__exit__(kind, value, trace)
        self.close()

    def __getattr__(self, name: str) -> Any:
        """What else torch's writer has: images, histograms, graphs, ... Sanctum counts them."""
        if name.startswith("_"):
            raise AttributeError(name)
        board, speaker = self._board, self._speaker
        if not name.startswith("add_"):
            if board is None:
                raise AttributeError(name)
            return getattr(board, name)
        method = getattr(board, name) if board is not None else _nothing
        if speaker is None:
            return method
        return _counted(method, speaker, name.removeprefix("add_"))

    def _begin(self) -> Speaker | None:
        """The speaker of this process, attached when there is none."""
        global _current
        if _current is not None and not _current.is_over:
            self._prefix = _prefix(_current.log_dir, self.log_dir)
            return _current
        name = Path(self.log_dir).absolute().name
        if endings.live():
            _say_once(
                "sanctum: this process is attached already; its SummaryWriter writes files only"
            )
            return None
        try:
            run = attach(name, **about_of(name, {"log_dir": self.log_dir}))
        except Exception as error:
            say(f"sanctum: {type(error).__name__}: {error}; training goes on, nothing is recorded")
            return None
        introduce(run)
        _current = Speaker(run, self.log_dir)
        self._is_first = True
        return _current


def _board(log_dir: str, *arguments: Any) -> Any:
    """torch's own writer, or None when it cannot be had."""
    try:
        from torch.utils.tensorboard import SummaryWriter as Board
    except ModuleNotFoundError as error:
        _say_once(NO_FILES.format(what=(error.name or "tensorboard").partition(".")[0]))
        return None
    return Board(log_dir, *arguments)


def _log_dir(comment: str) -> str:
    """Where torch's writer would put its files: ``runs/Nov22_10-30-00_host``."""
    stamp = time.strftime("%b%d_%H-%M-%S")
    return f"runs/{stamp}_{socket.gethostname()}{comment}"


def _number(value: Any) -> Any:
    """A tensor or array of one element as its number; whatever is none of these as it is."""
    if type(value) is not float and hasattr(value, "item"):
        with contextlib.suppress(Exception):
            return value.item()
    return value


def _prefix(first: str, other: str) -> str:
    """What leads the tags of another writer of a process; nothing in the same folder."""
    if Path(first).absolute() == Path(other).absolute():
        return ""
    return f"{Path(other).absolute().name}/"


def _counted(method: Callable[..., Any], speaker: Speaker, kind: str) -> Callable[..., Any]:
    def add(*arguments: Any, **named: Any) -> Any:
        speaker.elsewhere(kind)
        return method(*arguments, **named)

    return add


def _nothing(*_: Any, **__: Any) -> None:
    """In place of a method of torch's writer where there is none."""


def _say_once(sentence: str) -> None:
    if sentence not in _said:
        _said.add(sentence)
        say(sentence)
