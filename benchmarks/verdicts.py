"""How often a verdict is wrong where nothing differs, and how often a difference is found: by test, seeds and noise.

    python -m benchmarks.verdicts [--experiments 4000]

Four references are compared with one proposal, whose runs all comparisons share. Wrong: any of them is resolved though
no arm differs. Found: the one reference that is 2 sd of a run worse, beside three that do not differ.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np

from mixtures.mixture import Array
from mixtures.uncertainty import paired

REFERENCES = 4
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]
NOISES: dict[str, Draw] = {
    "normal": lambda generator, size: generator.normal(size=size),
    "heavy (t, 3)": lambda generator, size: generator.standard_t(3, size) / np.sqrt(3),
    "skewed (lognormal)": lambda generator, size: (generator.lognormal(0, 0.6, size) - 1.197) / 0.789,
}
TESTS = {"paired t": paired.t_p, "sign flips": paired.sign_flip_p}


def resolved(apart: Array, test: Callable[[Array], float]) -> list[bool]:
    """Of (references, seeds) differences, which are, after Holm's correction."""
    adjusted = paired.holm({str(at): test(row) for at, row in enumerate(apart)})
    return [adjusted[str(at)] <= paired.ALPHA for at in range(len(apart))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--experiments", type=int, default=4000)
    experiments = parser.parse_args().experiments
    print("noise               seeds  test        wrong   found")
    for name, draw in NOISES.items():
        for seeds in (3, 4, 6, 8):
            runs = draw(np.random.default_rng(seeds), (experiments, REFERENCES + 1, seeds))
            apart = runs[:, 1:] - runs[:, :1]
            worse = apart + 2.0 * (np.arange(REFERENCES) == 0)[:, None]
            for test, p in TESTS.items():
                wrong = np.mean([any(resolved(one, p)) for one in apart])
                found = np.mean([resolved(one, p)[0] for one in worse])
                print(f"{name:<18}  {seeds:5}  {test:<10}  {wrong:5.1%}  {found:6.1%}")


if __name__ == "__main__":
    main()
