"""Writes train.json: a small network's weights, the losses of ten steps of plain gradient descent in PyTorch, and the final weights.

    python3 train.py > train.json        (made with PyTorch 1.13, in float64)

The Go side is TestTrainsAsPyTorch.
"""
import json
import torch
from torch import nn

torch.manual_seed(3)
torch.set_default_dtype(torch.float64)

net = nn.Sequential(
    nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(3, 4, 2), nn.Tanh(), nn.AvgPool2d(2),
    nn.Flatten(), nn.Linear(4, 5), nn.Sigmoid(), nn.Linear(5, 3),
)
x = torch.randn(6, 1, 7, 7)
labels = torch.randint(3, (6,))


def state():
    return {k: [float(f"{v:.17g}") for v in p.detach().flatten()] for k, p in net.named_parameters()}


out = {"x": [float(v) for v in x.flatten()], "labels": labels.tolist(), "first": state(), "losses": []}
for _ in range(10):
    loss = nn.functional.cross_entropy(net(x), labels)
    net.zero_grad()
    loss.backward()
    out["losses"].append(loss.item())
    with torch.no_grad():
        for p in net.parameters():
            p -= 0.5 * p.grad
out["last"] = state()
print(json.dumps(out, separators=(",", ":")))
