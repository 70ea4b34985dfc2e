"""The training loop: truncated back-propagation through time over a corpus, with validation and checkpoints.

Knows nothing of files to train on (corpus), of model files (export) or of terminals (it reports to `Listener`).
"""

import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from tinycode_ls.errors import CorpusError, TrainingError

from .batches import Streams, Text
from .checkpoint import Checkpoint, Progress, save_checkpoint
from .corpus.shards import Bytes
from .interrupt import DeferredInterrupt
from .network import Network, State, detached, next_byte_loss, pick_device
from .parallel import Group, join_group
from .precision import use_bfloat16
from .recipe import Recipe
from .samples import Sample, opening, sample_network
from .schedule import learning_rate
from .threads import ThreadChoice
from .validation import Quality, can_measure, measure


@dataclass(frozen=True)
class StepFigures:
    """What one optimiser step showed. `bits` and `accuracy` are of the batch just trained on; `done` is 0..1."""

    step: int
    bits: float
    accuracy: float
    rate: float
    gradient_norm: float
    bytes_read: int
    seconds: float
    done: float


class Listener(Protocol):
    """Who is told of a run's progress."""

    def on_step(self, figures: StepFigures) -> None:
        """After each optimiser step."""

    def on_validation(self, figures: StepFigures, quality: Quality, best: bool) -> None:
        """After each validation."""

    def on_sample(self, step: int, sample: Sample) -> None:
        """After each validation, where this process leads."""


@dataclass
class Run:
    """A run in memory: what changes while training."""

    recipe: Recipe
    network: Network
    optimiser: torch.optim.AdamW
    progress: Progress
    state: State
    corpus_hash: str


def make_optimiser(network: nn.Module, recipe: Recipe) -> torch.optim.AdamW:
    """Weight decay on matrices only: biases and gains have no business shrinking."""
    matrices = [weight for weight in network.parameters() if weight.dim() > 1]
    vectors = [weight for weight in network.parameters() if weight.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": recipe.weight_decay}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=(0.9, 0.99), fused=True)


def start_run(recipe: Recipe, corpus_hash: str, weights: dict[str, Tensor] | None = None) -> Run:
    """A new run, from scratch or from `weights`."""
    torch.manual_seed(recipe.seed)
    network = Network(recipe.spec, recipe.dropout)
    if weights is not None:
        network.load_state_dict(weights)
    network.to(pick_device(recipe.device))
    return Run(recipe, network, make_optimiser(network, recipe), Progress(), (), corpus_hash)


def resume_run(checkpoint: Checkpoint, corpus_hash: str) -> Run:
    """Go on where `checkpoint` stands; raises TrainingError when the corpus is not the same any more."""
    if not checkpoint.optimiser:
        raise TrainingError("this checkpoint holds weights only; expected the run's last.pt to resume from")
    if checkpoint.corpus_hash != corpus_hash:
        raise TrainingError(
            f"the corpus changed since the run began (hash {corpus_hash[:8]}, expected {checkpoint.corpus_hash[:8]}); "
            "restore it, or start a new run"
        )
    run = start_run(checkpoint.recipe, corpus_hash, checkpoint.weights)
    run.optimiser.load_state_dict(checkpoint.optimiser)
    run.progress, run.state = checkpoint.progress, checkpoint.state
    torch.set_rng_state(checkpoint.random)
    return run


def train(run: Run, data: Bytes | Text, held_out: Bytes, folder: Path, listener: Listener) -> None:
    """Train until the recipe's end; last.pt and best.pt in `folder` are always whole.

    KeyboardInterrupt, and CorpusError for a shard that is gone or damaged, are let through after last.pt is written.
    Raises TrainingError when the loss is not finite any more.
    """
    _Loop(run, data, held_out, folder, listener).train()


class _Loop:
    """The bookkeeping around `step`: clock, validation, checkpoints."""

    def __init__(self, run: Run, data: Bytes | Text, held_out: Bytes, folder: Path, listener: Listener) -> None:
        recipe = run.recipe
        self.run, self.held_out, self.folder, self.listener = run, held_out, folder, listener
        self.device = pick_device(recipe.device)
        self.group: Group = join_group(self.device)
        if recipe.threads:
            torch.set_num_threads(recipe.threads)
        by_the_clock = bool(recipe.minutes) and not recipe.steps
        alone = self.group.ranks == 1 and self.device.type == "cpu"
        choose = by_the_clock and alone and not recipe.threads
        self.threads = ThreadChoice(torch.get_num_threads()) if choose else None
        self.autocast = use_bfloat16(recipe.precision, self.device)
        if recipe.batch % self.group.ranks:
            raise TrainingError(f"--batch is {recipe.batch}; expected a multiple of the {self.group.ranks} processes")
        mine = self.group.rank, self.group.ranks
        self.streams = Streams(data, recipe.batch, recipe.sequence, recipe.seed, *mine, max(1, recipe.lanes))
        if not self.streams.chunks:
            raise TrainingError(
                f"the corpus has {sum(self.streams.text.sizes)} bytes in {len(self.streams.text.sizes)} shards, too few "
                f"for batch {recipe.batch} x sequence {recipe.sequence}; give more text or a smaller --batch"
            )
        if not can_measure(held_out):
            raise TrainingError(
                f"the held-out text has {len(held_out)} bytes, too few to judge the network by; give more text"
            )
        if not run.state:
            run.state = run.network.initial_state(self.streams.local_batch)
        else:
            first = self.group.rank * self.streams.local_batch
            own = slice(first, first + self.streams.local_batch)
            run.state = tuple(tensor[:, own].to(self.device) for tensor in run.state)
        self.saved_at = time.monotonic()
        progress = run.progress
        self.figures = StepFigures(
            progress.step, math.nan, math.nan, 0.0, math.nan, progress.bytes_read, progress.seconds, 0.0
        )
        self.problem: CorpusError | None = None

    def done(self) -> float:
        """Share of the run that is behind us, 0..1."""
        recipe, progress = self.run.recipe, self.run.progress
        if recipe.steps:
            return progress.step / recipe.steps
        epochs = progress.step * recipe.accumulate / self.streams.chunks
        if recipe.minutes:
            read = epochs / recipe.most_epochs if recipe.most_epochs else 0.0
            return max(read, self.group.agree(progress.seconds / (60 * recipe.minutes)))
        return epochs / recipe.epochs

    def finished(self, done: float) -> bool:
        """Whether the run is at its end, or has not got better for long enough."""
        patience = self.run.recipe.patience
        return done >= 1 or bool(patience and self.run.progress.validations_without_gain >= patience)

    def train(self) -> None:
        """Steps until the end; saves then, when told to end and where a shard is lost, but not after a step that diverged."""
        with DeferredInterrupt(self.group.ranks == 1) as interrupt:
            while not self.finished(done := self.done()) and not self.stopped(interrupt.asked):
                self.figures = self.timed_step(done) if self.threads else self.step(done)
                self.listener.on_step(self.figures)
                if self.run.progress.step % self.run.recipe.validate_every == 0:
                    self.validate()
                if self.group.agree(time.monotonic() - self.saved_at) > self.run.recipe.save_seconds:
                    self.save()
            self.save()
            if self.group.any(interrupt.asked or self.problem is not None):
                raise self.problem or KeyboardInterrupt
        if self.run.progress.step != self.run.progress.validated_step:
            self.validate()
            self.save()

    def stopped(self, asked: bool) -> bool:
        """Whether a person, or a shard that cannot be read, stops the run before the next step, in any process."""
        progress = self.run.progress
        try:
            self.streams.prepare(progress.epoch, progress.chunk, self.run.recipe.accumulate)
        except CorpusError as error:
            self.problem = error
        return self.group.any(asked or self.problem is not None)

    def timed_step(self, done: float) -> StepFigures:
        """A step with as many threads as seem best."""
        assert self.threads
        torch.set_num_threads(self.threads.now)
        before = self.run.progress.seconds
        figures = self.step(done)
        self.threads.took(figures.seconds - before)
        return figures

    def step(self, done: float) -> StepFigures:
        """One optimiser step over `accumulate` chunks."""
        run, recipe, progress = self.run, self.run.recipe, self.run.progress
        began = time.perf_counter()  # the other clock of Windows ticks every 16 ms, as long as a short step
        run.network.train()
        run.optimiser.zero_grad(set_to_none=True)
        loss, hits = 0.0, 0
        for _ in range(recipe.accumulate):
            where = progress.epoch, progress.chunk
            ids, targets = (tensor.to(self.device) for tensor in self.streams.chunk(*where))
            run.state = self.begun(run.state, self.streams.begins(*where))
            with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.autocast):
                logits, state = run.network(ids, run.state)
            part = next_byte_loss(logits, targets) / recipe.accumulate
            part.backward()  # type: ignore[no-untyped-call]
            run.state = detached(state)
            loss += float(part.detach())
            hits += int((logits.argmax(-1) == targets).sum())
            self.advance()
        accuracy = hits / (recipe.accumulate * recipe.sequence * self.streams.local_batch)
        loss, accuracy = self.group.mean(loss, accuracy)
        self.expect_finite(loss)
        self.group.average_gradients(run.network)
        norm = float(nn.utils.clip_grad_norm_(run.network.parameters(), recipe.clip or math.inf))
        rate = learning_rate(done, recipe.learning_rate, recipe.warmup, recipe.final_rate)
        for group in run.optimiser.param_groups:
            group["lr"] = rate
        run.optimiser.step()
        progress.step += 1
        progress.bytes_read += recipe.accumulate * recipe.sequence * recipe.batch
        progress.seconds += time.perf_counter() - began
        bits = loss / math.log(2)
        return StepFigures(progress.step, bits, accuracy, rate, norm, progress.bytes_read, progress.seconds, done)

    def expect_finite(self, loss: float) -> None:
        """Raises TrainingError where the run diverged. What was saved last may have, too: best.pt was judged."""
        if not math.isfinite(loss):
            kept = (self.folder / "best.pt").is_file()
            raise TrainingError(
                f"the loss became {loss} at step {self.run.progress.step}; "
                + (f"the best checkpoint is kept in {self.folder}; " if kept else "")
                + "start again with a lower --learning-rate, in another folder (--run)"
            )

    def begun(self, state: State, begins: Tensor) -> State:
        """The state with nothing read yet in the streams that begin anew."""
        if not begins.any():
            return state
        empty, begins = self.run.network.initial_state(self.streams.local_batch), begins.to(self.device)
        return tuple(
            torch.where(begins.view(1, -1, *[1] * (old.dim() - 2)), new, old)
            for new, old in zip(empty, state, strict=True)
        )

    def advance(self) -> None:
        """To the next chunk."""
        progress = self.run.progress
        progress.chunk += 1
        if progress.chunk >= self.streams.chunks:
            progress.epoch, progress.chunk = progress.epoch + 1, 0

    def validate(self) -> None:
        """Measure on held-out bytes; keep the best weights."""
        run, progress, figures = self.run, self.run.progress, self.figures
        quality = measure(run.network, self.held_out, run.recipe.validation_bytes, self.device, self.autocast)
        self.expect_finite(self.group.agree(quality.bits))
        best = self.group.agree(quality.bits) < progress.best_bits
        progress.validations_without_gain = 0 if best else progress.validations_without_gain + 1
        progress.validated_step = progress.step
        if best:
            progress.best_bits = quality.bits
            self.write("best.pt", {}, ())
        self.listener.on_validation(figures, quality, best)
        if self.group.leads:
            self.listener.on_sample(figures.step, sample_network(run.network, opening(self.held_out)))

    def save(self) -> None:
        """Write last.pt: all that is needed to go on."""
        self.write("last.pt", self.run.optimiser.state_dict(), self.group.gather_states(self.run.state))
        self.saved_at = time.monotonic()

    def write(self, name: str, optimiser: dict[str, Any], state: State) -> None:
        run = self.run
        if self.group.leads:
            weights = {key: value.detach().cpu().clone() for key, value in run.network.state_dict().items()}
            save_checkpoint(
                self.folder / name,
                Checkpoint(
                    run.recipe,
                    replace(run.progress),
                    weights,
                    optimiser,
                    tuple(tensor.cpu() for tensor in state),
                    torch.get_rng_state(),
                    run.corpus_hash,
                ),
            )
