"""The training loop: it learns, it repeats itself exactly, it resumes as if it had not stopped, it stops when it must."""

import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tinycode_ls.errors import TrainingError
from trainer import loop
from trainer.checkpoint import load_checkpoint
from trainer.interrupt import DeferredInterrupt
from trainer.loop import StepFigures, resume_run, start_run, train
from trainer.network import Network, State, pick_device
from trainer.recipe import Recipe
from trainer.samples import Sample, sample_network
from trainer.validation import Quality

DATA = np.frombuffer(b"def add(first, second):\n    return first + second\n\n\n" * 60, np.uint8)
RECIPE = Recipe(
    hidden=24, embedding=8, batch=4, sequence=16, steps=24, validate_every=12, precision="float32", threads=1
)


class Quiet:
    """A listener that keeps what it hears; `stop_at` plays Ctrl-C, or another signal, after that step."""

    def __init__(self, stop_at: int = 0, stop_by: signal.Signals = signal.SIGINT) -> None:
        self.stop_by = stop_by
        self.stop_at, self.bits, self.validations = stop_at, list[float](), list[Quality]()
        self.samples: list[Sample] = []

    def on_step(self, figures: StepFigures) -> None:
        """Remember; perhaps interrupt."""
        self.bits.append(figures.bits)
        if figures.step == self.stop_at:
            signal.raise_signal(self.stop_by)

    def on_validation(self, figures: StepFigures, quality: Quality, best: bool) -> None:
        """Remember."""
        self.validations.append(quality)

    def on_sample(self, step: int, sample: Sample) -> None:
        """Remember."""
        self.samples.append(sample)


def weights(folder: Path) -> dict[str, torch.Tensor]:
    """Of the last checkpoint."""
    return load_checkpoint(folder / "last.pt").weights


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    """To the bit."""
    return all(torch.equal(one[name], other[name]) for name in one)


def test_it_learns(tmp_path: Path) -> None:
    """Bits per byte fall well below those of the first step."""
    heard = Quiet()
    train(start_run(replace(RECIPE, steps=80, learning_rate=0.02), "x"), DATA, DATA, tmp_path, heard)
    assert heard.bits[-1] < 0.6 * heard.bits[0]
    assert heard.validations[-1].bits < heard.bits[0]


def test_the_same_seed_gives_the_same_weights_and_another_seed_does_not(tmp_path: Path) -> None:
    """Bit for bit, on one machine."""
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        train(start_run(replace(RECIPE, seed=seed), "x"), DATA, DATA, tmp_path / name, Quiet())
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "c"))


def test_samples_are_drawn_aside(tmp_path: Path) -> None:
    """One for each validation, continuing the held-out text; torch's generator and the network's mode stay as they were."""
    heard = Quiet()
    train(start_run(RECIPE, "x"), DATA, DATA, tmp_path, heard)
    assert len(heard.samples) == len(heard.validations) == 2
    assert heard.samples[0].prompt.startswith("def add(") and heard.samples[0].text != heard.samples[1].text
    network = start_run(RECIPE, "x").network.train()
    before = torch.get_rng_state()
    one, other = (sample_network(network, b"def ") for _ in range(2))
    assert one == other and network.training and torch.equal(before, torch.get_rng_state())


class OnApple(torch.Tensor):
    """As on Apple's GPU: float32 is the widest."""

    def double(self) -> torch.Tensor:  # type: ignore[override]
        """As PyTorch has it."""
        raise TypeError("Cannot convert a MPS Tensor to float64 dtype")

    def cpu(self) -> torch.Tensor:  # type: ignore[override]
        """Where there are doubles."""
        return self.as_subclass(torch.Tensor)


class AppleNetwork(Network):
    """A network there."""

    def forward(self, ids: torch.Tensor, state: State) -> tuple[torch.Tensor, State]:
        """As any."""
        logits, after = super().forward(ids, state)
        return logits.as_subclass(OnApple), after


def test_a_sample_is_drawn_where_there_are_no_doubles() -> None:
    """After the first validation, it would have ended every run on a Mac."""
    assert len(sample_network(AppleNetwork(RECIPE.spec), b"def ", most=3).text) > 0


def test_a_mac_trains_on_its_cpu_unless_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch's LSTM is slower on its GPU, and grows."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert [pick_device(name).type for name in ("auto", "cpu", "mps")] == ["cpu", "cpu", "mps"]


@pytest.mark.parametrize("attention", [0, 20])
def test_interrupted_and_resumed_is_uninterrupted(tmp_path: Path, attention: int) -> None:
    """Ctrl-C in the middle of an epoch, with dropout on; what attention remembers is part of the state."""
    recipe = replace(RECIPE, dropout=0.3, attention=attention)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    train(start_run(recipe, "x"), DATA, DATA, tmp_path / "whole", Quiet())
    with pytest.raises(KeyboardInterrupt):
        train(start_run(recipe, "x"), DATA, DATA, tmp_path / "parts", Quiet(stop_at=13))
    run = resume_run(load_checkpoint(tmp_path / "parts" / "last.pt"), "x")
    train(run, DATA, DATA, tmp_path / "parts", Quiet())
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_accumulated_gradients_are_those_of_all_the_chunks(tmp_path: Path) -> None:
    """Two chunks of half the length, added up, read the same bytes for one step."""
    heard = Quiet()
    train(start_run(replace(RECIPE, accumulate=2, steps=3), "x"), DATA, DATA, tmp_path, heard)
    assert load_checkpoint(tmp_path / "last.pt").progress.bytes_read == 3 * 2 * 16 * 4


def test_a_diverging_run_stops_and_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    """A weight that is not a number makes the loss not a number; what was saved stays."""
    train(start_run(RECIPE, "x"), DATA, DATA, tmp_path, Quiet())
    before = (tmp_path / "last.pt").read_bytes()
    run = resume_run(load_checkpoint(tmp_path / "last.pt"), "x")
    run.recipe = replace(run.recipe, steps=40)
    run.network.head.bias.data[0] = float("nan")
    with pytest.raises(TrainingError, match=r"best checkpoint is kept .*lower --learning-rate"):
        train(run, DATA, DATA, tmp_path, Quiet())
    assert (tmp_path / "last.pt").read_bytes() == before


def test_a_run_that_diverges_in_its_last_step_says_so(tmp_path: Path) -> None:
    """The weights after it are judged, and no checkpoint of it is called good."""
    with pytest.raises(TrainingError, match=r"the loss became \w+ at step 1; start again with a lower --learning-rate"):
        train(start_run(replace(RECIPE, steps=1, learning_rate=1e38), "x"), DATA, DATA, tmp_path, Quiet())


def test_text_that_shrank_to_nothing_trains_nothing(tmp_path: Path) -> None:
    """Neither on no text, nor without text to judge by: zero bits a byte over no byte would look perfect."""
    for data, held_out, message in ((DATA[:20], DATA, "20 bytes"), (DATA, DATA[:5], "held-out text has 5 bytes")):
        with pytest.raises(TrainingError, match=rf"{message}.*give more text"):
            train(start_run(RECIPE, "x"), data, held_out, tmp_path, Quiet())
    assert not list(tmp_path.iterdir())


def test_early_stopping(tmp_path: Path) -> None:
    """Held-out text that is noise never gets better for long."""
    noise = np.random.default_rng(0).integers(1, 255, 3000).astype(np.uint8)
    heard = Quiet()
    recipe = replace(RECIPE, steps=2000, validate_every=5, patience=2, learning_rate=0.02)
    train(start_run(recipe, "x"), DATA, noise, tmp_path, heard)
    assert len(heard.bits) < 2000
    assert load_checkpoint(tmp_path / "best.pt").progress.best_bits == min(q.bits for q in heard.validations)


def test_a_small_text_is_not_read_again_and_again(tmp_path: Path) -> None:
    """A run by the clock ends, at its lowest rate, after `most_epochs`: as many steps as one that is told to read so often."""
    by_epochs, by_clock = Quiet(), Quiet()
    train(start_run(replace(RECIPE, steps=0, epochs=2), "x"), DATA, DATA, tmp_path / "a", by_epochs)
    bounded = replace(RECIPE, steps=0, minutes=60, most_epochs=2)
    train(start_run(bounded, "x"), DATA, DATA, tmp_path / "b", by_clock)
    assert len(by_clock.bits) == len(by_epochs.bits) > 20
    assert load_checkpoint(tmp_path / "b" / "last.pt").progress.epoch == 2


def test_resume_refuses_another_corpus_and_weights_alone(tmp_path: Path) -> None:
    """A changed corpus, or best.pt, cannot continue a run."""
    train(start_run(RECIPE, "x"), DATA, DATA, tmp_path, Quiet())
    with pytest.raises(TrainingError, match="corpus changed"):
        resume_run(load_checkpoint(tmp_path / "last.pt"), "y")
    with pytest.raises(TrainingError, match=r"last\.pt"):
        resume_run(load_checkpoint(tmp_path / "best.pt"), "x")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", None])
def test_a_damaged_checkpoint_is_named_and_left_alone(tmp_path: Path, content: bytes | None) -> None:
    """Empty, foreign, absent."""
    path = tmp_path / "last.pt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrainingError, match=r"last\.pt"):
        load_checkpoint(path)
    assert content is None or path.read_bytes() == content


def test_what_is_no_whole_checkpoint_is_told_from_what_cannot_be_read(tmp_path: Path) -> None:
    """A file of torch's that lacks most, or is of another version; a folder in its place."""
    for data, said in (({"version": 1}, "damaged or not"), ({"version": 9}, "version 9, expected 1"), ([], "damaged")):
        torch.save(data, tmp_path / "last.pt")
        with pytest.raises(TrainingError, match=rf"last\.pt: .*{said}"):
            load_checkpoint(tmp_path / "last.pt")
    (tmp_path / "best.pt").mkdir()
    with pytest.raises(TrainingError, match=r"best\.pt: no checkpoint to read there \(Is a directory\)"):
        load_checkpoint(tmp_path / "best.pt")


def test_being_told_to_end_twice_is_being_told_once() -> None:
    """A system that shuts down sends both signals; a second Ctrl-C is a person who will not wait."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        with DeferredInterrupt() as interrupt:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGHUP)
            assert interrupt.asked
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGINT)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_told_to_end_is_saved(tmp_path: Path, ending: signal.Signals) -> None:
    """A terminal that is closed, a machine that shuts down; afterwards the signal does what it did before."""
    before = signal.signal(ending, signal.SIG_DFL)  # these tests may run under nohup themselves
    try:
        with pytest.raises(KeyboardInterrupt):
            train(start_run(RECIPE, "x"), DATA, DATA, tmp_path, Quiet(13, ending))
        assert load_checkpoint(tmp_path / "last.pt").progress.step == 13
        assert signal.getsignal(ending) == signal.SIG_DFL
    finally:
        signal.signal(ending, before)


def test_a_run_under_nohup_is_not_ended_by_a_closed_terminal(tmp_path: Path) -> None:
    """The user said so."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        train(start_run(RECIPE, "x"), DATA, DATA, tmp_path, Quiet(13, signal.SIGHUP))
    finally:
        signal.signal(signal.SIGHUP, before)
    assert load_checkpoint(tmp_path / "last.pt").progress.step == RECIPE.steps


def test_ctrl_c_in_the_last_step_leaves_a_run_that_is_judged_when_resumed(tmp_path: Path) -> None:
    """There is nothing left to train then, and until then no best.pt."""
    recipe = replace(RECIPE, validate_every=1000)
    with pytest.raises(KeyboardInterrupt):
        train(start_run(recipe, "x"), DATA, DATA, tmp_path, Quiet(stop_at=24))
    heard = Quiet()
    train(resume_run(load_checkpoint(tmp_path / "last.pt"), "x"), DATA, DATA, tmp_path, heard)
    assert not heard.bits and len(heard.validations) == 1
    assert load_checkpoint(tmp_path / "best.pt").progress.best_bits == heard.validations[0].bits


def test_ctrl_c_in_the_last_validation_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run was saved before."""

    def interrupted(*_: object) -> Quality:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(loop, "measure", interrupted)
        train(start_run(replace(RECIPE, validate_every=1000), "x"), DATA, DATA, tmp_path, Quiet())
    assert load_checkpoint(tmp_path / "last.pt").progress.step == 24


def test_a_run_that_stopped_early_stays_stopped_when_resumed(tmp_path: Path) -> None:
    """Else each resumption would make another model of it."""
    noise = np.random.default_rng(0).integers(1, 255, 3000).astype(np.uint8)
    recipe = replace(RECIPE, steps=2000, validate_every=5, patience=2, learning_rate=0.02)
    train(start_run(recipe, "x"), DATA, noise, tmp_path, Quiet())
    heard = Quiet()
    train(resume_run(load_checkpoint(tmp_path / "last.pt"), "x"), DATA, noise, tmp_path, heard)
    assert not heard.bits and not heard.validations
