"""What each kind of job comes to. Whatever fails in one is its answer."""

from __future__ import annotations

import traceback

from sanctum.model.jobs import Done, Evaluate, Evaluated, Failed, FindFlips, FindSaliency, Job
from sanctum.replay.asking import Asked
from sanctum.replay.flips import flips
from sanctum.replay.policies import Policies
from sanctum.replay.refusals import Refused, said
from sanctum.replay.saliency import saliency

_policies = Policies()


def forget_policies() -> None:
    """Make them all again when they are asked for."""
    _policies.forget()


def done(job: Job, policies: Policies = _policies) -> Done:
    """Compute it. `policies` keeps those that were made, for the next job."""
    try:
        match job:
            case Evaluate():
                return _evaluated(job, policies)
            case FindFlips():
                return flips(job, Asked(policies.get(job.policy), job.row))
            case FindSaliency():
                return saliency(job, Asked(policies.get(job.policy), job.row))
    except Refused as refused:
        return refused.failed()
    except Exception as error:
        return Failed("bad_job", f"the worker failed: {said(error)}", None, traceback.format_exc())


def _evaluated(job: Evaluate, policies: Policies) -> Evaluated:
    if len(job.policies) != len(job.rows):
        raise Refused("bad_job", f"{len(job.policies)} policies for {len(job.rows)} sets of rows")
    readings, dtypes = [], []
    for policy, rows in zip(job.policies, job.rows, strict=True):
        asked = Asked(policies.get(policy), rows)
        readings.append(asked.matrices())
        dtypes.append(asked.dtype)
    return Evaluated(readings, " ".join(dict.fromkeys(dtypes)) or "float32")
