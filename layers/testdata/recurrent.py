"""Writes recurrent.json: recurrent layers in PyTorch, forward and backward.   python3 recurrent.py > recurrent.json"""
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from record import record, write

torch.manual_seed(13)


def run(m, x, *state, lengths=None):
    """y, then the last states of each layer and direction: all h, then all c."""
    state = None if not state else state[0] if len(state) == 1 else state
    if lengths is not None:
        x = pack_padded_sequence(x, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
    y, last = m(x, state)
    if lengths is not None:
        y, _ = pad_packed_sequence(y, batch_first=True)
    last = last if isinstance(last, tuple) else (last,)
    return (y,) + tuple(s for t in last for s in t)


x = torch.randn(2, 3, 4)
record("RNN", nn.RNN(4, 2, batch_first=True), x, call=run)
record("RNN with ReLU, without bias", nn.RNN(4, 2, nonlinearity="relu", bias=False, batch_first=True), x, call=run)
record("LSTM", nn.LSTM(4, 2, batch_first=True), x, call=run)
record("LSTM with states, two layers, both ways", nn.LSTM(4, 2, num_layers=2, bidirectional=True, batch_first=True),
       x, torch.randn(4, 2, 2), torch.randn(4, 2, 2), call=run)
record("LSTM of lengths, both ways", nn.LSTM(4, 2, bidirectional=True, batch_first=True), x,
       call=lambda m, x: run(m, x, lengths=[1, 3]))
record("GRU", nn.GRU(4, 2, batch_first=True), x, call=run)
record("GRU with a state, two layers, both ways", nn.GRU(4, 2, num_layers=2, bidirectional=True, batch_first=True),
       x, torch.randn(4, 2, 2), call=run)
record("GRU of lengths, both ways", nn.GRU(4, 2, bidirectional=True, batch_first=True), x,
       call=lambda m, x: run(m, x, lengths=[3, 2]))
one = torch.randn(3, 4)
record("RNNCell", nn.RNNCell(4, 2), one, torch.randn(3, 2))
record("GRUCell", nn.GRUCell(4, 2), one, torch.randn(3, 2))
record("LSTMCell", nn.LSTMCell(4, 2), one, torch.randn(3, 2), torch.randn(3, 2), call=lambda m, x, h, c: m(x, (h, c)))


class ConvLSTM(nn.Module):
    """The formula of layers.ConvLSTM, written out."""

    def __init__(self):
        super().__init__()
        self.weight_ih = nn.Parameter(torch.zeros(8, 3, 3, 3))
        self.weight_hh = nn.Parameter(torch.zeros(8, 2, 3, 3))
        self.bias = nn.Parameter(torch.zeros(8))

    def forward(self, x, h, c):
        ys = []
        for t in range(x.shape[1]):
            z = nn.functional.conv2d(x[:, t], self.weight_ih, self.bias, padding=1) + nn.functional.conv2d(h, self.weight_hh, padding=1)
            i, f, g, o = z.chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            ys.append(h)
        return torch.stack(ys, 1), h, c


record("ConvLSTM", ConvLSTM(), torch.randn(1, 2, 3, 2, 3), torch.randn(1, 2, 2, 3), torch.randn(1, 2, 2, 3))
record("LSTM projected", nn.LSTM(4, 3, proj_size=2, batch_first=True), x, call=run)
record("LSTM projected, with states, two layers, both ways, without bias",
       nn.LSTM(4, 3, num_layers=2, proj_size=1, bidirectional=True, bias=False, batch_first=True), x, torch.randn(4, 2, 1), torch.randn(4, 2, 3), call=run)
record("LSTM projected of lengths, both ways", nn.LSTM(4, 3, proj_size=2, bidirectional=True, batch_first=True), x,
       call=lambda m, x: run(m, x, lengths=[1, 3]))
write()
