"""Writes embedding.json: lookups in PyTorch, forward and backward.   python3 embedding.py > embedding.json"""
import torch
from torch import nn
from record import record, write

torch.manual_seed(12)
index = torch.tensor([[4, 0, 4], [2, 1, 4]])
record("Embedding", nn.Embedding(5, 3), index)
record("Embedding with padding", nn.Embedding(5, 3, padding_idx=4), index)
record("Embedding of limited norm", nn.Embedding(5, 3, max_norm=0.7), index)
for mode in ("sum", "mean", "max"):
    record("EmbeddingBag " + mode, nn.EmbeddingBag(5, 3, mode=mode, padding_idx=1), index)
record("EmbeddingBag with offsets", nn.EmbeddingBag(5, 3, mode="mean"), index.flatten(), torch.tensor([0, 2, 2, 5]))
record("EmbeddingBag with weights", nn.EmbeddingBag(5, 3, mode="sum"), index, torch.randn(2, 3),
       call=lambda m, i, w: m(i, per_sample_weights=w))
write()
