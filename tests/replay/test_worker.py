"""The process: started as the recorder starts it, asked through its pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from sanctum.model.jobs import (
    Done,
    Evaluate,
    Evaluated,
    Failed,
    FindFlips,
    FindSaliency,
    FlipsFound,
    Job,
    SaliencyFound,
    done_of,
    framed,
    unframed,
)
from sanctum.replay.asking import matrix
from tests.replay.grounds import array, made, policy, random, rows
from tests.replay.policies import HERE

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-P", "-m", "sanctum.replay"]
NET = made(1, [3, 8], 4)
SEEN = torch.randn(6, 3, generator=random(2))
EVALUATE = Evaluate([policy(NET)], [rows(SEEN)])


def environment(*first: Path) -> dict[str, str]:
    path = [*map(str, first), str(ROOT), *sys.path]
    known = {**os.environ, "PYTHONPATH": str(ROOT), "CUDA_VISIBLE_DEVICES": "0"}
    return known | {"SANCTUM_REPLAY_PATH": json.dumps(path)}


class Worker:
    """One process; `told` is what it wrote to stderr, once it is over."""

    def __init__(self, folder: Path, *first: Path) -> None:
        self.stderr = folder / "stderr"
        with self.stderr.open("wb") as file:
            self.process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                cwd=folder,
                env=environment(*first),
            )

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, job: Job) -> Done:
        self.send(framed(job))
        return self.answer()

    def answer(self) -> Done:
        assert self.process.stdout is not None
        data = unframed(self.process.stdout)  # type: ignore[arg-type]
        assert data is not None, self.stderr.read_text()
        return done_of(data)

    def end(self) -> tuple[int, bytes]:
        """Its exit status once stdin is over, and what else it wrote to stdout."""
        left, _ = self.process.communicate(timeout=60)
        return self.process.returncode, left

    @property
    def told(self) -> str:
        return self.stderr.read_text()


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """One for several tests, since it takes seconds to import torch; its run has a folder first."""
    folder = tmp_path_factory.mktemp("worker")
    (folder / "of_the_run").mkdir()
    (folder / "of_the_run" / "mine.py").write_text(
        "from tests.replay.policies import net as made\n"
    )
    one = Worker(folder, folder / "of_the_run")
    yield one
    assert one.end() == (0, b"")


def chances(answer: Done) -> torch.Tensor:
    assert isinstance(answer, Evaluated), answer
    return array(answer.readings[0]["probability/op"])


def wanted() -> torch.Tensor:
    with torch.no_grad():
        return NET.readings(SEEN, {}, {})["probability/op"]


def test_it_answers_one_job_after_another(worker: Worker) -> None:
    torch.testing.assert_close(chances(worker.ask(EVALUATE)), wanted())
    row, spread = rows(SEEN[:1]), [1.0] * 3
    assert isinstance(worker.ask(FindFlips(policy(NET), row, "op", spread, 5.0)), FlipsFound)
    asked = FindSaliency(policy(NET), row, "op", 0, matrix(torch.zeros(1, 3)))
    assert isinstance(worker.ask(asked), SaliencyFound)


def test_a_factory_is_found_where_the_run_imported_from(worker: Worker) -> None:
    answer = worker.ask(Evaluate([policy(NET, factory="mine:made")], [rows(SEEN)]))
    torch.testing.assert_close(chances(answer), wanted())


def test_jobs_may_wait_in_the_pipe(worker: Worker) -> None:
    worker.send(framed(EVALUATE) * 3)
    for _ in range(3):
        assert chances(worker.answer()).shape == (6, 4)


def test_what_the_trainers_code_prints_goes_elsewhere(worker: Worker) -> None:
    noisy = Evaluate([policy(NET, factory=f"{HERE}:noisy")], [rows(SEEN)])
    torch.testing.assert_close(chances(worker.ask(noisy)), wanted())
    for word in ("building", "still building", "built", "elsewhere"):
        assert word in worker.told.splitlines()


def test_what_fails_is_answered_and_the_next_job_too(worker: Worker) -> None:
    for place in ("tests.replay.broken_module:made", f"{HERE}:leaving", f"{HERE}:raising"):
        said = worker.ask(Evaluate([policy(NET, factory=place)], [rows(SEEN)]))
        assert isinstance(said, Failed)
        assert said.kind == "no_factory"
    torch.testing.assert_close(chances(worker.ask(EVALUATE)), wanted())


@pytest.mark.parametrize("module", ["tests.replay.training_module", "tests.replay.adapted_module"])
def test_a_module_that_trains_as_it_is_imported_does_not(worker: Worker, module: str) -> None:
    said = worker.ask(Evaluate([policy(NET, factory=f"{module}:made")], [rows(SEEN)]))
    assert isinstance(said, Failed)
    assert said.sentence == (
        f"importing {module} failed: SystemExit: it attaches Sanctum:"
        " training belongs under if __name__ == '__main__', or elsewhere"
    )


def test_a_message_that_is_no_job_is_answered_and_the_next_job_too(worker: Worker) -> None:
    for data in (b"\xc1", b"hello there", b"\x81\xa2is\xa4kill"):
        worker.send(len(data).to_bytes(4, "little") + data)
        said = worker.answer()
        assert isinstance(said, Failed)
        assert said.kind == "bad_job"
    torch.testing.assert_close(chances(worker.ask(EVALUATE)), wanted())


def test_a_factory_that_was_mended_is_the_next_questions(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "helper.py").write_text("def made(weights, about):\n    raise KeyError('size')\n")
    (folder / "mended.py").write_text("from helper import made\n")
    asked = Evaluate([policy(NET, factory="mended:made")], [rows(SEEN)])
    worker = Worker(tmp_path, folder)
    try:
        said = worker.ask(asked)
        assert isinstance(said, Failed)
        assert said.sentence == "mended:made failed: KeyError: 'size'"
        (folder / "helper.py").write_text(f"from {HERE} import net as made\n")
        torch.testing.assert_close(chances(worker.ask(asked)), wanted())
    finally:
        worker.end()


def test_it_sees_no_gpu_and_takes_one_thread(worker: Worker) -> None:
    said = worker.ask(Evaluate([policy(NET, factory=f"{HERE}:place")], [rows(SEEN)]))
    assert isinstance(said, Failed)
    assert said.sentence.endswith("RuntimeError: devices '', 1 threads")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's choice is told by Linux")
def test_where_memory_runs_out_it_goes_before_the_trainer(worker: Worker) -> None:
    worker.ask(EVALUATE)
    score = Path(f"/proc/{worker.process.pid}/oom_score_adj").read_text()
    assert int(score) == 1000


@pytest.mark.parametrize("head", [bytes(4), b"\xff\xff\xff\xff", b"\x40\0\0\0half", b"\x01\0"])
def test_what_is_no_stream_of_messages_ends_it_with_a_line(head: bytes, tmp_path: Path) -> None:
    worker = Worker(tmp_path)
    worker.send(head)
    assert worker.end() == (2, b"")
    assert worker.told.startswith("sanctum.replay: ")
    assert worker.told.count("\n") == 1


def test_the_end_of_stdin_ends_it(tmp_path: Path) -> None:
    assert Worker(tmp_path).end() == (0, b"")


def test_without_torch_it_names_what_to_install(tmp_path: Path) -> None:
    missing = tmp_path / "first"
    missing.mkdir()
    (missing / "torch.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')"
    )
    worker = Worker(tmp_path, missing)
    said = worker.ask(EVALUATE)
    assert isinstance(said, Failed)
    assert (said.kind, said.hint) == (
        "no_torch",
        f"{sys.executable} -m pip install 'sanctum[replay]'",
    )
    assert said.sentence == (
        "torch cannot be imported here: ModuleNotFoundError: No module named 'torch'"
    )
    assert worker.end() == (0, b"")


def test_it_goes_when_the_recorder_goes_though_its_stdin_stays_open(tmp_path: Path) -> None:
    """The process between the two is a recorder that is killed while a job is under way."""
    recorder = (
        "import subprocess, sys, os\n"
        f"one = subprocess.Popen({COMMAND!r})\n"
        "os.read(3, 1)\n"  # until the test has seen that both run
    )
    ours, stays_open = os.pipe()
    theirs, go = os.pipe()
    process = subprocess.Popen(
        ["bash", "-c", f'exec 3<&{theirs}; exec "$0" -c "$1"', sys.executable, recorder],
        stdin=ours,
        stdout=subprocess.PIPE,
        env=environment(),
        cwd=tmp_path,
        pass_fds=[theirs],
    )
    assert process.stdout is not None
    os.close(ours)
    # It answers nonsense of the right length without torch, so that both are known to run.
    os.write(stays_open, b"\x01\0\0\0\xc1")
    assert process.stdout.read(4)
    os.write(go, b"x")
    for end in (theirs, go):
        os.close(end)
    # Reads until the worker too has closed its end: it is gone.
    process.stdout.read()
    process.wait(timeout=60)
    process.stdout.close()
    os.close(stays_open)
