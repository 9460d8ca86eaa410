"""Singular values of an update: its rank, how much few directions hold, the nearest of rank r."""

from __future__ import annotations

import torch
from torch import Tensor

from lora_course.arguments import rank_for


def singular_values(update: Tensor) -> Tensor:
    """σ_1 ≥ σ_2 ≥ … of a matrix (d_out×d_in), min(d_out, d_in) of them, in fp64."""
    return torch.linalg.svdvals(update.double())


def energy_shares(update: Tensor) -> Tensor:
    """Entry r − 1: the share Σ_{i≤r} σ_i² / Σ σ_i² of ‖ΔW‖² that r directions hold; 0 to 1."""
    energies = singular_values(update) ** 2
    return energies.cumsum(0) / energies.sum()


def nearest(update: Tensor, rank: int) -> Tensor:
    """The matrix of rank `rank` nearest to `update` (Eckart–Young): its leading directions."""
    rank_for(rank, (update.shape[0], update.shape[1]), "the update")
    left, values, right = torch.linalg.svd(update, full_matrices=False)
    return (left[:, :rank] * values[:rank]) @ right[:rank]
