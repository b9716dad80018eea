"""A trainer of four environments that does as it is told: ``tiny_trainer.py RUN_ID``.

Each line on stdin is done and answered with ``ok``: ``steps 20``, ``update``, ``warn``, ``raise``,
``end``. The run's id is printed first.
"""

import sys

import numpy as np

import sanctum


def main() -> None:
    run = sanctum.attach(
        sys.argv[1],
        task="tiny",
        envs=4,
        actions={"op": ["WAIT", "GERMINATE"]},
        slots=["r0c0"],
        rewards={"gain": 1, "rent": -1},
    )
    print(run.run_id, flush=True)
    random = np.random.default_rng(0)
    step = update = 0
    for line in sys.stdin:
        word, _, count = line.strip().partition(" ")
        if word == "steps":
            for _ in range(int(count)):
                gain, rent = random.random((2, 4), dtype=np.float32)
                run.step(
                    step,
                    accuracy=random.random(4) * 100,
                    loss=random.random(4),
                    reward=gain - rent,
                    rewards={"gain": gain, "rent": rent},
                    actions={"op": random.integers(0, 2, 4)},
                )
                step += 1
        elif word == "update":
            run.update(update, entropy=0.5, approx_kl=0.01, clip_fraction=0.1)
            update += 1
        elif word == "warn":
            run.message("look at this", severity="warn")
        elif word == "raise":
            raise ValueError("the loss is nan")
        elif word == "end":
            break
        print("ok", flush=True)
    run.close()


main()
