"""One attention head over the last N states of the top layer, after SHA-RNN (Merity 2019) and SRU++ (Lei 2021).

A state's key is filed with the value of the state one byte later, so that "where I was like this" answers with "what came
next" (the pairing of the continuous cache of Grave et al. 2017). What it finds goes into the output layer beside the state
itself: the same as a residual connection, since the output layer is linear.

Glossary:  T bytes   B streams   H units   N states remembered   W width of a key and of a value
Memory:    the last N keys [1, B, N, W+1], each ending with 1 (0: nothing read yet), and values [1, B, N, W]
"""

import torch
from torch import Tensor, nn

from tinycode_ls.model.spec import ATTENTION_WIDTH, ModelSpec

FILLED = 30.0
"""How much a state that was read outweighs the zeros before the beginning; e^-30 is nothing."""
NEVER = -1e4
"""Score of what is out of reach; e^NEVER is 0."""


class Attention(nn.Module):
    """Scaled dot product plus a learned weight for each distance."""

    def __init__(self, spec: ModelSpec) -> None:
        super().__init__()
        self.project = nn.Linear(spec.hidden, 3 * ATTENTION_WIDTH)  # queries, keys, values
        self.nearness = nn.Parameter(torch.zeros(spec.attention))  # [N], the nearest first
        nn.init.xavier_uniform_(self.project.weight)
        nn.init.zeros_(self.project.bias)

    def forward(self, outputs: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """outputs [T, B, H], memory -> what was found [T, B, W], the memory after the last byte."""
        reach = len(self.nearness)
        query, key, value = self.project(outputs).float().transpose(0, 1).chunk(3, dim=-1)  # [B, T, W]
        keys = torch.cat([keys[0], nn.functional.pad(key, (0, 1), value=1.0)], dim=1)  # [B, N+T, W+1]
        values = torch.cat([values[0], value], dim=1)  # [B, N+T, W]
        query = nn.functional.pad(query / ATTENTION_WIDTH**0.5, (0, 1), value=FILLED)  # [B, T, W+1]
        with torch.autocast(outputs.device.type, enabled=False):
            scores = query @ keys[:, :-1].transpose(1, 2) + self.distances(len(outputs))  # [B, T, N+T-1]
            found = scores.softmax(-1) @ values[:, 1:]  # [B, T, W]
        return found.transpose(0, 1), keys[None, :, -reach:], values[None, :, -reach:]

    def distances(self, count: int) -> Tensor:
        """What is added to the score of each key, for `count` queries in a row [T, N+T-1]."""
        reach, device = len(self.nearness), self.nearness.device
        back = torch.arange(count, device=device)[:, None] + reach - 1
        back = back - torch.arange(reach + count - 1, device=device)[None]  # [T, N+T-1], 0 is the nearest
        near = self.nearness[back.clamp(0, reach - 1)]
        return near.masked_fill((back < 0) | (back >= reach), NEVER)


FARTHER = 2.0
"""How much less a state beyond the old reach weighs, to begin with, than the farthest within it."""


def with_reach(weights: dict[str, Tensor], spec: ModelSpec) -> dict[str, Tensor]:
    """The weights of a network that looks back on fewer states, for one of `spec`, which looks farther."""
    nearness = weights["attention.nearness"]
    farther = nearness.new_full((spec.attention - len(nearness),), float(nearness[-1]) - FARTHER)
    return weights | {"attention.nearness": torch.cat([nearness, farther])}


def with_attention(weights: dict[str, Tensor], spec: ModelSpec) -> dict[str, Tensor]:
    """The weights of a network without attention, for one of `spec` that has it: random there, and not yet heard by the
    output layer, so that it says what the other said until it has learned to look back."""
    top = "project.weight" if spec.tie_weights else "head.weight"
    deaf = nn.functional.pad(weights[top], (0, ATTENTION_WIDTH))  # [.., H+W]
    fresh = {f"attention.{name}": weight for name, weight in Attention(spec).state_dict().items()}
    return weights | fresh | {top: deaf}
