"""A run's folder: one process at a time, of one command, from one base; what it exports keeps the base's mixer."""

import json
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tinycode_ls.atomic import write_atomic
from tinycode_ls.engine.mixer import mixer_to_bytes
from tinycode_ls.engine.model import load_model
from tinycode_ls.errors import TinycodeError, TrainingError
from tinycode_ls.model.card import ModelCard
from trainer import cli, commands
from trainer import tune as tuning
from trainer.claim import claimed
from trainer.export import import_weights, model_bytes
from trainer.fit import fit, resume
from trainer.mixer import MixerNetwork
from trainer.network import Network
from trainer.order import Order, open_order
from trainer.publish import check_out, export_checkpoint, export_run
from trainer.recipe import Recipe
from trainer.run_folder import stopped
from trainer.tune import resume_tune, tune

RECIPE = Recipe(hidden=16, embedding=8, attention=0, steps=3, batch=4, sequence=16, dropout=0.0, threads=1)


@pytest.fixture
def order(tmp_path: Path) -> Order:
    """Two files to read, and a base with a mixer."""
    (tmp_path / "repo").mkdir()
    for name in ("one", "two", "three"):
        lines = "".join(f"{name}_{number} = {number}\n" for number in range(150))
        (tmp_path / "repo" / f"{name}.py").write_text(lines)
    network, mixer = Network(RECIPE.spec), mixer_to_bytes(MixerNetwork().to_mixer())
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    (tmp_path / "base.onnx").write_bytes(model_bytes(weights, ModelCard(RECIPE.spec), mixer))
    return Order((str(tmp_path / "repo"),), str(tmp_path / "out.onnx"), base=str(tmp_path / "base.onnx"))


def test_the_base_s_mixer_goes_along(tmp_path: Path, order: Order) -> None:
    """Also when the run is resumed or a checkpoint exported."""
    mixer = load_model(Path(order.base)).mixer_bytes
    assert mixer and load_model(fit(order, RECIPE, tmp_path / "run", quiet=True)).mixer_bytes == mixer
    for checkpoint in ("best.pt", "last.pt", ""):
        made = load_model(export_checkpoint(tmp_path / "run" / checkpoint, tmp_path / "again.onnx"))
        assert made.mixer_bytes == mixer
        assert ("held_out_bits" in made.card.quality) is (checkpoint != "last.pt")


def test_a_run_is_resumed_by_its_own_command(tmp_path: Path, order: Order) -> None:
    """`fit --resume` of a tuning run would write its network unblended, over whatever is there."""
    fit(order, RECIPE, tmp_path / "fit", quiet=True)
    tune(order, RECIPE, tmp_path / "tune", force=True, quiet=True)
    assert open_order(tmp_path / "tune")[0].command == "tune"
    with pytest.raises(TrainingError, match="a run of `tune`; go on with: tinycode-train tune --resume"):
        resume(tmp_path / "tune", "fit", export_run)
    with pytest.raises(TrainingError, match="a run of `fit`; go on with: tinycode-train fit --resume"):
        resume_tune(tmp_path / "fit")


def test_a_tuned_run_is_exported_as_it_was_tuned(tmp_path: Path, order: Order) -> None:
    """With the base's share in its weights."""
    written = tune(order, replace(RECIPE, base_share=0.3), tmp_path / "tune", force=True, quiet=True).out
    again = export_checkpoint(tmp_path / "tune", tmp_path / "again.onnx")
    weights = [import_weights(path.read_bytes(), RECIPE.spec)["embedding.weight"] for path in (written, again)]
    assert (weights[0] == weights[1]).all()


def test_the_base_may_have_a_share_in_the_model(tmp_path: Path, order: Order) -> None:
    """Of a run that was fitted too; the bits in its card are those of the file."""
    made = {}
    for share in (0.0, 0.25, 1.0):
        out = fit(
            replace(order, out=str(tmp_path / "out.onnx")), replace(RECIPE, base_share=share), tmp_path / "run", True
        )
        made[share] = import_weights(out.read_bytes(), RECIPE.spec)["head.weight"], load_model(out).card.quality
    base = import_weights(Path(order.base).read_bytes(), RECIPE.spec)["head.weight"]
    (trained, bits), (between, mixed_bits) = made[0.0], made[0.25]
    assert np.abs(between - (0.75 * trained + 0.25 * base)).max() < 0.02 * np.abs(base).max()
    assert np.abs(trained - base).max() > 0.02 * np.abs(base).max() > np.abs(made[1.0][0] - base).max()
    assert bits["held_out_bits"] < mixed_bits["held_out_bits"] < made[1.0][1]["held_out_bits"]


def test_a_share_of_no_base_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It would be passed over without a word."""
    flags = ["fit", str(tmp_path), "--out", str(tmp_path / "m.onnx"), "--base-share", "0.2"]
    assert cli.main(flags) == 2
    assert "--base-share is 0.2; expected 0 without a --base" in capsys.readouterr().err


def test_an_export_of_what_is_no_checkpoint_names_it(tmp_path: Path) -> None:
    """A model file, a folder that holds no run: not a run to resume, which nobody asked for."""
    (tmp_path / "my.onnx").write_bytes(b"model")
    with pytest.raises(TrainingError, match=r"my\.onnx: damaged or not a checkpoint"):
        export_checkpoint(tmp_path / "my.onnx", tmp_path / "again.onnx")
    with pytest.raises(TrainingError, match=r"expected last\.pt or best\.pt of a run"):
        export_checkpoint(tmp_path, tmp_path / "again.onnx")


def test_a_new_tuning_run_does_not_go_on_with_the_old_one(
    tmp_path: Path, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before its first checkpoint, it leaves none to resume from."""
    tune(order, RECIPE, tmp_path / "run", force=True, quiet=True)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tuning, "run_to_end", killed)
    with pytest.raises(KeyboardInterrupt):
        tune(order, RECIPE, tmp_path / "run", force=True, quiet=True)
    assert not list((tmp_path / "run").glob("*.pt"))


def test_a_run_begins_by_what_it_reads(tmp_path: Path, order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    """Which network learns what, and by how much it is judged: in a repository of several languages nobody knows else."""
    tune(order, RECIPE, tmp_path / "run", force=True)
    first = capsys.readouterr().err.splitlines()[0]
    sizes = [(tmp_path / "run" / "corpus" / f"{part}.bin").stat().st_size / 1000 for part in ("train", "valid")]
    assert first == "base.onnx reads on {:.1f} kB (python); held out to measure it: {:.1f} kB".format(*sizes)
    fit(replace(order, base=""), RECIPE, tmp_path / "new")
    assert capsys.readouterr().err.startswith("a new network reads ")


def test_tuning_does_not_throw_an_unfinished_run_away(tmp_path: Path, order: Order) -> None:
    """Ctrl-C had saved it."""
    tune(order, RECIPE, tmp_path / "run", force=True, quiet=True)
    assert stopped("tune", tmp_path / "run") == "stopped, before there was anything to save"  # that one was finished
    (tmp_path / "run" / "model.onnx").unlink()
    assert f"--resume {tmp_path / 'run'}" in stopped("tune", tmp_path / "run")
    with pytest.raises(TrainingError, match="not finished; go on with `tinycode-train tune --resume"):
        tune(order, RECIPE, tmp_path / "run", force=True, quiet=True)
    assert resume_tune(tmp_path / "run", force=True, quiet=True).written


def test_a_run_that_cannot_begin_takes_no_other_s_place(tmp_path: Path, order: Order) -> None:
    """A device that this machine has not: the finished run is still there, and can be reported on and exported."""
    tune(order, RECIPE, tmp_path / "run", force=True, quiet=True)
    kept = {
        path.name: path.read_bytes()
        for path in (tmp_path / "run").iterdir()
        if path.suffix in {".pt", ".json", ".onnx"}
    }
    with pytest.raises(TinycodeError, match="--device is nowhere"):
        tune(order, replace(RECIPE, device="nowhere"), tmp_path / "run", force=True, quiet=True)
    assert "last.pt" in kept and all((tmp_path / "run" / name).read_bytes() == was for name, was in kept.items())


@pytest.mark.parametrize("hidden", [16, 20])
def test_another_base_than_at_the_beginning_is_one_line(tmp_path: Path, order: Order, hidden: int) -> None:
    """Somebody replaced it meanwhile, as an upgrade does: of the same shape, its share would spoil the network unsaid."""
    tune(order, replace(RECIPE, base_share=0.3), tmp_path / "run", force=True, quiet=True)
    spec = replace(RECIPE, hidden=hidden).spec
    weights = {name: tensor.numpy() for name, tensor in Network(spec).state_dict().items()}
    Path(order.base).write_bytes(model_bytes(weights, ModelCard(spec), None))
    for again in (
        lambda: resume_tune(tmp_path / "run"),
        lambda: export_checkpoint(tmp_path / "run", tmp_path / "x.onnx"),
    ):
        with pytest.raises(TrainingError, match="another model than when the run began"):
            again()


@pytest.mark.parametrize("command", [fit, tune])
def test_a_run_whose_model_finds_no_place_is_not_finished(tmp_path: Path, order: Order, command) -> None:
    """A full disk, or Ctrl-C before it is written: the next run in the folder would take its place unasked."""
    (tmp_path / "there").mkdir()
    out = tmp_path / "there" / "out.onnx"

    def no_room(path: Path, *rest: object) -> None:
        if path == out:
            raise TinycodeError(f"{path}: not written")
        write_atomic(path, *rest)  # type: ignore[arg-type]

    more = {"force": True} if command is tune else {}
    with pytest.MonkeyPatch.context() as patch:
        for module in ("trainer.tune", "trainer.publish"):
            patch.setattr(f"{module}.write_atomic", no_room)
        with pytest.raises(TinycodeError, match="not written"):
            command(replace(order, out=str(out)), RECIPE, tmp_path / "run", quiet=True, **more)
    assert "the run is saved" in stopped(command.__name__, tmp_path / "run")
    with pytest.raises(TrainingError, match="was not finished"):
        command(order, RECIPE, tmp_path / "run", quiet=True, **more)


def test_a_folder_is_for_one_run_at_a_time(tmp_path: Path) -> None:
    """Two would write the same checkpoints."""
    refused = pytest.raises(TrainingError, match="another tinycode-train works in it")
    with claimed(tmp_path / "run"), refused, claimed(tmp_path / "run"):
        pass
    with claimed(tmp_path / "run"):
        pass


@pytest.mark.parametrize(
    ("saved", "says"),
    [(True, "the run is saved; go on with: tinycode-train fit --resume"), (False, "before there was")],
)
def test_ctrl_c_says_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], saved: bool, says: str
) -> None:
    """Nothing is promised that is not there."""

    def interrupted(options: Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "fit", interrupted)
    if saved:
        (tmp_path / "last.pt").write_text("")
    assert cli.main(["fit", "--run", str(tmp_path)]) == 130 and says in capsys.readouterr().err


def test_two_mixed_models_do_not_take_one_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Told before the mixer is fitted."""
    grounds = [f"{tmp_path / name / 'model.onnx'}={tmp_path}" for name in ("a", "b")]
    assert cli.main(["mix", *grounds, "--out", str(tmp_path / "out")]) == 2
    assert "two models would be written to one file" in capsys.readouterr().err


def test_why_of_tune_knows_the_language(order: Order, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left to another model is not said to be kept, and how that one is made is."""
    (Path(order.paths[0]) / "script.js").write_text("let x = 1;\n")
    apart = f"left out, another model learns javascript: `tinycode-train tune {order.paths[0]} --language javascript`"
    for language, said in (("", apart), ("javascript", "kept")):
        file = str(Path(order.paths[0]) / "script.js")
        assert cli.main(["tune", *order.paths, "--why", file, "--language", language]) == 0
        assert said in capsys.readouterr().out


def test_a_place_that_cannot_be_written_is_told_before_training(tmp_path: Path) -> None:
    """Not after it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(TrainingError, match="a folder; expected the name of a file"):
        check_out(tmp_path)
    with pytest.raises(TrainingError, match="file is not a writable folder"):
        check_out(tmp_path / "file" / "model.onnx")
    check_out(tmp_path / "new" / "folder" / "model.onnx")


@pytest.mark.parametrize(
    "change",
    [[], "[" * 100_000, {"paths": []}, {"paths": [5]}, {"out": 5}, {"base": 5}, {"mode": "x"}, {"mode": 0o4777}],
)
def test_a_damaged_order_is_one_line(tmp_path: Path, order: Order, change: object) -> None:
    """Where the run would fall over it hours later, or set more rights than a file's."""
    RECIPE.save(tmp_path / "recipe.json")
    order.save(tmp_path)
    assert open_order(tmp_path)[0] == order
    text = change if isinstance(change, str) else json.dumps(order.__dict__ | change if change else change)
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(TrainingError, match="no run to resume"):
        open_order(tmp_path)


def test_an_order_without_an_end_is_not_read(tmp_path: Path) -> None:
    """A repository may hold a link to a device."""
    RECIPE.save(tmp_path / "recipe.json")
    (tmp_path / "run.json").symlink_to("/dev/zero")
    with pytest.raises(TrainingError, match="not a regular file"):
        open_order(tmp_path)


def test_a_checkpoint_with_other_bytes_is_damaged(tmp_path: Path, order: Order) -> None:
    """A disk or a copy may change one in the middle of the weights, and the run would go on with them."""
    fit(order, RECIPE, tmp_path / "run", quiet=True)
    path = tmp_path / "run" / "last.pt"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 64
    path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"last\.pt: damaged"):
        resume(tmp_path / "run", "fit", export_run, quiet=True)


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, order: Order) -> None:
    """Of the model file, however long each run took."""
    first, again = (fit(order, RECIPE, tmp_path / name, quiet=True).read_bytes() for name in ("one", "two"))
    assert first == again
