"""What the mixer practises beside."""

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.model import Model, load_model
from tinycode_ls.errors import CorpusError
from trainer import mix
from trainer.cli import main
from trainer.mix import Ground, Practice, beside_tuned, write_mixed
from trainer.mixer import Examples, Fit, MixerNetwork, collect
from trainer.practice import make_release


@pytest.fixture
def ground(tmp_path: Path, tiny_model_file: Path) -> Ground:
    """One package in two releases, which repeat themselves."""
    for folder, size in (("packages-before", 50), ("packages", 60)):
        root = tmp_path / folder / "p"
        root.mkdir(parents=True)
        for n in range(10):
            rng = random.Random(n)
            lines = [f"    self.value_{k} = compute_{rng.randrange(9)}(self.value_{k})" for k in range(size)]
            (root / f"m{n}.py").write_text(f"class C{n}:\n" + "\n".join(lines) + "\n")
    return Ground(tiny_model_file, tmp_path / "packages")


def test_beside_a_network_tuned_on_the_older_release(
    ground: Ground, tiny_model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Places of what the newer release added, at which that network is much less surprised than its base."""
    monkeypatch.setattr(mix, "TUNE_DEFAULTS", replace(mix.TUNE_DEFAULTS, minutes=0, steps=60, learning_rate=3e-2))
    said: list[str] = []
    root, practice = ground.packages / "p", Practice(files=2, lines=4)

    def beside() -> Examples | None:
        return beside_tuned(ground, root, ("python",), practice, said.append)

    assert beside() is None and not said, "a package so small is not tuned on"
    monkeypatch.setattr(mix, "TUNED_ON", range(1_000, 100_000))
    found = beside()
    assert found is not None and said[0].startswith("p: tuned, ")
    texts = [
        {f"m{n}.py": (folder / f"m{n}.py").read_bytes() for n in range(10)} for folder in (ground.before / "p", root)
    ]
    project = make_release("p", *texts, files=6, lines=12, seed=2)
    assert project is not None
    base = collect(tiny_model, project)
    surprise = [
        -examples.log_p[np.arange(len(examples.targets)), examples.targets].mean() for examples in (base, found)
    ]
    assert surprise[1] < 0.7 * surprise[0]
    monkeypatch.setattr(mix, "TUNE_DEFAULTS", replace(mix.TUNE_DEFAULTS, learning_rate=1e30))
    assert beside() is None and said[1].startswith("p: not tuned (the loss became"), "one package less, no more"


def test_a_mixer_that_is_worse_than_none_is_not_written(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It would take the place of a good one."""
    shutil.copytree(ground.packages / "p", ground.packages / "q")
    worse = Fit(bits=2.0, network_bits=1.9, accuracy=0.5)
    monkeypatch.setattr(mix, "judge_mixer", lambda network, examples: worse)
    with pytest.raises(CorpusError, match=r"mixed 2\.000 bits a byte, the network alone 1\.900, so nothing is written"):
        mix.mix([ground], Practice(files=4, lines=40), lambda text: None)


def test_a_private_model_stays_private(tiny_model_file: Path, tmp_path: Path) -> None:
    """In place and elsewhere: it was tuned on private code."""
    path = Path(shutil.copy(tiny_model_file, tmp_path / "model.onnx"))
    path.chmod(0o600)
    for out in (tmp_path / "new" / "model.onnx", path):
        write_mixed(path, mixer_to_bytes(MixerNetwork().to_mixer()), Fit(1.0, 2.0, 0.5), out)
        assert out.stat().st_mode & 0o777 == 0o600 and load_model(out).card.quality["mixed_bits"] == 1.0


@pytest.mark.parametrize("words", ["model.onnx", "={}", "model.onnx=nowhere"])
def test_what_names_no_model_or_no_folder_is_one_line(
    tmp_path: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And says what was expected; nothing before the sign was taken for the working folder."""
    assert main(["mix", words.format(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "expected MODEL=FOLDER, with a folder of unpacked packages" in said and said.count("\n") == 1
