"""Writes norm.json: normalisations in PyTorch, forward and backward.   python3 norm.py > norm.json"""
import torch
from torch import nn
from record import record, write

torch.manual_seed(11)
x = torch.randn(4, 3, 2, 3) * 1.5 + 2
record("BatchNorm 2d", nn.BatchNorm2d(3), x)
record("BatchNorm 1d of features", nn.BatchNorm1d(3, eps=1e-3, momentum=0.3), torch.randn(5, 3) + 1)
record("BatchNorm 1d long", nn.BatchNorm1d(2), torch.randn(2, 2, 35) - 1)
record("BatchNorm 3d", nn.BatchNorm3d(2), torch.randn(2, 2, 2, 2, 3))
record("BatchNorm without gain", nn.BatchNorm2d(3, affine=False), x)


def twice(m, x):
    m(x)
    return m(x * 0.5 + 1)


record("BatchNorm cumulative, twice", nn.BatchNorm2d(3, momentum=None), x, call=twice)
evaluated = nn.BatchNorm2d(3)
evaluated(x)
evaluated.eval()
record("BatchNorm evaluated", evaluated, x)
record("LayerNorm", nn.LayerNorm(5), torch.randn(3, 2, 5) + 1)
record("LayerNorm without gain", nn.LayerNorm(5, elementwise_affine=False), torch.randn(4, 5))
record("GroupNorm", nn.GroupNorm(3, 6), torch.randn(2, 6, 2, 3) + 1)
record("InstanceNorm", nn.InstanceNorm2d(3), x)
record("InstanceNorm with gain", nn.InstanceNorm1d(3, affine=True), torch.randn(2, 3, 7))
record("LocalResponseNorm", nn.LocalResponseNorm(3, alpha=0.5, beta=0.6, k=1.5), torch.randn(2, 5, 2, 3))
record("LocalResponseNorm of an even size", nn.LocalResponseNorm(4), torch.randn(2, 6, 4) * 20)
record("InstanceNorm tracked", nn.InstanceNorm2d(3, track_running_stats=True), x)
record("InstanceNorm tracked, with gain", nn.InstanceNorm1d(3, affine=True, momentum=0.3, track_running_stats=True), torch.randn(2, 3, 7) + 1)
tracked = nn.InstanceNorm2d(3, affine=True, track_running_stats=True)
tracked(x)
tracked.eval()
record("InstanceNorm tracked, evaluated", tracked, x)
write()
