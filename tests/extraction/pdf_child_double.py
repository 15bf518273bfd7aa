"""A child's program for tests: it does what the question says, once where `flag` names a file that is not there yet."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.extraction.child import allow_cpu, serve

OUTPUT = os.fstat(1)  # before `serve` gives it to nobody


def _answers() -> int:
    """The number under which `serve` keeps what was standard output."""
    return next(number for number in range(3, 64) if Path(f"/dev/fd/{number}").exists() and _is_output(number))


def _is_output(number: int) -> bool:
    return os.path.samestat(os.fstat(number), OUTPUT)


def answer(question: Mapping[str, Any], content: bytes) -> dict[str, Any]:
    allow_cpu(30)
    flag = question.get("flag")
    if flag and Path(flag).exists():
        return {"pid": os.getpid()}
    if flag:
        Path(flag).touch()
    match question["do"]:
        case "crash":
            os.abort()
        case "exit":
            os._exit(3)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "bug":
            raise KeyError("of our own")
        case "memory":
            return {"size": len(bytearray(1 << 40))}
        case "spin":
            allow_cpu(0)
            while True:
                pass
        case "print":
            os.write(1, b"noise" * 20_000)
            os.write(2, b"noise" * 20_000)
        case "nonsense":
            os.write(_answers(), content)
        case "write":
            Path(question["to"]).write_bytes(b"x")
    return {"pid": os.getpid(), "bytes": len(content), "text": "\ud800é"}


if __name__ == "__main__":
    serve(answer, memory_bytes=1 << 29)
