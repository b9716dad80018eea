"""An event file of TensorBoard: what a summary holds, and a file that is there whole or not at all.

Written with the tensorboard package; neither torch nor TensorFlow is needed.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.plugins.hparams import summary_v2
from tensorboard.summary.writer.record_writer import RecordWriter

from sanctum.errors import UsageError
from sanctum.export.places import AS_HINT

WRITER = "sanctum export of "
VERSION = "brain.Event:2"


class BoardFile:
    """An event file that begins with whose run it is; written aside until `publish`."""

    def __init__(self, path: Path, identity: str, time: float) -> None:
        self.path = path
        self.values = 0
        self._aside = path.with_name(f".{os.getpid()}.exporting")
        self._file = self._aside.open("wb")
        self._writer = RecordWriter(self._file)
        self._write(event_pb2.Event(wall_time=time, file_version=VERSION))
        about = event_pb2.SourceMetadata(writer=f"{WRITER}{identity}")
        self._write(event_pb2.Event(wall_time=time, source_metadata=about))

    def add(self, step: int, time: float, values: Iterable[Any]) -> None:
        """What was said at a step, as one event."""
        summary = summary_pb2.Summary(value=values)
        if summary.value:
            self.values += len(summary.value)
            self._write(event_pb2.Event(wall_time=time, step=step, summary=summary))

    def finish(self) -> None:
        """Everything to the disk, still aside."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def publish(self) -> int:
        """Give the file its name; gives its bytes."""
        self._aside.replace(self.path)
        return self.path.stat().st_size

    def drop(self) -> None:
        """Leave nothing behind; harmless after `publish`."""
        with contextlib.suppress(OSError):
            self._file.close()
        self._aside.unlink(missing_ok=True)

    def _write(self, event: Any) -> None:
        self._writer.write(event.SerializeToString())


def scalar(tag: str, value: float) -> Any:
    """A number of a summary."""
    return summary_pb2.Summary.Value(tag=tag, simple_value=value)


def text(tag: str, said: str) -> Any:
    """A text of a summary, in Markdown."""
    plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
    tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[said.encode()])
    tensor.tensor_shape.dim.add().size = 1
    metadata = summary_pb2.SummaryMetadata(plugin_data=plugin)
    return summary_pb2.Summary.Value(tag=f"{tag}/text_summary", metadata=metadata, tensor=tensor)


def settings(config: Mapping[str, Any], started: float) -> list[Any]:
    """The run's settings as TensorBoard's hyperparameters; those that are not set as text."""
    known = {name: "None" if value is None else value for name, value in config.items()}
    if not known:
        return []
    return list(summary_v2.hparams_pb(known, start_time_secs=started).value)


def check_ours(folder: Path, run: str, identity: str) -> list[Path]:
    """The event files in and below a folder, all of that very run. Raises UsageError."""
    found = sorted(one for one in folder.rglob("*tfevents*") if one.is_file())
    for path in found:
        whose = _identity(path)
        if whose is None:
            raise UsageError(f"{path} is there already, and none of ours", AS_HINT)
        if whose != identity:
            raise UsageError(f"{path} holds another run that is called {run}", AS_HINT)
    return found


def _identity(path: Path) -> str | None:
    """Whose run an event file says it is; None when it is none of ours."""
    with contextlib.suppress(Exception):
        for _, data in zip(range(2), RawEventFileLoader(str(path)).Load(), strict=False):
            event = event_pb2.Event.FromString(data)
            if event.source_metadata.writer.startswith(WRITER):
                return str(event.source_metadata.writer).removeprefix(WRITER)
    return None
