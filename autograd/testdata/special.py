# Writes special.json: values and gradients of PyTorch at special points, for TestSpecialPointsAgainstPyTorch. It ran on
# the CPU with PyTorch 2.15. Every case is one call in one dtype, differentiated after sum(). Numbers are strings, for
# JSON knows no NaN.
import json, math
import torch
import torch.nn.functional as F

torch.set_num_threads(1)
inf, nan = math.inf, math.nan
inputs, cases = {}, []


def array(t):
    digits = "%.7g" if t.dtype == torch.float32 else "%.12g"
    return {"Shape": list(t.shape), "Data": " ".join(digits % v for v in t.detach().reshape(-1).double().tolist())}


def case(name, fn, *given):
    for dtype in (torch.float32, torch.float64):
        x = [torch.tensor(i(dtype), dtype=dtype, requires_grad=True) for i in given]
        names = []
        for i, v in zip(given, x):
            names.append(i.__name__ + str(dtype)[-2:])
            inputs[names[-1]] = array(v)
        y = fn(*x)
        grads = torch.autograd.grad(y.sum(), x, allow_unused=True)
        cases.append({"Name": name, "Inputs": names, "Y": array(y),
                      "Grads": [array(torch.zeros_like(v) if g is None else g) for g, v in zip(grads, x)]})


def tiny(dtype):
    return 1e-45 if dtype == torch.float32 else 2.5e-308


def points(dtype, few=False):
    f = torch.finfo(dtype)
    small, large = (1e-30, 1e30) if dtype == torch.float32 else (1e-200, 1e200)
    p = [0.0, -0.0, inf, -inf, nan, tiny(dtype), small, large, -f.max, 1, -1]
    return p if few else p + [-small, -large, f.max, 0.5, -0.5, 0.6, 3, -3, 6, 20, -20, 100, -100, 2, -1.5]


def pairs(dtype):
    p = points(dtype, True)
    return [(a, b) for a in p for b in p]


def first(dtype):
    return [a for a, _ in pairs(dtype)]


def second(dtype):
    return [b for _, b in pairs(dtype)]


def unary(name, fn):
    case(name, fn, points)


def binary(name, fn):
    case(name, fn, first, second)


unary("Abs", torch.abs)
unary("Exp", torch.exp)
unary("Log", torch.log)
unary("Log1p", torch.log1p)
unary("Expm1", torch.expm1)
unary("Atan", torch.atan)
unary("Sinh", torch.sinh)
unary("Cosh", torch.cosh)
unary("Erf", torch.erf)
unary("Sqrt", torch.sqrt)
unary("Rsqrt", torch.rsqrt)
unary("Square", torch.square)
unary("Reciprocal", torch.reciprocal)
unary("Pow 2.5", lambda x: x ** 2.5)
unary("Pow 3", lambda x: x ** 3)
unary("Pow 0", lambda x: x ** 0)
unary("Pow 1", lambda x: x ** 1)
unary("Pow -1", lambda x: x ** -1)
unary("Clamp", lambda x: torch.clamp(x, -0.5, 0.6))
unary("Clamp from below", lambda x: torch.clamp(x, min=0.5))
unary("Clamp from above", lambda x: torch.clamp(x, max=0.5))
unary("ReLU", F.relu)
unary("LeakyReLU", lambda x: F.leaky_relu(x, 0.1))
unary("ReLU6", F.relu6)
unary("Hardtanh", lambda x: F.hardtanh(x, -1.5, 2))
unary("Hardsigmoid", F.hardsigmoid)
unary("Hardswish", F.hardswish)
unary("ELU", lambda x: F.elu(x, 1.3))
unary("CELU", lambda x: F.celu(x, 1.3))
unary("SELU", F.selu)
unary("GELU", F.gelu)
unary("GELUTanh", lambda x: F.gelu(x, approximate="tanh"))
unary("SiLU", F.silu)
unary("Mish", F.mish)
unary("Softplus", lambda x: F.softplus(x, 2, 6.5))
unary("LogSigmoid", F.logsigmoid)
unary("Softsign", F.softsign)
unary("Tanhshrink", F.tanhshrink)
unary("Softshrink", lambda x: F.softshrink(x, 0.5))
unary("Hardshrink", lambda x: F.hardshrink(x, 0.5))
unary("Threshold", lambda x: F.threshold(x, 0.5, -2))
unary("Sigmoid", torch.sigmoid)
unary("Tanh", torch.tanh)
unary("SmoothL1", lambda x: F.smooth_l1_loss(x, torch.zeros_like(x), reduction="none", beta=2))
unary("Huber", lambda x: F.huber_loss(x, torch.zeros_like(x), reduction="none", delta=2))

binary("Add", torch.add)
binary("Sub", torch.sub)
binary("Mul", torch.mul)
binary("Div", torch.div)
binary("PowVar", torch.pow)
binary("Maximum", torch.maximum)
binary("Minimum", torch.minimum)
binary("BinaryCrossEntropyWithLogits", lambda x, t: F.binary_cross_entropy_with_logits(x, t, reduction="none"))
binary("PoissonNLL", lambda x, t: F.poisson_nll_loss(x, t, reduction="none"))
binary("PoissonNLLOfRates", lambda x, t: F.poisson_nll_loss(x, t, log_input=False, eps=1e-3, reduction="none"))
binary("KLDiv", lambda x, t: F.kl_div(x, t, reduction="none"))
binary("KLDivLog", lambda x, t: F.kl_div(x, t, reduction="none", log_target=True))
binary("PReLU", lambda x, a: torch.cat([F.prelu(v[None], s[None]) for v, s in zip(x, a)]))
def probabilities(dtype):
    return [0.0, 0.0, 1, 1, 0.5, 1e-38, 1e-38, 0, 1]


def targets(dtype):
    return [0.0, 1, 0, 1, 0.5, 0, 1, 0.5, 0.5]


case("BinaryCrossEntropy", lambda x, t: F.binary_cross_entropy(x, t, reduction="none"),
     probabilities, targets)


def rows(dtype):
    f = torch.finfo(dtype)
    t = tiny(dtype)
    small, large = (1e-30, 1e30) if dtype == torch.float32 else (1e-200, 1e200)
    return [[0.0, 0, 0, 0], [1, 1, 1, 1], [2, 3, 3, 1], [inf, 1, 2, 3], [-inf, 1, 2, 3], [nan, 1, 2, 3],
            [inf, inf, 1, 2], [-inf, -inf, -inf, -inf], [inf, -inf, 1, 2], [inf, nan, 1, 2], [t, 0, 0, 0],
            [t, -t, 0, 0], [small, small, 0, -small], [large, large, -large, 1], [f.max, f.max, -f.max, 1],
            [100, -100, 0, 50], [0, 0, 2, 3], [-0.0, 2, 3, 4], [0, inf, 1, 1]]


def ordinary(dtype):
    return [r for r in rows(dtype) if all(v in (0, inf, -inf) or v != v or 1e-3 < abs(v) < 1e3 for v in r)]


def moderate(dtype):  # no infinities, of which what is left less the mean depends on how that is found
    return [r for r in ordinary(dtype) if not any(v in (inf, -inf) for v in r)]


case("Softmax", lambda x: F.softmax(x, -1)[:, :2], rows)
case("LogSoftmax", lambda x: F.log_softmax(x, -1)[:, :2], rows)
case("LogSumExp", lambda x: torch.logsumexp(x, -1), rows)
for p in (1, 2, 3):
    case("Norm %d" % p, lambda x: torch.linalg.vector_norm(x, p, -1), ordinary)
case("Max", lambda x: torch.max(x, -1).values, rows)
case("Min", lambda x: torch.min(x, -1).values, rows)
case("Prod", lambda x: torch.prod(x, -1), rows)
case("Variance", lambda x: torch.var(x, -1), moderate)
case("Std", lambda x: torch.std(x, -1), moderate)
case("Sum", lambda x: torch.sum(x, -1), ordinary)
case("Mean", lambda x: torch.mean(x, -1), ordinary)
case("CumSum", lambda x: torch.cumsum(x, -1), ordinary)
case("Sort", lambda x: torch.sort(x, dim=-1, stable=True).values[:, :2], rows)
case("MaxPool1D", lambda x: F.max_pool1d(x[:, None], 2)[:, 0], rows)
case("AvgPool1D", lambda x: F.avg_pool1d(x[:, None], 2)[:, 0], ordinary)
case("SoftmaxCrossEntropy", lambda x: torch.stack([F.cross_entropy(r[None], torch.tensor([1])) for r in x]), rows)
case("PairwiseDistance", lambda x: F.pairwise_distance(x, torch.ones_like(x), 2, 0), ordinary)
case("MultiMargin", lambda x: F.multi_margin_loss(x, torch.ones(len(x), dtype=torch.long), reduction="none"), rows)
with open("special.json", "w") as f:
    f.write('{"Inputs":' + json.dumps(inputs, separators=(",", ":")) + ',\n"Cases":[\n')
    f.write(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]}\n")
