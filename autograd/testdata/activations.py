"""Writes activations.json: what PyTorch computes for activations, in float64.

    python3 activations.py > activations.json       (made with PyTorch 1.13)

The format is expected.py's. The inputs reach far enough out that every exponential saturates, and include zero and the corners.
The Go side is TestActivationsAgainstPyTorch.
"""
import json
import torch
import torch.nn.functional as F

torch.manual_seed(11)
torch.set_default_dtype(torch.float64)


def dump(x):
    return {"shape": list(x.shape), "data": [float(v) for v in x.detach().flatten()]}


def case(name, fn, *inputs):
    for x in inputs:
        x.requires_grad_(True)
    y = fn(*inputs)
    r = torch.rand_like(y) + 0.5
    grads = torch.autograd.grad((r * y).sum(), inputs)
    return {"name": name, "inputs": [dump(x) for x in inputs], "y": dump(y), "r": dump(r), "grads": [dump(g) for g in grads]}


def wide():
    far = torch.tensor([0.0, 1e-9, -1e-9, 1e-4, -1e-4, 3.5, -3.5, 25.0, -25.0, 60.0, -60.0])
    return torch.cat([far, torch.randn(19) * 3]).reshape(5, 6)


def gated(gate, dim):
    def fn(x):
        a, b = x.chunk(2, dim)
        return a * gate(b)
    return fn


randn = torch.randn
cases = [
    case("LeakyReLU", lambda x: F.leaky_relu(x, 0.1), wide()),
    case("PReLU", F.prelu, wide(), torch.tensor([0.25])),
    case("PReLU of channels", F.prelu, randn(2, 3, 2, 2), torch.tensor([0.25, 0.1, -0.5])),
    case("ReLU6", F.relu6, wide()),
    case("Hardtanh", lambda x: F.hardtanh(x, -1.5, 2.0), wide()),
    case("Hardsigmoid", lambda x: F.relu6(x + 3) / 6, wide()),  # F.hardsigmoid's own gradient has 1/6 rounded to float32
    case("Hardswish", F.hardswish, wide()),
    case("ELU", lambda x: F.elu(x, 1.3), wide()),
    case("CELU", lambda x: F.celu(x, 0.5), wide()),  # 1/alpha is rounded to float32 there, so take one that is not
    case("SELU", F.selu, wide()),
    case("GELUTanh", lambda x: F.gelu(x, approximate="tanh"), wide()),
    case("SiLU", F.silu, wide()),
    case("Mish", F.mish, wide()),
    case("Softplus", F.softplus, wide()),
    case("Softplus beta", lambda x: F.softplus(x, 2, 5), wide()),
    case("LogSigmoid", F.logsigmoid, wide()),
    case("Softsign", F.softsign, wide()),
    case("Tanhshrink", F.tanhshrink, wide()),
    case("Softshrink", lambda x: F.softshrink(x, 0.7), wide()),
    case("Hardshrink", lambda x: F.hardshrink(x, 0.7), wide()),
    case("Threshold", lambda x: F.threshold(x, 0.3, -2.0), wide()),
    case("GLU", lambda x: F.glu(x, -1), wide()),
    case("GLU of channels", lambda x: F.glu(x, 1), randn(2, 4, 3)),
    case("SwiGLU", gated(F.silu, -1), wide()),
    case("GEGLU", gated(F.gelu, -1), wide()),
    case("ReGLU", gated(F.relu, 1), randn(2, 4, 3)),
]
print("[")
print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
print("]")
