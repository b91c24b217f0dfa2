# SPDX-License-Identifier: GPL-2.0-only
"""Run sparse for make and leave a record that it ran.

make starts this as ``python -m patchkit.verify.record_sparse SPARSE ARGUMENTS… FILE``. The record
(in the directory that PATCHKIT_SPARSE_RECORDS names) holds the exit status and everything sparse
said, so that a checker that make skipped, or that died, cannot be taken for one with no complaints.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path

from patchkit import process

RECORDS = "PATCHKIT_SPARSE_RECORDS"


def main(words: list[str]) -> int:
    """Run the program that *words* name; return its exit status."""
    done = process.run(words, check=False)
    sys.stdout.buffer.write(done.stdout)
    sys.stderr.buffer.write(done.stderr)
    directory = os.environ.get(RECORDS)
    if directory and words[-1].endswith(".c"):
        record = {
            "file": words[-1],
            "status": done.returncode,
            "output": (done.stdout + done.stderr).decode("utf-8", "replace"),
        }
        name = hashlib.sha256(words[-1].encode()).hexdigest()
        (Path(directory) / f"{name}.json").write_text(json.dumps(record))
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
