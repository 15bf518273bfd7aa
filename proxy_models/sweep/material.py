"""What runs are trained on and scored by: the token files of a corpus, and benchmarks' gold answers in its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from proxy_models.batches.sampling import MixtureSampler, readable
from proxy_models.evaluation import gold_answers
from proxy_models.evaluation.losses import Text
from proxy_models.experiment import GoldAnswers
from proxy_models.tokens.documents import Documents
from proxy_models.tokens.tokens import Side, TokenFiles
from proxy_models.training.runs import RunRecipe

SIDES: tuple[Side, ...] = ("select", "final")


@dataclass(frozen=True)
class Material:
    """Streams by domain; held-out documents by side and domain, all memory-mapped; gold answers by side and task."""

    tokens: TokenFiles
    streams: dict[str, Documents]
    heldout: dict[Side, dict[str, Documents]]
    gold: dict[Side, dict[str, list[Text]]]

    @staticmethod
    def open(folder: Path, gold: GoldAnswers | None) -> Material:
        """Of the token files in `folder`. Raises ValueError where they, or a benchmark, are not as they should be."""
        tokens = TokenFiles.open(folder)
        return Material(
            tokens,
            {name: tokens.train(name) for name in tokens.domains},
            {side: {name: tokens.heldout(name, side) for name in tokens.domains} for side in SIDES},
            {side: {} if gold is None else _gold(gold, side, tokens) for side in SIDES},
        )

    @property
    def natural(self) -> dict[str, int]:
        """Tokens to train on, by domain."""
        return {name: len(stream.tokens) for name, stream in self.streams.items()}

    def trainable(self, kinds: tuple[tuple[int, int], ...], budget_tokens: int) -> dict[str, int]:
        """Tokens by domain that a run of `budget_tokens` may count on, so that none of these runs repeats them more.

        kinds: window and tokens trained on of each; a shorter run reads its share of a domain (`sampling.readable`) in
        whole windows. Raises ValueError where a domain holds no window for one of them.
        """
        found = {}
        for name, held in self.natural.items():
            read = [(window, trained, readable(held, trained, budget_tokens)) for window, trained in kinds]
            found[name] = min(
                (tokens - 1) // window * window * budget_tokens // trained for window, trained, tokens in read
            )
            if found[name] < 1:
                raise ValueError(
                    f"{name} has {held:,} tokens, of which the shortest run reads {min(one[2] for one in read):,}, too "
                    f"few for a window of {max(one[0] for one in read):,} and a target; take a shorter sequence or a "
                    "smaller feasible.budget_tokens, or raise tokens.split.min_heldout_bytes, which leaves such a "
                    "domain out"
                )
        return found

    def sampler(self, recipe: RunRecipe) -> MixtureSampler:
        """The batches of a run. Raises ValueError where its weights cannot be drawn."""
        return MixtureSampler(
            self.streams,
            recipe.weights,
            sequence=recipe.model.sequence,
            batch=recipe.batch,
            steps=recipe.steps,
            max_epochs=recipe.max_epochs,
            seed=recipe.seed,
            target_tokens=recipe.target_tokens,
        )


def _gold(settings: GoldAnswers, side: Side, tokens: TokenFiles) -> dict[str, list[Text]]:
    tasks: dict[str, list[Text]] = {}
    for name in settings.benchmarks:
        found = gold_answers.read(Path(settings.folder), name, side, settings.most)
        tasks |= gold_answers.tasks(name, found.answers, tokens.tokenizer, tokens.end)
    return tasks
