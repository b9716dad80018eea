"""``python -P -m sanctum.replay``: computes jobs of `sanctum.model.jobs`, one after another.

Started by the recorder under the interpreter of the run, in its directory. Jobs come on stdin and
answers go, in the same order, on stdout, each as `sanctum.model.jobs.framed` makes it. The
environment variable ``SANCTUM_REPLAY_PATH`` is the run's ``sys.path``, a JSON list of strings: it
comes first, what the process has of its own behind it. Sanctum itself has to be found without it
(``PYTHONPATH``).

It leaves with 0 at the end of stdin, with 2 and a line on stderr when what comes is no stream of
messages, with 1 when the recorder goes away. Every job has an answer, also one that fails
(`Failed`) or is no job. What the trainer's code prints goes to stderr. It works on one thread of
the CPU, ``nice``; torch is imported for the first job, not before.
"""

from __future__ import annotations

import os
import sys

from sanctum.replay.process import keep_stdin, keep_stdout, settle, take_path
from sanctum.replay.serving import serve


def main() -> int:
    """Serve until stdin ends; the exit status."""
    answers, jobs = keep_stdout(), keep_stdin()
    try:
        take_path()
        settle()
        serve(jobs, answers)
    except (ValueError, EOFError) as error:
        print(f"sanctum.replay: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    # Threads that the trainer's code began would keep an ordinary exit waiting.
    os._exit(status)
