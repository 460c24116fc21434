"""Writes lbfgs.json: weights, evaluations and iterations after each step of PyTorch 2.15's torch.optim.LBFGS.

The loss is Rosenbrock's, chained over six weights, or a sum of quartics whose minimum is far. Run: python lbfgs.py > lbfgs.json
"""
import json
import torch

LOSSES = {
    "rosenbrock": lambda w: (100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum(),
    "quartic": lambda w: ((w - torch.arange(6)) ** 4).sum() * 1e-3 + w.sum() ** 2 * 1e-2,
}
out = []


def case(loss, steps, fields, dtype=torch.float64, **options):
    w = torch.tensor([-1.2, 1, 0.5, -0.5, 2, 0], dtype=dtype, requires_grad=True)
    o, trace = torch.optim.LBFGS([w], **options), []

    def closure():
        o.zero_grad()
        value = LOSSES[loss](w)
        value.backward()
        return value

    for _ in range(steps):
        value = o.step(closure).item()
        s = o.state[w]
        trace.append({"loss": value, "weights": w.tolist(), "evaluations": s["func_evals"], "iterations": s["n_iter"]})
    out.append({"loss": loss, "fields": fields, "trace": trace})


case("rosenbrock", 5, {"StrongWolfe": True, "Iterations": 5}, line_search_fn="strong_wolfe", max_iter=5)
case("rosenbrock", 4, {"StrongWolfe": True, "Iterations": 8, "Evaluations": 9, "History": 3, "LR": 0.5},
     line_search_fn="strong_wolfe", max_iter=8, max_eval=9, history_size=3, lr=0.5)
case("rosenbrock", 6, {"LR": 0.05, "Iterations": 4}, lr=0.05, max_iter=4)
case("quartic", 4, {"StrongWolfe": True}, line_search_fn="strong_wolfe")
case("quartic", 4, {"History": 2, "Iterations": 7, "LR": 0.8}, history_size=2, max_iter=7, lr=0.8)
case("quartic", 2, {"StrongWolfe": True, "LR": 50, "Iterations": 12}, line_search_fn="strong_wolfe", lr=50, max_iter=12)
case("quartic", 3, {"GradTolerance": 0.05, "ChangeTolerance": 1e-3}, tolerance_grad=0.05, tolerance_change=1e-3)
case("quartic", 2, {"StrongWolfe": True, "LR": 1e-4, "Iterations": 2, "Evaluations": 3}, line_search_fn="strong_wolfe",
     lr=1e-4, max_iter=2, max_eval=3)
for lr in [3, 20, 100]:
    case("rosenbrock", 2, {"StrongWolfe": True, "LR": lr, "Iterations": 9}, line_search_fn="strong_wolfe", lr=lr, max_iter=9)
print("[\n" + ",\n".join(json.dumps(c) for c in out) + "\n]")
