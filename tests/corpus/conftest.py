"""Small source trees to build corpora of."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

Tree = Callable[..., Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Make a folder of files: `tree(name, {"a.py": text})`."""

    def make(name: str, files: dict[str, str | bytes]) -> Path:
        for path, text in files.items():
            place = tmp_path / name / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode() if isinstance(text, str) else text)
        return tmp_path / name

    return make


@pytest.fixture
def code() -> Callable[[int, int], str]:
    """`code(seed, lines)`: text that looks like code and repeats no other seed's."""

    def make(seed: int, lines: int = 40) -> str:
        words = random.Random(seed)
        return "".join(f"value_{words.getrandbits(64):x} = call({words.getrandbits(64)})\n" for _ in range(lines))

    return make
