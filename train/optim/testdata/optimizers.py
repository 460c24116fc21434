"""Writes optimizers.json: weights and moments after 12 steps of every optimizer, in float64.

PyTorch 2.15's torch.optim, and for the rules that it lacks NumPy, from the formulas of Keras's Ftrl, timm's Lars and Lamb and
the paper of Lion. Fields are named as optim.Build takes them. Run: python optimizers.py > optimizers.json
"""
import json
import numpy as np
import torch

torch.set_default_dtype(torch.float64)  # NAdam's product of momenta has the default type
START, STEPS = [1, -2, 3, -4, 0.5], 12


def gradient(t):
    return [((7 * i + 3 * t) % 11 - 5) / 8 for i in range(5)]


def by_torch(make):
    w = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    o = make([w])
    for t in range(STEPS):
        w.grad = torch.tensor(gradient(t))
        o.step()
    moments = {k: v.tolist() for k, v in o.state[w].items() if torch.is_tensor(v) and v.dim()}
    return w.tolist(), moments


def lion(lr=1e-4, b1=0.9, b2=0.99, decay=0.0):  # arXiv:2302.06675, algorithm 2
    w, m = np.array(START), np.zeros(5)
    for t in range(STEPS):
        g = np.array(gradient(t))
        c = b1 * m + (1 - b1) * g
        w = w - lr * (np.sign(c) + decay * w)
        m = b2 * m + (1 - b2) * g
    return w.tolist(), {"exp_avg": m.tolist()}


def ftrl(lr=1e-3, power=-0.5, initial=0.1, l1=0.0, l2=0.0, shrinkage=0.0, beta=0.0):  # keras.optimizers.Ftrl
    w, n, z = np.array(START), np.full(5, initial), np.zeros(5)
    for t in range(STEPS):
        g = np.array(gradient(t))
        new = n + g * g
        z = z + g + 2 * shrinkage * w - (new**-power - n**-power) / lr * w
        quadratic = new**-power / lr + 2 * (l2 + beta / (2 * lr))
        w, n = (np.clip(z, -l1, l1) - z) / quadratic, new
    return w.tolist(), {"accumulator": n.tolist(), "linear": z.tolist()}


def lars(lr=1.0, momentum=0.9, trust=1e-3, eps=1e-8, decay=5e-4, always=False):  # timm.optim.Lars
    w, b = np.array(START), None
    for t in range(STEPS):
        g = np.array(gradient(t))
        r, wn, gn = 1.0, np.linalg.norm(w), np.linalg.norm(g)
        if (decay != 0 or always) and wn > 0 and gn > 0:
            r = trust * wn / (gn + wn * decay + eps)
        g = (g + decay * w) * r
        b = g if b is None else momentum * b + g
        w = w - lr * (b if momentum else g)
    return w.tolist(), {"momentum_buffer": b.tolist()} if momentum else {}


def lamb(lr=1e-3, b1=0.9, b2=0.999, eps=1e-6, decay=0.01, always=False):  # timm.optim.Lamb without its clipping
    w, m, v = np.array(START), np.zeros(5), np.zeros(5)
    for t in range(1, STEPS + 1):
        g = np.array(gradient(t - 1))
        m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g * g
        u = m / (1 - b1**t) / (np.sqrt(v) / np.sqrt(1 - b2**t) + eps) + decay * w
        r, wn, un = 1.0, np.linalg.norm(w), np.linalg.norm(u)
        if (decay != 0 or always) and wn > 0 and un > 0:
            r = wn / un
        w = w - lr * r * u
    return w.tolist(), {"exp_avg": m.tolist(), "exp_avg_sq": v.tolist()}


out = []


def case(name, fields, result):
    weights, moments = result
    out.append({"name": name, "fields": fields, "weights": weights, "moments": moments})


def torch_case(name, fields, rule, **options):
    case(name, fields, by_torch(lambda p: rule(p, **options)))


o = torch.optim
torch_case("sgd", {}, o.SGD, lr=0.01)
torch_case("sgd", {"lr": 0.1, "weight-decay": 0.1}, o.SGD, lr=0.1, weight_decay=0.1)
torch_case("sgd", {"lr": 0.1, "momentum": 0.9}, o.SGD, lr=0.1, momentum=0.9)
torch_case("sgd", {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight-decay": 0.1}, o.SGD, lr=0.1, momentum=0.9,
           dampening=0.5, weight_decay=0.1)
torch_case("sgd", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight-decay": 0.1}, o.SGD, lr=0.1, momentum=0.8,
           nesterov=True, weight_decay=0.1)
adam, betas = {"lr": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": 0.01}, {"lr": 0.1, "betas": (0.8, 0.9), "eps": 0.01}
for name, rule in [("adam", o.Adam), ("adamw", o.AdamW)]:
    torch_case(name, {}, rule)
    torch_case(name, adam | {"weight-decay": 0.2}, rule, **betas, weight_decay=0.2)
    torch_case(name, {"weight-decay": 0, "eps": 0}, rule, weight_decay=0, eps=0)
    torch_case(name, {"amsgrad": True}, rule, amsgrad=True)
    torch_case(name, adam | {"weight-decay": 0.2, "amsgrad": True}, rule, **betas, weight_decay=0.2, amsgrad=True)
torch_case("adamax", {}, o.Adamax)
torch_case("adamax", adam | {"weight-decay": 0.2}, o.Adamax, **betas, weight_decay=0.2)
torch_case("nadam", {}, o.NAdam)
torch_case("nadam", adam | {"weight-decay": 0.2, "momentum-decay": 0.1}, o.NAdam, **betas, weight_decay=0.2,
           momentum_decay=0.1)
torch_case("nadam", adam | {"weight-decay": 0.2, "decoupled": True}, o.NAdam, **betas, weight_decay=0.2,
           decoupled_weight_decay=True)
torch_case("radam", {}, o.RAdam)
torch_case("radam", adam | {"weight-decay": 0.2}, o.RAdam, **betas, weight_decay=0.2)
torch_case("radam", adam | {"weight-decay": 0.2, "decoupled": True}, o.RAdam, **betas, weight_decay=0.2,
           decoupled_weight_decay=True)
torch_case("adagrad", {}, o.Adagrad)
torch_case("adagrad", {"lr": 0.1, "lr-decay": 0.01, "eps": 0.01, "weight-decay": 0.1, "initial": 0.1}, o.Adagrad, lr=0.1,
           lr_decay=0.01, eps=0.01, weight_decay=0.1, initial_accumulator_value=0.1)
torch_case("adadelta", {}, o.Adadelta)
torch_case("adadelta", {"lr": 0.5, "rho": 0.7, "eps": 0.01, "weight-decay": 0.1}, o.Adadelta, lr=0.5, rho=0.7, eps=0.01,
           weight_decay=0.1)
torch_case("rmsprop", {}, o.RMSprop)
torch_case("rmsprop", {"lr": 0.05, "alpha": 0.8, "eps": 0.01, "weight-decay": 0.1}, o.RMSprop, lr=0.05, alpha=0.8, eps=0.01,
           weight_decay=0.1)
torch_case("rmsprop", {"momentum": 0.9}, o.RMSprop, momentum=0.9)
torch_case("rmsprop", {"alpha": 0.8, "eps": 0.1, "centered": True}, o.RMSprop, alpha=0.8, eps=0.1, centered=True)
torch_case("rmsprop", {"alpha": 0.8, "eps": 0.1, "momentum": 0.5, "centered": True, "weight-decay": 0.1}, o.RMSprop,
           alpha=0.8, eps=0.1, momentum=0.5, centered=True, weight_decay=0.1)
case("lion", {}, lion())
case("lion", {"lr": 0.05, "beta1": 0.7, "beta2": 0.8, "weight-decay": 0.2}, lion(0.05, 0.7, 0.8, 0.2))
case("ftrl", {}, ftrl())
case("ftrl", {"lr": 0.5, "initial": 0.2, "l1": 0.1, "l2": 0.2, "shrinkage": 0.05, "beta": 0.3},
     ftrl(0.5, -0.5, 0.2, 0.1, 0.2, 0.05, 0.3))
case("ftrl", {"lr": 0.5, "power": -0.7, "l1": 5}, ftrl(0.5, -0.7, l1=5))
case("lars", {}, lars())
case("lars", {"lr": 0.5, "momentum": 0, "trust": 0.02, "eps": 0.1, "weight-decay": 0.1}, lars(0.5, 0, 0.02, 0.1, 0.1))
case("lars", {"lr": 0.1, "weight-decay": 0}, lars(0.1, decay=0))
case("lars", {"weight-decay": 0, "always": True, "trust": 0.02}, lars(trust=0.02, decay=0, always=True))
case("lamb", {}, lamb())
case("lamb", {"lr": 0.05, "beta1": 0.8, "beta2": 0.9, "eps": 0.01, "weight-decay": 0.2}, lamb(0.05, 0.8, 0.9, 0.01, 0.2))
case("lamb", {"weight-decay": 0}, lamb(decay=0))
case("lamb", {"weight-decay": 0, "always": True, "lr": 0.01}, lamb(0.01, decay=0, always=True))
print("[\n" + ",\n".join(json.dumps(c) for c in out) + "\n]")
