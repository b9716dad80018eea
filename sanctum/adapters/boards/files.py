"""Event files of TensorBoard, read with its own package; the one module here that needs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto import event_pb2
from tensorboard.plugins.hparams import plugin_data_pb2
from tensorboard.util import tensor_util

from sanctum.adapters.boards.entries import RESUMED, SCALAR, SETTINGS, TEXT, Entry

FRAME_BYTES = 16
"""What stands around a record in the file: its length, and a checksum of each."""

_OLD_KINDS = {"histo": "histogram", "obsolete_old_style_histogram": "histogram"}
_PLUGINS = {"scalars": SCALAR, "histograms": "histogram", "images": "image"}
_EVENTS = {
    "graph_def": "graph",
    "meta_graph_def": "graph",
    "tagged_run_metadata": "graph",
    "log_message": "log",
}


class EventFile:
    """One event file, read as far as it goes, again and again while it grows.

    `version` is what it says of itself. `refused` are sentences about records that hold no event.
    Raises OSError.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version: str | None = None
        self.refused: list[str] = []
        self._loader = RawEventFileLoader(str(path))
        self._read_bytes = 0
        self._plugins: dict[str, str] = {}

    def read(self) -> Iterator[Entry]:
        """What has been written since the last time."""
        for data in self._loader.Load():
            try:
                event = event_pb2.Event.FromString(data)
            except Exception as error:  # the library's own kind, which moved between its versions
                self.refused.append(f"{self.path.name} at byte {self._read_bytes:,}: {error}")
            else:
                yield from self._entries(event)
            self._read_bytes += len(data) + FRAME_BYTES

    def unread(self) -> str | None:
        """What is left of the file that makes no sense, in a sentence; None where nothing is."""
        size = self.path.stat().st_size
        left = size - self._read_bytes
        if left <= 0:
            return None
        with self.path.open("rb") as file:
            file.seek(self._read_bytes)
            announced = int.from_bytes(file.read(8), "little") + FRAME_BYTES
        how = "cut off" if announced > left else "damaged"
        return f"{self.path.name} is {how} at byte {self._read_bytes:,} of {size:,}"

    def _entries(self, event: Any) -> Iterator[Entry]:
        time, step, what = event.wall_time, event.step, event.WhichOneof("what")
        if what == "summary":
            for value in event.summary.value:
                yield self._entry(time, step, value)
        elif what == "file_version":
            self.version = event.file_version
        elif what == "session_log":
            if event.session_log.status == event_pb2.SessionLog.START:
                yield Entry(time, step, RESUMED)
        elif what in _EVENTS:
            yield Entry(time, step, _EVENTS[what])

    def _entry(self, time: float, step: int, value: Any) -> Entry:
        what, tag = value.WhichOneof("value"), value.tag
        if what == "simple_value":
            return Entry(time, step, SCALAR, tag, value.simple_value)
        if what not in ("tensor", None):
            return Entry(time, step, _OLD_KINDS.get(what, what), tag)
        plugin = value.metadata.plugin_data.plugin_name or self._plugins.get(tag, "tensor")
        self._plugins[tag] = plugin
        kind, tag = _PLUGINS.get(plugin, plugin), tag.removesuffix("/text_summary")
        if kind == SCALAR:
            return Entry(time, step, SCALAR, tag, float(_numbers(value).reshape(-1)[0]))
        if kind == TEXT:
            return Entry(time, step, TEXT, tag, _text(value))
        if kind == SETTINGS:
            return Entry(time, step, SETTINGS, tag, _settings(value))
        return Entry(time, step, kind, tag)


def _numbers(value: Any) -> Any:
    return tensor_util.make_ndarray(value.tensor)


def _text(value: Any) -> str:
    lines = _numbers(value).reshape(-1)
    return "\n".join(one.decode("utf-8", "replace") for one in lines)


def _settings(value: Any) -> dict[str, Any]:
    """The hyperparameters of a session; none where the entry says something else of it."""
    said = plugin_data_pb2.HParamsPluginData.FromString(value.metadata.plugin_data.content)
    kinds = {"string_value": str, "bool_value": bool, "number_value": float}
    found = {}
    for name, one in said.session_start_info.hparams.items():
        kind = one.WhichOneof("kind")
        if kind in kinds:
            number = getattr(one, kind)
            is_whole = kind == "number_value" and number.is_integer()
            found[name] = int(number) if is_whole else number
    return found
