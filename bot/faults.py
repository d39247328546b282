"""Where an error happened, said without what somebody typed."""

from __future__ import annotations

import traceback
from pathlib import Path


def where(error: BaseException) -> str:
    """Kind and place of an error for the log; its message may hold what somebody typed."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"
