"""Writes groups.json: a small network's weights before and after training with parameter groups in PyTorch, in float64.

    python3 groups.py > groups.json        (made with PyTorch 1.13)

Every step takes the whole data set; the schedule halves all rates every third step. The Go side is TestGroupsAsPyTorch, which
has the same optimizers and groups under the same names.
"""
import json
import torch
from torch import nn

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)

STEPS = 8
x, labels = torch.randn(9, 4), torch.arange(9) % 3
first = [p.detach().clone() for p in nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3)).parameters()]

rules = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.5, momentum=0.9, weight_decay=0.1),
    "nesterov": lambda groups: torch.optim.SGD(groups, lr=0.2, momentum=0.8, nesterov=True, weight_decay=0.1),
    "adagrad": lambda groups: torch.optim.Adagrad(groups, lr=0.1, eps=1e-3, weight_decay=0.1),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.05, eps=1e-3, weight_decay=0.1),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.05, eps=1e-3, weight_decay=0.1),
}


def train(rule):
    net = nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 3))
    for p, value in zip(net.parameters(), first):
        p.data.copy_(value)
    base = rule(net.parameters()).defaults["lr"]
    optimizer = rule([
        {"params": [net[0].bias], "weight_decay": 0, "lr": base / 4},
        {"params": [net[2].bias], "weight_decay": 0},
        {"params": [net[0].weight], "lr": 0.01, "weight_decay": 0.3},
        {"params": [net[2].weight]},
    ])
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
    for _ in range(STEPS):
        optimizer.zero_grad()
        nn.functional.cross_entropy(net(x), labels).backward()
        optimizer.step()
        schedule.step()
    return {k: p.detach().flatten().tolist() for k, p in net.named_parameters()}


names = ["0.weight", "0.bias", "2.weight", "2.bias"]
print(json.dumps({
    "steps": STEPS, "x": x.flatten().tolist(), "labels": labels.tolist(),
    "first": dict(zip(names, (p.flatten().tolist() for p in first))),
    "last": {name: train(rule) for name, rule in rules.items()},
}, separators=(",", ":")))
