"""Writes expected.json: what PyTorch computes for autograd's ops, in float64.

    python3 expected.py > expected.json       (made with PyTorch 1.13)

A case has inputs, the result y of PyTorch's function, weights r, and the gradients of sum(r * y) with respect to the inputs.
The Go side of each case is in torch_test.go, under the same name.
"""
import json
import torch
import torch.nn.functional as F

torch.manual_seed(1)
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


randn = torch.randn
labels = torch.tensor([2, 0, 4])
cases = [
    case("Linear", F.linear, randn(3, 4), randn(5, 4), randn(5)),
    case("Linear of three axes", F.linear, randn(2, 3, 4), randn(5, 4), randn(5)),
    case("MatMul", torch.matmul, randn(3, 4), randn(4, 2)),
    case("Add broadcast", torch.add, randn(2, 3, 1), randn(3, 4)),
    case("Mul broadcast", torch.mul, randn(2, 3, 1), randn(3, 4)),
    case("Sub broadcast", torch.sub, randn(4), randn(3, 4)),
    case("Conv2D", F.conv2d, randn(2, 2, 5, 5), randn(3, 2, 3, 3), randn(3)),
    case("Conv2D stride 2 pad 1", lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1), randn(1, 2, 6, 5), randn(3, 2, 3, 3), randn(3)),
    case("Conv2D dilation 2 groups 2", lambda x, w: F.conv2d(x, w, dilation=2, groups=2), randn(1, 4, 6, 6), randn(4, 2, 2, 3)),
    case("MaxPool2D", lambda x: F.max_pool2d(x, 2), randn(2, 2, 4, 5)),
    case("MaxPool2D 3 stride 2 pad 1", lambda x: F.max_pool2d(x, 3, 2, 1), randn(1, 2, 5, 6)),
    case("AvgPool2D", lambda x: F.avg_pool2d(x, 2), randn(2, 2, 4, 5)),
    case("AvgPool2D 3 stride 2 pad 1", lambda x: F.avg_pool2d(x, 3, 2, 1), randn(1, 2, 5, 6)),
    case("AvgPool2D 3 stride 2 pad 1 excluded", lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False), randn(1, 2, 5, 6)),
    case("ReLU", F.relu, randn(3, 5)),
    case("Tanh", torch.tanh, randn(3, 5) * 2),
    case("Sigmoid", torch.sigmoid, randn(3, 5) * 3),
    case("GELU", F.gelu, randn(3, 5) * 3),
    case("Exp", torch.exp, randn(3, 5)),
    case("Log", torch.log, torch.rand(3, 5) + 0.1),
    case("Softmax", lambda x: F.softmax(x, -1), randn(3, 5) * 3),
    case("LogSoftmax", lambda x: F.log_softmax(x, -1), randn(3, 5) * 3),
    case("SoftmaxCrossEntropy", lambda x: F.cross_entropy(x, labels), randn(3, 5) * 10),
    case("MSE", F.mse_loss, randn(3, 5), randn(3, 5)),
    case("Sum", lambda x: x.sum((0, 2)), randn(2, 3, 4)),
    case("Mean", lambda x: x.mean(1), randn(2, 3, 4)),
]
print("[")
print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
print("]")
