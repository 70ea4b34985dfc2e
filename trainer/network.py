"""The network: bytes in, next-byte logits out. The forward pass is written here once; export.py copies its weights.

Glossary:  T bytes of a sequence   B streams side by side   E embedding size   H units   L layers
State:     the tensors of `ModelSpec.state_shapes`: [L, B, H], (h, c) for an LSTM and (h,) otherwise, then what
           attention remembers; B is the second axis of each
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from tinycode_ls.model.document import VOCABULARY
from tinycode_ls.model.spec import ATTENTION_WIDTH, ModelSpec

from .attention import Attention
from .flags import expect

State = tuple[Tensor, ...]

CELL_MODULES: dict[str, type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Network(nn.Module):
    """embedding -> recurrent layers -> dropout -> perhaps attention beside -> linear over the 256 byte values."""

    def __init__(self, spec: ModelSpec, dropout: float = 0.0) -> None:
        super().__init__()
        self.spec = spec
        self.embedding = nn.Embedding(VOCABULARY, spec.embedding)
        between = dropout if spec.layers > 1 else 0.0
        self.cell = CELL_MODULES[spec.cell](spec.embedding, spec.hidden, spec.layers, dropout=between)
        self.dropout = nn.Dropout(dropout)
        self.attention = Attention(spec) if spec.attention else None
        top = spec.hidden + (ATTENTION_WIDTH if spec.attention else 0)
        self.project = nn.Linear(top, spec.embedding, bias=False) if spec.tie_weights else None
        self.head = nn.Linear(spec.embedding if spec.tie_weights else top, VOCABULARY)
        if spec.tie_weights:
            self.head.weight = self.embedding.weight
        self.initialise()

    def initialise(self) -> None:
        """Orthogonal recurrence (Saxe et al. 2014), Glorot input weights, forget-gate bias 1 (Jozefowicz et al. 2015)."""
        nn.init.normal_(self.embedding.weight)  # std 1: 0.125 learned three times slower in the first minute
        for name, weight in self.cell.named_parameters():
            if "weight_hh" in name:
                for gate in torch.split(weight.data, self.spec.hidden):
                    nn.init.orthogonal_(gate)
            elif "weight_ih" in name:
                for gate in torch.split(weight.data, self.spec.hidden):
                    nn.init.xavier_uniform_(gate)
            else:
                nn.init.zeros_(weight)
                if self.spec.cell == "lstm" and "bias_ih" in name:
                    weight.data[self.spec.hidden : 2 * self.spec.hidden] = 1.0  # gates i f g o
        if not self.spec.tie_weights:
            nn.init.xavier_uniform_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def initial_state(self, batch: int) -> State:
        """Zeros: nothing read yet."""
        return tuple(self.head.bias.new_zeros(shape) for shape in self.spec.state_shapes(batch).values())

    def forward(self, ids: Tensor, state: State) -> tuple[Tensor, State]:
        """ids [T, B] int64 -> logits [T, B, 256], the state after the last byte."""
        inputs = self.dropout(self.embedding(ids))  # [T, B, E]
        cells = len(self.spec.cell_states)
        outputs, after = self.cell(inputs, state[:cells] if cells > 1 else state[0])  # [T, B, H]
        after = after if isinstance(after, tuple) else (after,)
        outputs = self.dropout(outputs)
        if self.attention is not None:
            found, *memory = self.attention(outputs, *state[cells:])
            outputs = torch.cat([outputs, found.to(outputs.dtype)], dim=-1)  # [T, B, H+W]
            after = (*after, *memory)
        if self.project is not None:
            outputs = self.project(outputs)  # [T, B, E]
        return self.head(outputs), after


def next_byte_loss(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats; logits [T, B, 256], targets [T, B]."""
    return functional.cross_entropy(logits.float().reshape(-1, VOCABULARY), targets.reshape(-1))


def detached(state: State) -> State:
    """The same numbers without their history: back-propagation stops here."""
    return tuple(tensor.detach() for tensor in state)


def pick_device(name: str) -> torch.device:
    """`auto` takes the first. Raises SettingsError for a device that this machine has not."""
    found = _devices()
    expect(name in ("auto", *found), "device", name, f"one of auto, {', '.join(found)}")
    return torch.device(found[0] if name == "auto" else name)


def _devices() -> list[str]:
    """Of this machine, the best first. Apple's GPU is the last: recurrent cells of this size were slower there than on its CPU
    (PyTorch 138898), and memory grew with every step (145374)."""
    cuda = ["cuda", *(f"cuda:{number}" for number in range(torch.cuda.device_count()))]
    return [
        *(cuda if torch.cuda.is_available() else []),
        "cpu",
        *(["mps"] if torch.backends.mps.is_available() else []),
    ]
