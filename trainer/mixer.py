"""Fits the mixer (tinycode_ls/engine/mixer.py) on practice projects: the same formula in torch, and gradient descent.

Evidence is gathered by the very code that serves, so features cannot drift apart; a test compares the two formulas.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from tinycode_ls.engine.mixer import BYTE_CLASS, FEATURES, FLOOR, JUDGED, SLOTS, Mixer, gate_features, judged_signals
from tinycode_ls.engine.mixture import Predictor
from tinycode_ls.engine.model import Model
from tinycode_ls.errors import CorpusError
from tinycode_ls.index.below import LineBelow
from tinycode_ls.index.document import document_index
from tinycode_ls.model.document import document_header

from .practice import Exercise, Project

MOST_CANDIDATES = 24
GATE = 192
JUDGE = 64
BYTE_EMBEDDING = 8


@dataclass(frozen=True)
class Examples:
    """N positions. features [N, F], log_p [N, 256], candidates [N, M] with counts [N, S, M] of taken [N, S], targets [N]."""

    features: npt.NDArray[np.float16]
    log_p: npt.NDArray[np.float16]
    candidates: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.uint8]
    taken: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.uint8]


def collect(model: Model, project: Project) -> Examples:
    """Every position of every exercise of a project."""
    parts = []
    for path, text, exercises in project.files:
        header = document_header(path)
        logits, _ = model.read_all(header + text)
        parts += [_positions(model, project, exercise, text, logits[len(header) - 1 :]) for exercise in exercises]
    return join_examples(parts)


def join_examples(parts: list[Examples]) -> Examples:
    """One after another."""
    return Examples(
        *(np.concatenate([getattr(part, name) for part in parts]) for name in Examples.__dataclass_fields__)
    )


def _positions(
    model: Model, project: Project, exercise: Exercise, text: bytes, logits: npt.NDArray[np.float32]
) -> Examples:
    """`logits[i]` predict byte i of `text`."""
    line = exercise.line + b"\n"
    begin = text.index(exercise.left + line) + len(exercise.left)
    document = document_index(exercise.left, exercise.right)
    below = LineBelow(b"\n" + exercise.right)
    predictor = Predictor(model, None, document, project.workspace, below)
    along = predictor.along(exercise.left, line[:-1], logits[begin : begin + len(line)])
    evidence, log_p, places = along.evidence, along.network_log_probs, along.places
    features = gate_features(log_p, evidence, places.last, places.columns, along.recent)
    table = evidence.table()
    weight = table.max(axis=1)
    candidates = np.argsort(-weight, axis=1, kind="stable")[:, :MOST_CANDIDATES]
    counts = np.take_along_axis(table, candidates[:, None, :], axis=2)
    return Examples(
        features.astype(np.float16),
        log_p.astype(np.float16),
        candidates.astype(np.uint8),
        counts.astype(np.uint8),
        np.maximum(evidence.taken, 1).astype(np.uint8),
        np.frombuffer(line, np.uint8),
    )


class MixerNetwork(nn.Module):
    """The formula of engine/mixer.py, with gradients."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(FEATURES, GATE)
        self.out = nn.Linear(GATE, 1 + SLOTS)
        self.log_sigma = nn.Parameter(torch.ones(SLOTS))
        nn.init.zeros_(self.out.weight)
        nn.init.constant_(self.out.bias, 0.1)
        self.out.bias.data[0] = 1.0
        self.judge = nn.Linear(JUDGED, JUDGE)
        self.place = nn.Linear(GATE, JUDGE, bias=False)
        self.byte_class = nn.Linear(BYTE_CLASS.shape[1], JUDGE, bias=False)
        self.byte = nn.Embedding(256, BYTE_EMBEDDING)
        self.byte_out = nn.Linear(BYTE_EMBEDDING, JUDGE, bias=False)
        self.middle = nn.Linear(JUDGE, JUDGE)
        self.judge_out = nn.Linear(JUDGE, 1, bias=False)
        nn.init.zeros_(self.judge_out.weight)

    def forward(self, features: Tensor, log_p: Tensor, candidates: Tensor, counts: Tensor, taken: Tensor) -> Tensor:
        """-> logits [N, 256]."""
        hidden = functional.relu(self.gate(features))
        weights = self.out(hidden)  # [N, 1+S]
        own = log_p.gather(1, candidates)[:, :, None]  # [N, M, 1]
        counts = counts.transpose(1, 2)  # [N, M, S]
        raised = torch.log1p(counts / (self.log_sigma.exp() * (own.exp() + FLOOR)))
        boost = (raised * weights[:, None, 1:]).sum(dim=2, keepdim=True)  # [N, M, 1]
        behind = own - log_p.amax(dim=1)[:, None, None]
        judged = torch.cat(judged_signals(raised, counts / taken[:, None, :], own, boost, behind), dim=2)
        first = functional.relu(self.judge(judged) + self.place(hidden)[:, None, :] + self.of_byte()[candidates])
        second = functional.relu(self.middle(first))
        seen = counts.amax(dim=2) > 0
        opinion = boost[:, :, 0] + self.judge_out(second)[:, :, 0] * seen
        return torch.scatter_add(weights[:, :1] * log_p, 1, candidates, opinion)

    def of_byte(self) -> Tensor:
        """What the judge adds for each byte [256, JUDGE]: its class, and what it learned of it alone."""
        of_class: Tensor = self.byte_class(torch.from_numpy(BYTE_CLASS))
        of_itself: Tensor = self.byte_out(self.byte.weight)
        return of_class + of_itself

    def to_mixer(self) -> Mixer:
        """The fitted weights, for numpy."""
        gate = (self.gate.weight.T, self.gate.bias, self.out.weight.T, self.out.bias, self.log_sigma)
        judge = (self.judge.weight.T, self.place.weight.T, self.of_byte() + self.judge.bias)
        middle = (self.middle.weight.T, self.middle.bias, self.judge_out.weight[0])
        return Mixer(*(array.detach().numpy().copy() for array in (*gate, *judge, *middle)))


@dataclass(frozen=True)
class Fit:
    """Bits per byte of a mixer on examples held out, beside the network's alone, and the share of next bytes right."""

    bits: float
    network_bits: float
    accuracy: float


def fit_mixer(examples: Examples, epochs: int = 6, seed: int = 1) -> MixerNetwork:
    """AdamW over shuffled positions. Six epochs are for millions of them; raises CorpusError for next to none."""
    torch.manual_seed(seed)
    network, order = MixerNetwork(), np.random.default_rng(seed)
    batch, count = 1024, len(examples.targets)
    if count < batch:
        raise CorpusError(
            f"{count} places to practise on; expected {batch} or more: name more packages, or larger ones"
        )
    steps = epochs * (count // batch)
    optimiser = torch.optim.AdamW(network.parameters(), lr=4e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps + 1, pct_start=0.1)
    for _ in range(epochs):
        shuffled = order.permutation(count)
        for begin in range(0, count - batch + 1, batch):
            inputs, targets = _tensors(examples, shuffled[begin : begin + batch])
            loss = functional.cross_entropy(network(*inputs), targets)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
    return network


def _tensors(examples: Examples, rows: npt.NDArray[np.int64]) -> tuple[tuple[Tensor, ...], Tensor]:
    inputs = (
        torch.from_numpy(examples.features[rows].astype(np.float32)),
        torch.from_numpy(examples.log_p[rows].astype(np.float32)),
        torch.from_numpy(examples.candidates[rows].astype(np.int64)),
        torch.from_numpy(examples.counts[rows].astype(np.float32)),
        torch.from_numpy(examples.taken[rows].astype(np.float32)),
    )
    return inputs, torch.from_numpy(examples.targets[rows].astype(np.int64))


@torch.no_grad()
def judge_mixer(network: MixerNetwork, examples: Examples) -> Fit:
    """Measured on `examples`."""
    mixed, alone, hits = 0.0, 0.0, 0
    for begin in range(0, len(examples.targets), 4096):
        rows = np.arange(begin, min(begin + 4096, len(examples.targets)))
        inputs, targets = _tensors(examples, rows)
        logits = network(*inputs)
        mixed += float(functional.cross_entropy(logits, targets, reduction="sum"))
        alone += float(functional.nll_loss(inputs[1], targets, reduction="sum"))
        hits += int((logits.argmax(1) == targets).sum())
    count = len(examples.targets) * float(np.log(2))
    return Fit(mixed / count, alone / count, hits / len(examples.targets))
