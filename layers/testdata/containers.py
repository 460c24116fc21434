"""Writes containers.json: Bilinear, PReLU, weight norm and spectral norm as PyTorch computes them (see record.py).

    python3 containers.py > containers.json
"""
import torch
from torch import nn
from torch.nn.utils import weight_norm, spectral_norm
from record import record, write

torch.manual_seed(31)
randn = torch.randn
record("Bilinear", nn.Bilinear(3, 4, 2), randn(5, 3), randn(5, 4))
record("PReLU", nn.PReLU(3), randn(2, 3, 4))
record("WeightNormLinear", weight_norm(nn.Linear(5, 4)), randn(3, 5))
record("WeightNormConv2D", weight_norm(nn.Conv2d(2, 3, 3, stride=2)), randn(2, 2, 6, 5))
record("SpectralNormLinear", spectral_norm(nn.Linear(5, 4)), randn(3, 5))
record("SpectralNormConv1D", spectral_norm(nn.Conv1d(2, 3, 2, dilation=2)), randn(2, 2, 5))
record("SpectralNormConv2D", spectral_norm(nn.Conv2d(4, 2, 3, stride=2, padding=1, groups=2)), randn(2, 4, 5, 4))
record("SpectralNormConv3D", spectral_norm(nn.Conv3d(2, 2, 2, bias=False)), randn(1, 2, 3, 2, 3))
write()
