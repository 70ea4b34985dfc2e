"""A run on a corpus in shards: resumed in the middle of one, stopped by a lost one, whole again when it is restored."""

import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tinycode_ls.errors import CorpusError, SettingsError, TrainingError
from trainer.checkpoint import load_checkpoint
from trainer.cli import main
from trainer.corpus.collect import Options, build_from_sources
from trainer.corpus.digest import sha256_of
from trainer.corpus.prepare import sources_of
from trainer.corpus.shards import Shard, Shards
from trainer.corpus.store import open_corpus
from trainer.fit import fitted_recipe
from trainer.loop import StepFigures, resume_run, start_run, train
from trainer.recipe import Recipe
from trainer.run_corpus import prepare_corpus
from trainer.samples import Sample
from trainer.validation import Quality

RECIPE = Recipe(
    hidden=16, embedding=8, batch=4, sequence=16, steps=30, validate_every=100, precision="float32", threads=1, lanes=2
)
HELD_OUT = np.frombuffer(b"def add(first, second):\n    return first + second\n\n\n" * 20, np.uint8)


class Act:
    """A listener that does something after a step."""

    def __init__(self, step: int = 0, act: Callable[[], object] = lambda: None) -> None:
        self.step, self.act = step, act

    def on_step(self, figures: StepFigures) -> None:
        """Perhaps now."""
        if figures.step == self.step:
            self.act()

    def on_validation(self, figures: StepFigures, quality: Quality, best: bool) -> None:
        """Not interested."""

    def on_sample(self, step: int, sample: Sample) -> None:
        """Not interested."""


def interrupt() -> None:
    """As Ctrl-C."""
    signal.raise_signal(signal.SIGINT)


@pytest.fixture
def shards(tmp_path: Path) -> Shards:
    """Five files of 700 to 1,100 bytes: six to seven chunks each for two streams, so that 30 steps read several."""
    parts = []
    for number in range(5):
        path = tmp_path / f"disk{number % 2}" / f"{number}.bin"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"".join(b"value_%d = %d * %d\n" % (i, i, number) for i in range(45 + 5 * number)))
        parts.append(Shard(path, path.stat().st_size, sha256_of(path)))
    return Shards(tuple(parts))


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Of the last checkpoint."""
    return load_checkpoint(folder / "last.pt").weights


def whole(shards: Shards, folder: Path) -> dict[str, torch.Tensor]:
    """The weights of a run that nothing stopped."""
    folder.mkdir()
    train(start_run(RECIPE, "x"), shards, HELD_OUT, folder, Act())
    return weights(folder)


def go_on(shards: Shards, folder: Path) -> dict[str, torch.Tensor]:
    """The weights of the run in `folder`, resumed."""
    train(resume_run(load_checkpoint(folder / "last.pt"), "x"), shards, HELD_OUT, folder, Act())
    return weights(folder)


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """To the bit."""
    return all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("step", [3, 8, 16])
def test_resumed_in_the_middle_of_a_shard_is_uninterrupted(shards: Shards, tmp_path: Path, step: int) -> None:
    """Bit for bit, wherever the lanes stand in their shards."""
    (tmp_path / "parts").mkdir()
    with pytest.raises(KeyboardInterrupt):
        train(start_run(RECIPE, "x"), shards, HELD_OUT, tmp_path / "parts", Act(step, interrupt))
    assert same(go_on(shards, tmp_path / "parts"), whole(shards, tmp_path / "whole"))


def missing(path: Path) -> None:
    """Its disk is not mounted."""
    path.unlink()


def truncated(path: Path) -> None:
    """Somebody is still copying it."""
    path.write_bytes(path.read_bytes()[:100])


def other_bytes(path: Path) -> None:
    """A file as long as it should be, and not the one that was written."""
    other = path.with_suffix(".new")
    other.write_bytes(b"??" + path.read_bytes()[2:])
    other.replace(path)


@pytest.mark.parametrize("damage", [missing, truncated, other_bytes])
def test_a_shard_lost_on_the_way_stops_the_run_which_goes_on_when_it_is_restored(
    shards: Shards, tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """The line names the shard; what was trained before it is saved, and in the end nothing can be told."""
    expected = whole(shards, tmp_path / "whole")
    contents = {part.path: part.path.read_bytes() for part in shards.parts}
    folder = tmp_path / "parts"
    folder.mkdir()

    def lose() -> None:
        for part in shards.parts:
            damage(part.path)

    def begin() -> None:
        train(start_run(RECIPE, "x"), shards, HELD_OUT, folder, Act(4, lose))

    for attempt in (begin, lambda: go_on(shards, folder)):
        with pytest.raises(CorpusError, match=r"disk\d/\d\.bin: .*restore it.*--resume") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert 4 <= load_checkpoint(folder / "last.pt").progress.step < RECIPE.steps
    for path, content in contents.items():
        path.write_bytes(content)
    assert same(go_on(shards, folder), expected)


@pytest.fixture
def corpora(tmp_path: Path) -> list[Path]:
    """Two built corpora, the first in shards."""
    folders = []
    for name, most in (("one", 2_000), ("two", None)):
        (tmp_path / f"source-{name}").mkdir()
        for number in range(12):
            text = "".join(f"def {name}_{number}_{i}(first):\n    return first * {i}\n\n\n" for i in range(12))
            (tmp_path / f"source-{name}" / f"{number}.py").write_text(text)
        sources = sources_of([tmp_path / f"source-{name}"])
        folders.append(build_from_sources(sources, tmp_path / name, Options(shard_bytes=most)).folder)
    return folders


FLAGS = ["--hidden", "16", "--embedding", "8", "--batch", "4", "--sequence", "16", "--threads", "1", "--quiet"]


def test_fit_reads_several_corpora_as_one(
    corpora: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the command line: joined in the run's folder, a lost shard told at once, resumed when it is back."""
    out = str(tmp_path / "model.onnx")
    order = ["fit", *map(str, corpora), "--out", out, "--steps", "12", *FLAGS]
    assert main(order) == 0
    joined = open_corpus(tmp_path / "model.run" / "corpus")
    assert len(joined.train) == sum(len(open_corpus(folder).train) for folder in corpora)
    lost = joined.train.parts[2].path
    content = lost.read_bytes()
    lost.unlink()
    capsys.readouterr()
    for command in (order, ["fit", "--resume", str(tmp_path / "model.run")]):
        assert main(command) == 2
        said = capsys.readouterr().err.splitlines()
        assert len(said) == 1 and f"{lost}: missing" in said[0]
    lost.write_bytes(content)
    assert main(["fit", "--resume", str(tmp_path / "model.run")]) == 0


def test_text_and_built_corpora_are_not_mixed(corpora: list[Path], tmp_path: Path) -> None:
    """A built corpus is never read as if it were source."""
    with pytest.raises(TrainingError, match=r"is a built corpus and .* is not"):
        prepare_corpus([corpora[0], tmp_path / "source-two"], tmp_path / "run")


def test_lanes_are_settled_when_a_run_begins(corpora: list[Path], tmp_path: Path) -> None:
    """One for each process where there are shards, so that `--resume` with other processes reads the same; else one."""
    recipe = Recipe(batch=4, sequence=8)
    assert fitted_recipe(recipe, open_corpus(corpora[0]), ranks=2).lanes == 2
    assert fitted_recipe(recipe, open_corpus(corpora[1]), ranks=2).lanes == 1
    assert fitted_recipe(replace(recipe, lanes=4), open_corpus(corpora[1])).lanes == 4
    with pytest.raises(SettingsError, match="--lanes is 3; expected a number that divides --batch 4"):
        replace(recipe, lanes=3)


def test_a_small_corpus_is_read_in_short_steps(corpora: list[Path]) -> None:
    """Unless a batch is asked for."""
    corpus = replace(open_corpus(corpora[0]), train=Shards((Shard(corpora[0] / "large.bin", 1_000_000),)))
    assert [getattr(fitted_recipe(Recipe(), corpus), name) for name in ("batch", "sequence")] == [32, 64]
    assert fitted_recipe(Recipe(batch=48), corpus).sequence == 128
    large = replace(corpus, train=Shards((Shard(corpora[0] / "large.bin", 4_000_000),)))
    assert [getattr(fitted_recipe(Recipe(), large), name) for name in ("batch", "sequence")] == [32, 128]


def test_a_broken_corpus_is_not_read_as_source(tmp_path: Path, corpora: list[Path]) -> None:
    """Whoever names it means the corpus."""
    (corpora[1] / "train.bin").write_bytes(b"half")
    with pytest.raises(CorpusError, match=r"train\.bin: half-written"):
        prepare_corpus([corpora[1]], tmp_path / "run")
