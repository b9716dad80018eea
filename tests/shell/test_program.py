"""The ``sanctum`` program itself, in a process of its own, on a run in another."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from stand_ins import StandIn

HEAVY = ("numpy", "torch", "prompt_toolkit", "rich", "asyncio", "importlib.metadata")


@pytest.fixture
def environ(tmp_path):
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return {
        **kept,
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "SANCTUM_HOME": str(tmp_path / "runs"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }


@pytest.fixture
def start(environ):
    begun = []

    def begin(run_id="demo-3"):
        begun.append(StandIn(run_id, environ))
        return begun[-1]

    yield begin
    for one in begun:
        one.end()


@pytest.fixture
def sanctum(environ):
    def run(*arguments, given="", **more):
        return subprocess.run(
            [sys.executable, "-m", "sanctum", *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            env={**environ, **more},
        )

    return run


def test_one_question_one_answer(start, sanctum):
    start()
    done = sanctum("brain")
    assert done.returncode == 0
    assert "entropy" in done.stdout
    assert done.stderr == ""
    assert "\x1b" not in done.stdout


def test_two_lines_make_two_json_objects(start, sanctum):
    start()
    done = sanctum("exec", "-c", "envs", "-c", "brain", "--run", "demo-3", "--format", "json")
    assert [json.loads(line)["command"] for line in done.stdout.splitlines()] == ["envs", "brain"]


@pytest.mark.parametrize("words", [(), ("exec",), ("exec", "-")])
def test_lines_on_stdin_are_run_without_prompt_or_banner(start, sanctum, words):
    start()
    done = sanctum(*words, given="echo one # a remark\n\necho two\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "one\ntwo\n", "")


def test_a_script_takes_arguments_and_stops_with_file_and_line(start, sanctum, tmp_path):
    start()
    script = tmp_path / "check.sanctum"
    script.write_text('echo "env $1"\nexpect entropy > ${2:-0.9}\necho never\n')
    done = sanctum("exec", str(script), "7")
    assert (done.returncode, done.stdout) == (6, "env 7\n")
    assert done.stderr.startswith("check.sanctum:2: entropy > 0.9 does not hold")
    assert sanctum("exec", str(script), "7", "0.1").returncode == 0


def test_a_user_s_own_command_file_is_a_word(start, sanctum, tmp_path):
    start()
    folder = tmp_path / "config" / "sanctum" / "commands"
    folder.mkdir(parents=True)
    (folder / "mine.sanctum").write_text("# Mine\necho mine $1\n")
    assert sanctum("mine", "x").stdout == "mine x\n"
    assert "Mine" in sanctum("help", "--more").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("brian",), 2, "did you mean brain"),
        (("shel",), 2, "shell"),
        (("--run", "demo-3", "brain"), 2, "'brain' is a command"),
        (("brain",), 3, "sanctum demo"),
        (("brain", "--run", "nowhere"), 3, "no run 'nowhere'"),
        (("brain", "--frmat", "json"), 2, "--format"),
        (("brain", "--wait", "soon"), 2, "60s"),
        (("brain", "--wait"), 2, "--wait needs a time"),
        (("shell", "--nope"), 2, "--nope"),
        (("shell", "nowhere"), 3, "no run 'nowhere'"),
        (("exec", "nowhere.sanctum"), 2, "no command file"),
        (("exec", "-c", "brian"), 2, "did you mean brain"),
        (("exec", "--format", "jsn", "-c", "help"), 2, "json"),
        (("completions", "tcsh"), 2, "bash"),
        (("-c", "brian"), 2, "did you mean brain"),
    ],
)
def test_bad_input_is_two_lines_on_stderr_and_an_exit_code(sanctum, words, code, said):
    done = sanctum(*words, given="brain" if words[0] == "shell" else "")
    assert done.returncode == code
    assert done.stdout == ""
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_several_live_runs_are_named(start, sanctum):
    start("demo-3")
    start("demo-4")
    done = sanctum("brain")
    assert done.returncode == 2
    assert "demo-3" in done.stderr and "demo-4" in done.stderr
    assert sanctum("brain", "--run", "demo-3").returncode == 0
    assert sanctum("brain", SANCTUM_RUN="demo-4").returncode == 0
    assert sanctum("exec", "-c", "brain").returncode == 2


def test_runs_lists_what_there_is(start, sanctum):
    start()
    done = sanctum("runs", "--format", "json")
    (row,) = json.loads(done.stdout)["blocks"][0]["rows"]
    assert (row["run"], row["state"], row["task"], row["step"]) == (
        "demo-3",
        "live",
        "digits",
        1200,
    )


def test_waiting_for_a_run_that_comes_later(start, sanctum, environ):
    waiting = subprocess.Popen(
        [sys.executable, "-m", "sanctum", "brain", "--wait", "30s"],
        env=environ,
        stdout=subprocess.PIPE,
        text=True,
    )
    start()
    said, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0
    assert "entropy" in said


def test_a_reader_that_has_had_enough_is_no_error(start, environ):
    start()
    line = f"{sys.executable} -m sanctum help --format json | head -c 1"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=environ)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_is_exit_130_without_a_traceback(start, environ):
    run = start()
    run("silent_s 5")
    asking = subprocess.Popen(
        [sys.executable, "-m", "sanctum", "brain", "--timeout", "30"],
        env=environ,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 20
    while not _has_socket(asking.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    asking.send_signal(signal.SIGINT)
    _, said = asking.communicate(timeout=30)
    assert (asking.returncode, said) == (130, "interrupted\n")


def _has_socket(pid):
    for one in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            if "socket:" in str(one.readlink()):
                return True
    return False


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("runs",)])
def test_small_questions_load_nothing_heavy(sanctum, words, environ):
    code = (
        "import sys; from sanctum.cli import run; code = run(sys.argv[1:]);"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr);"
        "sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, env=environ
    )
    assert (done.returncode, done.stderr) == (0, "[]\n")


def test_help_shows_every_word(sanctum):
    from sanctum.shell.words import Words

    done = sanctum("--help")
    assert all(f"  {word} " in done.stdout for word in Words().modules)
    assert all(len(line) <= 79 for line in done.stdout.splitlines())
    assert "usage: sanctum" in done.stdout
    for word in ("shell", "exec", "demo", "completions"):
        assert f"sanctum {word}" in sanctum(word, "--help").stdout


def test_output_that_is_not_utf_8_is_never_a_crash(start, sanctum):
    start()
    done = sanctum("echo", "gr\u00fc\u00dfe \U0001f600", PYTHONIOENCODING="ascii", LANG="C")
    assert done.returncode == 0
    assert done.stdout.isascii()


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_streams_are_no_crash(environ, closed):
    line = f"{sys.executable} -m sanctum runs {closed}"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, env=environ)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("shell", "nope"), ("exec", "--run", "nope")])
@pytest.mark.parametrize("given", ["", "echo hi\n"])
def test_a_run_that_was_named_must_be_there_before_a_line_is_run(sanctum, words, given):
    done = sanctum(*words, given=given)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("no run 'nope'")


def test_train_alone_prints_its_help(sanctum):
    done = sanctum("train")
    assert (done.returncode, done.stdout) == (2, "")
    assert "\\n" not in done.stderr and "ppo" in done.stderr
    assert sanctum("train", "--help").returncode == 0


def test_a_full_disk_is_one_sentence(start, sanctum, environ):
    start()
    for words in (["envs"], ["--help"], ["exec", "-c", "envs"]):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, "-m", "sanctum", *words],
                stdout=full,
                stderr=subprocess.PIPE,
                text=True,
                env=environ,
                timeout=60,
            )
        assert (done.returncode, done.stderr) == (1, "no space left on device\n")


def test_a_record_directory_that_is_none_is_said(sanctum):
    done = sanctum("runs", SANCTUM_HOME="/dev/null")
    assert (done.returncode, done.stdout) == (3, "")
    assert "/dev/null is not a directory" in done.stderr
