"""Reports for tests: a proposal under hostile names, and validation runs of it."""

from __future__ import annotations

from mixtures.proposal import Proposal
from mixtures.validation import Measured, Validation, judge, predict

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title></style><svg onload=alert(1)>",
    "$title ${style} $$",
    "\u202egpj.exe\x00\x1b[2J",
    "a" * 300,
    "",
)


def renamed(proposal: Proposal, text: str) -> Proposal:
    """Every name that a stranger chose is `text`."""
    return proposal.model_copy(
        update={
            "domains": tuple(one.model_copy(update={"domain": text}) for one in proposal.domains),
            "tasks": tuple(one.model_copy(update={"task": text}) for one in proposal.tasks),
            "held_out": tuple(one.model_copy(update={"run_id": text}) for one in proposal.held_out),
            "left_out": {text: text},
            "verdict": text,
            "objective": proposal.objective.model_copy(update={"unit": text}),
        }
    )


def validated(proposal: Proposal) -> Validation:
    """Three seeds of three mixtures: the proposed one better, the random one not resolved with one diverged run."""
    prediction = predict(proposal, (0, 1, 2), {})
    losses = {"natural": (1.5, 1.52, 1.51), "proposed": (1.4, 1.42, 1.415), "random": (1.49, 1.53, None)}
    return judge(
        prediction,
        [
            Measured(mixture=name, seed=seed, losses=None if loss is None else dict.fromkeys(prediction.tasks, loss))
            for name, values in losses.items()
            for seed, loss in enumerate(values)
        ],
    )
