"""Writes attention.json: attention and transformers in PyTorch, forward and backward.   python3 attention.py > attention.json"""
import torch
from torch import nn
from record import record, write

torch.manual_seed(14)
q, k = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
mask = torch.zeros(3, 5)
mask[0, 2], mask[1, 4], mask[2, 0] = float("-inf"), 0.7, -1.5
padding = torch.zeros(2, 5, dtype=torch.bool)
padding[0, 4] = padding[1, 1] = True
causal = torch.triu(torch.ones(3, 3, dtype=torch.bool), 1)


def mha():
    return nn.MultiheadAttention(4, 2, batch_first=True)


record("MultiheadAttention to itself", mha(), q, call=lambda m, x: m(x, x, x)[0])
record("MultiheadAttention, causal", mha(), q, call=lambda m, x: m(x, x, x, attn_mask=causal)[0])
record("MultiheadAttention to others", mha(), q, k, torch.randn(2, 5, 4), call=lambda m, q, k, v: m(q, k, v)[0])
record("MultiheadAttention with masks", mha(), q, k,
       call=lambda m, q, k: m(q, k, k, attn_mask=mask, key_padding_mask=padding)[0])
record("TransformerEncoderLayer", nn.TransformerEncoderLayer(4, 2, 6, dropout=0, batch_first=True), q)
record("TransformerEncoderLayer, norm first, GELU",
       nn.TransformerEncoderLayer(4, 2, 6, dropout=0, activation="gelu", norm_first=True, batch_first=True), q)
record("TransformerEncoder", nn.TransformerEncoder(
    nn.TransformerEncoderLayer(4, 2, 6, dropout=0, norm_first=True, batch_first=True), 2, nn.LayerNorm(4)), q,
       call=lambda m, x: m(x, mask=causal))
record("TransformerDecoder", nn.TransformerDecoder(nn.TransformerDecoderLayer(4, 2, 6, dropout=0, batch_first=True), 2), q, k,
       call=lambda m, x, memory: m(x, memory, tgt_mask=causal, memory_key_padding_mask=padding))
record("MultiheadAttention of other features", nn.MultiheadAttention(4, 2, kdim=3, vdim=5, batch_first=True), q, torch.randn(2, 5, 3),
       torch.randn(2, 5, 5), call=lambda m, q, k, v: m(q, k, v, key_padding_mask=padding)[0])
write()
