"""What runs are trained on and scored by: the token files of a corpus, and benchmarks' gold answers in its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from proxy_models import gold_answers
from proxy_models.documents import Documents
from proxy_models.evaluation import Text
from proxy_models.experiment import GoldAnswers
from proxy_models.runs import RunRecipe
from proxy_models.sampling import MixtureSampler
from proxy_models.tokens import TokenFiles


@dataclass(frozen=True)
class Material:
    """Streams and held-out documents by domain, memory-mapped; gold answers by task (`gold_answers.tasks`)."""

    tokens: TokenFiles
    streams: dict[str, Documents]
    heldout: dict[str, Documents]
    gold: dict[str, list[Text]]

    @staticmethod
    def open(folder: Path, gold: GoldAnswers | None) -> Material:
        """Of the token files in `folder`. Raises ValueError where they, or a benchmark, are not as they should be."""
        tokens = TokenFiles.open(folder)
        return Material(
            tokens,
            {name: tokens.train(name) for name in tokens.domains},
            {name: tokens.heldout(name) for name in tokens.domains},
            {} if gold is None else _gold(gold, tokens),
        )

    @property
    def natural(self) -> dict[str, int]:
        """Tokens to train on, by domain."""
        return {name: len(stream.tokens) for name, stream in self.streams.items()}

    def trainable(self, sequences: tuple[int, ...]) -> dict[str, int]:
        """Tokens that fill windows of each of these lengths, by domain. Raises ValueError where one holds no window."""
        found = {}
        for name, held in self.natural.items():
            found[name] = min((held - 1) // length * length for length in sequences)
            if found[name] < 1:
                raise ValueError(
                    f"{name} has {held:,} tokens, too few for a window of {max(sequences):,} and a target; take a "
                    "shorter sequence, or raise tokens.split.min_heldout_bytes, which leaves such a domain out"
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
        )


def _gold(settings: GoldAnswers, tokens: TokenFiles) -> dict[str, list[Text]]:
    tasks: dict[str, list[Text]] = {}
    for name in settings.benchmarks:
        found = gold_answers.read(Path(settings.folder), name, settings.most)
        tasks |= gold_answers.tasks(name, found.answers, tokens.tokenizer, tokens.end)
    return tasks
