"""Writes schedules.json: the rates of PyTorch 2.15's torch.optim.lr_scheduler, step by step, at a base rate of 0.4.

Fields are named as optim.BuildSchedule takes them. Run: python schedules.py > schedules.json
"""
import json
import warnings
import torch
from torch.optim.lr_scheduler import *

warnings.simplefilter("ignore")
BASE, out = 0.4, []


def optimizer():
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=BASE)


def case(name, fields, make, n=30):
    o = optimizer()
    s, rates = make(o), []
    for _ in range(n):
        rates.append(o.param_groups[0]["lr"])
        o.step()
        s.step()
    out.append({"name": name, "fields": fields, "rates": rates})


def metric(t):  # falls, stays, jumps; NaN once
    return float("nan") if t == 17 else 2 / (1 + min(t, 6)) + (t % 5) * 0.01 * (t > 8) - 0.05 * (t > 30)


def plateau(fields, flip=1, **options):
    o = optimizer()
    s, rates = ReduceLROnPlateau(o, eps=0, **options), []
    for t in range(60):
        s.step(flip * metric(t))
        rates.append(o.param_groups[0]["lr"])
    out.append({"name": "plateau", "fields": fields, "flip": flip, "rates": rates})


case("step", {"every": 4, "gamma": 0.5}, lambda o: StepLR(o, 4, 0.5))
case("multi-step", {"milestones": [5, 12, 12, 20], "gamma": 0.3}, lambda o: MultiStepLR(o, [5, 12, 12, 20], 0.3))
case("multi-step", {"milestones": "10,20"}, lambda o: MultiStepLR(o, [10, 20]))
case("exponential", {"gamma": 0.9}, lambda o: ExponentialLR(o, 0.9))
case("exponential", {}, lambda o: ExponentialLR(o, 0.01 ** (1 / 30)))
case("polynomial", {}, lambda o: PolynomialLR(o, 30))
case("polynomial", {"steps": 12, "power": 2.5}, lambda o: PolynomialLR(o, 12, 2.5))
case("cosine", {}, lambda o: CosineAnnealingLR(o, 30))
case("cosine", {"floor": 0.1}, lambda o: CosineAnnealingLR(o, 30, 0.04))
case("cosine-restarts", {"every": 7}, lambda o: CosineAnnealingWarmRestarts(o, 7))
case("cosine-restarts", {"every": 4, "mult": 2, "floor": 0.05}, lambda o: CosineAnnealingWarmRestarts(o, 4, 2, 0.02))
case("one-cycle", {}, lambda o: OneCycleLR(o, BASE, 30, cycle_momentum=False))
case("one-cycle", {"rise": 0.25, "start": 0.1, "end": 0.001, "linear": True},
     lambda o: OneCycleLR(o, BASE, 30, pct_start=0.25, anneal_strategy="linear", cycle_momentum=False, div_factor=10,
                          final_div_factor=100))
case("one-cycle", {"three-phase": True}, lambda o: OneCycleLR(o, BASE, 30, three_phase=True, cycle_momentum=False))
case("one-cycle", {"rise": 0.4, "three-phase": True, "linear": True},
     lambda o: OneCycleLR(o, BASE, 30, pct_start=0.4, three_phase=True, anneal_strategy="linear", cycle_momentum=False))
case("cyclic", {"up": 4}, lambda o: CyclicLR(o, 0.04, BASE, 4, cycle_momentum=False))
case("cyclic", {"up": 3, "down": 5, "floor": 0.25, "halve": True},
     lambda o: CyclicLR(o, 0.1, BASE, 3, 5, "triangular2", cycle_momentum=False))
case("cyclic", {"up": 4, "gamma": 0.9}, lambda o: CyclicLR(o, 0.04, BASE, 4, None, "exp_range", 0.9, cycle_momentum=False))
case("warmup", {"steps": 3, "then": "cosine"},
     lambda o: SequentialLR(o, [LinearLR(o, 1 / 3, 1, 2), CosineAnnealingLR(o, 27)], [3]))
case("warmup", {"steps": 5, "then": {"name": "step", "every": 10}},
     lambda o: SequentialLR(o, [LinearLR(o, 1 / 5, 1, 4), StepLR(o, 10)], [5]))
case("chain", {"schedules": ["constant", {"name": "step", "every": 3, "gamma": 0.5}, "cosine"], "at": [4, 15]},
     lambda o: SequentialLR(o, [ConstantLR(o, 1, 1), StepLR(o, 3, 0.5), CosineAnnealingLR(o, 15)], [4, 15]))
plateau({})
plateau({"factor": 0.5, "patience": 2, "threshold": 0.02, "cooldown": 3, "min-lr": 0.01}, factor=0.5, patience=2,
        threshold=0.02, cooldown=3, min_lr=0.01)
plateau({"factor": 0.5, "patience": 0, "threshold": 0.03, "absolute": True}, factor=0.5, patience=0, threshold=0.03,
        threshold_mode="abs")
plateau({"mode": "max", "patience": 4, "threshold": 0}, -1, mode="max", patience=4, threshold=0)
plateau({"mode": "max", "patience": 3, "threshold": 0.01, "absolute": True}, -1, mode="max", patience=3, threshold=0.01,
        threshold_mode="abs")
print("[\n" + ",\n".join(json.dumps(c) for c in out) + "\n]")
