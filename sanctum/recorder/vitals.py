"""The machine's vitals: GPU by NVML, CPU and memory by psutil; sampled every few seconds."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import msgspec
import psutil

from sanctum.model.answers import Verdict, Vital
from sanctum.model.readings import NOT_MEASURED, reading
from sanctum.record.writer import Writer
from sanctum.recorder.ingest import Ingest

SAMPLE_S = 5.0
_encoder = msgspec.msgpack.Encoder()
MEMORY_WARN, MEMORY_CRIT = 0.85, 0.9


class Machine:
    """Reads this machine and the trainer's process `pid`, 0 where that is not known."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._sampled_at = 0.0
        self._process: psutil.Process | None = None
        with contextlib.suppress(psutil.Error):
            self._process = psutil.Process(pid) if pid else None
            if self._process is not None:
                self._process.cpu_percent()
        psutil.cpu_percent()
        self._gpus, self._why_no_gpu = _gpus()

    def sample(self, writer: Writer, ingest: Ingest) -> None:
        """Write a row of vitals when one is due."""
        if time.monotonic() - self._sampled_at < SAMPLE_S:
            return
        self._sampled_at = time.monotonic()
        writer.insert(
            "INSERT INTO vitals (attempt, step, time, data) VALUES (?, ?, ?, ?)",
            ingest.attempt,
            ingest.last_step,
            ingest.clock.now(),
            _encoder.encode(self.readings()),
            minor=True,
        )

    def readings(self) -> list[Vital]:
        """GPU, CPU and memory now; a reading that cannot be had says why."""
        return [*self._gpu(), *self._trainer(), *self._whole()]

    def _gpu(self) -> list[Vital]:
        if not self._gpus:
            return [Vital("gpu", NOT_MEASURED, "percent", None, self._why_no_gpu)]
        found = []
        for index, handle in enumerate(self._gpus):
            found += _gpu_vitals(index, handle)
        return found

    def _trainer(self) -> list[Vital]:
        try:
            if self._process is None:
                raise psutil.NoSuchProcess(0)
            with self._process.oneshot():
                cpu = self._process.cpu_percent()
                used = self._process.memory_info().rss
        except psutil.Error:
            why = "the trainer's process has gone" if self._pid else "its process is not known"
            return [
                Vital("trainer cpu", NOT_MEASURED, "percent", None, why),
                Vital("trainer memory", NOT_MEASURED, "MiB", None, why),
            ]
        return [
            Vital("trainer cpu", reading(cpu), "percent", None, "of one core"),
            Vital("trainer memory", reading(used / 2**20), "MiB"),
        ]

    def _whole(self) -> list[Vital]:
        memory = psutil.virtual_memory()
        cores = psutil.cpu_count() or 1
        return [
            Vital("cpu", reading(psutil.cpu_percent()), "percent", None, f"of {cores} cores"),
            Vital(
                "memory",
                reading(memory.percent),
                "percent",
                _memory_verdict(memory.percent / 100),
                f"of {memory.total / 2**30:.1f} GiB",
            ),
        ]


def _memory_verdict(share: float) -> Verdict:
    if share > MEMORY_CRIT:
        return "crit"
    return "warn" if share > MEMORY_WARN else "ok"


def _gpus() -> tuple[list[Any], str]:
    """Handles of all GPUs, or none and why."""
    try:
        import pynvml
    except ImportError:
        return [], "no GPU reading: the module pynvml is not installed"
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(count)]
    except pynvml.NVMLError as error:
        return [], f"no GPU here ({error})"
    return handles, "" if handles else "no GPU here"


def _gpu_vitals(index: int, handle: Any) -> list[Vital]:
    import pynvml

    name = f"gpu {index}"
    found = []
    try:
        used = pynvml.nvmlDeviceGetUtilizationRates(handle).gpu
        found.append(Vital(f"{name} use", reading(float(used)), "percent"))
    except pynvml.NVMLError as error:
        found.append(Vital(f"{name} use", NOT_MEASURED, "percent", None, str(error)))
    try:
        memory = pynvml.nvmlDeviceGetMemoryInfo(handle)
        share = float(memory.used) / float(memory.total)
        found.append(
            Vital(
                f"{name} memory",
                reading(float(memory.used) / 2**30),
                "GiB",
                _memory_verdict(share),
                f"of {float(memory.total) / 2**30:.1f} GiB",
            )
        )
    except pynvml.NVMLError as error:
        found.append(Vital(f"{name} memory", NOT_MEASURED, "GiB", None, str(error)))
    return found
