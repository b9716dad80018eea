"""Event files for tests, written as TensorBoard's own package writes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, types_pb2
from tensorboard.plugins.hparams import summary_v2
from tensorboard.summary.writer.record_writer import RecordWriter

BEGAN = 1_700_000_000.0


class EventFile:
    """One event file; `at` is the wall time of what comes next, a second later each time."""

    def __init__(self, folder: Path, *, begun: float = BEGAN, name: str = "host.1.0") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"events.out.tfevents.{int(begun)}.{name}"
        self.at = begun
        self._file = self.path.open("ab")
        self._writer = RecordWriter(self._file)
        self.event(file_version="brain.Event:2")

    def event(self, step: int = 0, **what: Any) -> None:
        event = event_pb2.Event(wall_time=self.at, step=step, **what)
        self._writer.write(event.SerializeToString())
        self._file.flush()
        self.at += 1.0

    def value(self, step: int, **what: Any) -> None:
        self.event(step, summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(**what)]))

    def scalars(self, step: int, **tags: float) -> None:
        """Scalars under tags in which ``__`` stands for a slash."""
        for tag, value in tags.items():
            self.value(step, tag=tag.replace("__", "/"), simple_value=value)

    def new_scalar(self, step: int, tag: str, value: float, plugin: str = "scalars") -> None:
        """A scalar as TensorFlow 2 writes it: a tensor, with its plug-in said the first time."""
        about = summary_pb2.SummaryMetadata()
        about.plugin_data.plugin_name = plugin
        tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_FLOAT, float_val=[value])
        metadata = {"metadata": about} if plugin else {}
        self.value(step, tag=tag, tensor=tensor, **metadata)

    def text(self, step: int, tag: str, said: str) -> None:
        about = summary_pb2.SummaryMetadata()
        about.plugin_data.plugin_name = "text"
        tensor = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=[said.encode()])
        tensor.tensor_shape.dim.add().size = 1
        self.value(step, tag=f"{tag}/text_summary", tensor=tensor, metadata=about)

    def settings(self, **config: Any) -> None:
        self.event(summary=summary_v2.hparams_pb(config))

    def histogram(self, step: int, tag: str) -> None:
        self.value(step, tag=tag, histo=summary_pb2.HistogramProto(num=3))

    def restart(self, step: int) -> None:
        """What a writer made with `purge_step` says first."""
        started = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
        self.event(step, session_log=started)

    def raw(self, data: bytes) -> None:
        """Bytes that are framed as a record but hold no event."""
        self._writer.write(data)
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> EventFile:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def ppo(file: EventFile, updates: int, *, first: int = 1, steps: int = 100) -> None:
    """What a script in CleanRL's manner logs."""
    for update in range(first, first + updates):
        at = (update - 1) * steps
        for offset in (30, 60, 60):
            episode = {"charts__episodic_return": 10.0 + update, "charts__episodic_length": 12.0}
            file.scalars(at + offset, **episode)
        file.scalars(
            update * steps,
            charts__learning_rate=0.001,
            losses__value_loss=5.0 / update,
            losses__policy_loss=-0.01,
            losses__entropy=0.6,
            losses__approx_kl=0.005,
            losses__clipfrac=0.1,
            losses__explained_variance=float("nan") if update == 1 else 0.5,
            charts__SPS=1000.0 + update,
        )
