"""Writes second.json: second derivatives in PyTorch.   python3 second.py > second.json   (made with PyTorch 2.15)

Each case is a penalty: the sum of the squares of the gradients of the sum of the squares of a module's results. What record notes
as its gradients are second derivatives. The Go side is second_test.go.
"""
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from record import record, write

torch.manual_seed(17)


def penalty(fn):
    def of(m, *inputs):
        ys = fn(m, *inputs)
        loss = sum((y * y).sum() for y in (ys if isinstance(ys, tuple) else (ys,)))
        wanted = [i for i in inputs if i.requires_grad] + list(m.parameters())
        return sum((g * g).sum() for g in torch.autograd.grad(loss, wanted, create_graph=True))
    return of


def second(name, module, *inputs, call):
    record(name, module, *inputs, call=penalty(call))


def run(*lengths):
    def of(m, x):
        if lengths:
            x = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        y, last = m(x)
        if lengths:
            y, _ = pad_packed_sequence(y, batch_first=True)
        return (y,) + (last if isinstance(last, tuple) else (last,))
    return of


x = torch.randn(2, 3, 2)
second("RNN", nn.RNN(2, 2, batch_first=True), x, call=run())
second("RNN with ReLU", nn.RNN(2, 2, nonlinearity="relu", bias=False, batch_first=True), x, call=run())
second("GRU of lengths, both ways", nn.GRU(2, 2, bidirectional=True, batch_first=True), x, call=run(1, 3))
second("LSTM, two layers", nn.LSTM(2, 2, num_layers=2, batch_first=True), x, call=run())
second("LSTM of lengths, both ways", nn.LSTM(2, 2, bidirectional=True, batch_first=True), x, call=run(3, 2))
second("LSTM projected of lengths, both ways", nn.LSTM(2, 3, proj_size=2, bidirectional=True, batch_first=True), x, call=run(3, 2))

causal, padding = torch.ones(3, 3).triu(1).bool(), torch.tensor([[False, False, False], [False, False, True]])
second("MultiheadAttention", nn.MultiheadAttention(4, 2, batch_first=True), torch.randn(2, 3, 4),
       call=lambda m, x: m(x, x, x, attn_mask=causal, key_padding_mask=padding)[0])
second("MultiheadAttention to others, with a mask to add", nn.MultiheadAttention(4, 2, batch_first=True),
       torch.randn(1, 2, 4), torch.randn(1, 3, 4), torch.randn(1, 3, 4),
       call=lambda m, q, k, v: m(q, k, v, attn_mask=torch.tensor([[0.5, -1, 0], [float("-inf"), 2, 0.3]]))[0])

second("Embedding", nn.Embedding(4, 2, padding_idx=1), torch.tensor([[2, 1, 3], [2, 0, 2]]), call=lambda m, i: torch.tanh(m(i)))

none, rows, labels = nn.Module(), torch.randn(3, 4), torch.tensor([3, -100, 1])
weight = torch.tensor([1, 0.5, 2, 3])
second("CrossEntropy", none, rows, torch.tensor([3, 0, 1]), call=lambda m, x, i: F.cross_entropy(x, i))
second("CrossEntropy, weighted and smoothed", none, rows, labels,
       call=lambda m, x, i: F.cross_entropy(x, i, weight, label_smoothing=0.1, reduction="none"))
second("CrossEntropy of probabilities", none, rows, call=lambda m, x: F.cross_entropy(x, torch.tensor([0.1, 0, 0.7, 0.2]).repeat(3, 1), weight))
second("NLL", none, rows, labels, call=lambda m, x, i: F.nll_loss(torch.tanh(x), i, weight, reduction="none"))
target = torch.tensor([0.3, 0.0, 1.0])
second("BCE", none, torch.tensor([0.2, 0.6, 0.9]), target, call=lambda m, x, t: F.binary_cross_entropy(x, t, reduction="none"))
second("BCE with logits", none, torch.tensor([-2.0, 0.5, 3.0]), target,
       call=lambda m, x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"))
write()
