"""Several processes on one run (torchrun): who we are, and the mean of the gradients. One process needs none of it."""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Group:
    """This process is `rank` of `ranks`; only rank 0 writes files and talks."""

    rank: int = 0
    ranks: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes files and reports."""
        return self.rank == 0

    def average_gradients(self, network: nn.Module) -> None:
        """One all-reduce over all gradients, flattened, so that small tensors do not pay a round trip each."""
        if self.ranks == 1:
            return
        gradients = [weight.grad for weight in network.parameters() if weight.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        dist.all_reduce(flat)
        flat /= self.ranks
        at = 0
        for gradient in gradients:
            gradient.copy_(flat[at : at + gradient.numel()].view_as(gradient))
            at += gradient.numel()

    def agree(self, value: float) -> float:
        """Rank 0's value, everywhere: decisions by the clock must be the same in all processes."""
        if self.ranks == 1:
            return value
        tensor = torch.tensor([value], dtype=torch.float64)
        if dist.get_backend() == "nccl":
            tensor = tensor.cuda()
        dist.broadcast(tensor, 0)
        return float(tensor.item())


def join_group(device: torch.device) -> Group:
    """The group that torchrun describes in the environment, or a group of one."""
    ranks = int(os.environ.get("WORLD_SIZE", "1"))
    if ranks == 1:
        return Group()
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    return Group(dist.get_rank(), dist.get_world_size())


def gather_states(group: Group, state: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """The recurrent state of all streams [L, B, H], in rank order, for a checkpoint."""
    if group.ranks == 1:
        return state
    gathered = []
    for tensor in state:
        parts = [torch.empty_like(tensor) for _ in range(group.ranks)]
        dist.all_gather(parts, tensor.contiguous())
        gathered.append(torch.cat(parts, dim=1))
    return tuple(gathered)
