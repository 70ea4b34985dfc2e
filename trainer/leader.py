"""Which of the processes that torchrun started talks and writes files. Without torch, which takes seconds to import."""

import os


def leads() -> bool:
    """Whether this process does, before there is a group and after."""
    return os.environ.get("RANK", "0") == "0"
