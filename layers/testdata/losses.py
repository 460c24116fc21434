"""Writes losses.json: what PyTorch computes for its losses, in float64, with every reduction.

    python3 losses.py > losses.json       (made with PyTorch 1.13)

A case has inputs, constants (targets, weights), for each reduction the result y, and the gradients of sum(r * y) with respect to
the inputs for the unreduced result, of y for the mean. The Go side is TestLossesAgainstPyTorch, under the same name.
"""
import json
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(21)
torch.set_default_dtype(torch.float64)


def dump(x):
    return {"shape": list(x.shape), "data": [float(v) for v in x.detach().flatten()]}


def case(name, loss, inputs, consts):
    """loss(reduction, *inputs, *consts)"""
    for x in inputs:
        x.requires_grad_(True)
    out = {"name": name, "inputs": [dump(x) for x in inputs], "consts": [dump(c) for c in consts]}
    y = loss("none", *inputs, *consts)
    out["r"] = dump(torch.rand_like(y) + 0.5)
    r = torch.tensor(out["r"]["data"]).reshape(y.shape)
    out["none"], out["noneGrads"] = dump(y), [dump(g) for g in torch.autograd.grad((r * y).sum(), inputs)]
    y = loss("mean", *inputs, *consts)
    out["mean"], out["meanGrads"] = dump(y), [dump(g) for g in torch.autograd.grad(y, inputs)]
    out["sum"] = dump(loss("sum", *inputs, *consts))
    return out


def sigmoid_focal(reduction, x, t):
    p = torch.sigmoid(x)
    ce = F.binary_cross_entropy_with_logits(x, t, reduction="none")
    pt = p * t + (1 - p) * (1 - t)
    y = (0.25 * t + 0.75 * (1 - t)) * (1 - pt) ** 2 * ce
    return {"none": y, "mean": y.mean(), "sum": y.sum()}[reduction]


def dice(reduction, x, t):
    both, union = 2 * (x * t).flatten(2).sum(-1) + 1, (x + t).flatten(2).sum(-1) + 1
    y = 1 - both / union
    return {"none": y, "mean": y.mean(), "sum": y.sum()}[reduction]


def hinge(reduction, x, t):
    y = F.relu(1 - x * t)
    return {"none": y, "mean": y.mean(), "sum": y.sum()}[reduction]


def red(fn, **kw):
    return lambda reduction, *a: fn(*a, reduction=reduction, **kw)


def weighted(fn, **kw):
    return lambda reduction, x, t, w: fn(x, t, weight=w, reduction=reduction, **kw)


def pos_weight(reduction, x, t, p):
    return F.binary_cross_entropy_with_logits(x, t, pos_weight=p, reduction=reduction)


def ctc(**kw):
    def loss(reduction, x, t):
        return F.ctc_loss(F.log_softmax(x, -1), t, torch.tensor([7, 6, 4]), torch.tensor([3, 2, 1]), reduction=reduction, **kw)
    return loss


def ctc_short(reduction, x, t):
    return F.ctc_loss(F.log_softmax(x, -1), t, torch.tensor([3, 2]), torch.tensor([3, 2]), reduction=reduction, zero_infinity=True)


randn, rand = torch.randn, torch.rand
labels = torch.tensor([2, 0, 4, 1])
pixels = torch.randint(3, (2, 2, 3))
prob = lambda *s: rand(*s) * 0.9 + 0.05
signs = lambda *s: torch.randint(2, s).double() * 2 - 1
bits = lambda *s: torch.randint(2, s).double()
dist = lambda *s: F.softmax(randn(*s), 1)
w5, w3 = rand(5) + 0.5, rand(3) + 0.5

cases = [
    case("CrossEntropy", red(F.cross_entropy), [randn(4, 5) * 3], [labels]),
    case("CrossEntropy weight", weighted(F.cross_entropy), [randn(4, 5) * 3], [labels, w5]),
    case("CrossEntropy smoothing", red(F.cross_entropy, label_smoothing=0.1), [randn(4, 5) * 3], [labels]),
    case("CrossEntropy smoothing weight", weighted(F.cross_entropy, label_smoothing=0.1), [randn(4, 5) * 3], [labels, w5]),
    case("CrossEntropy ignore", red(F.cross_entropy, ignore_index=0), [randn(4, 5) * 3], [labels]),
    case("CrossEntropy ignore smoothing weight", weighted(F.cross_entropy, ignore_index=0, label_smoothing=0.2), [randn(4, 5)], [labels, w5]),
    case("CrossEntropy pixels", weighted(F.cross_entropy), [randn(2, 3, 2, 3)], [pixels, w3]),
    case("CrossEntropy pixels smoothing", red(F.cross_entropy, label_smoothing=0.1), [randn(2, 3, 2, 3)], [pixels]),
    case("CrossEntropy probabilities", red(F.cross_entropy), [randn(4, 5) * 3], [dist(4, 5)]),
    case("CrossEntropy probabilities weight smoothing", weighted(F.cross_entropy, label_smoothing=0.1), [randn(4, 5)], [dist(4, 5), w5]),
    case("NLL", red(F.nll_loss), [F.log_softmax(randn(4, 5), 1)], [labels]),
    case("NLL weight ignore", weighted(F.nll_loss, ignore_index=4), [F.log_softmax(randn(4, 5), 1)], [labels, w5]),
    case("NLL pixels", red(F.nll_loss), [F.log_softmax(randn(2, 3, 2, 3), 1)], [pixels]),
    case("MSE", red(F.mse_loss), [randn(3, 4)], [randn(3, 4)]),
    case("L1", red(F.l1_loss), [randn(3, 4)], [randn(3, 4)]),
    case("SmoothL1", red(F.smooth_l1_loss, beta=0.7), [randn(3, 4)], [randn(3, 4)]),
    case("Huber", red(F.huber_loss, delta=0.7), [randn(3, 4)], [randn(3, 4)]),
    case("KLDiv", red(F.kl_div), [F.log_softmax(randn(3, 4), 1)], [dist(3, 4)]),
    case("KLDiv log", red(F.kl_div, log_target=True), [F.log_softmax(randn(3, 4), 1)], [dist(3, 4).log()]),
    case("PoissonNLL", red(F.poisson_nll_loss), [randn(3, 4)], [torch.poisson(rand(3, 4) * 5)]),
    case("PoissonNLL full", red(F.poisson_nll_loss, full=True), [randn(3, 4)], [torch.poisson(rand(3, 4) * 5)]),
    case("PoissonNLL rates", red(F.poisson_nll_loss, log_input=False), [rand(3, 4) * 4 + 0.1], [torch.poisson(rand(3, 4) * 5)]),
    case("GaussianNLL", lambda reduction, x, v, t: F.gaussian_nll_loss(x, t, v, full=True, reduction=reduction),
         [randn(3, 4), rand(3, 4) + 0.1], [randn(3, 4)]),
    case("BCE", weighted(F.binary_cross_entropy), [prob(3, 4)], [rand(3, 4), rand(4)]),
    case("BCEWithLogits", red(F.binary_cross_entropy_with_logits), [randn(3, 4) * 4], [rand(3, 4)]),
    case("BCEWithLogits pos_weight", pos_weight, [randn(3, 4) * 4], [bits(3, 4), rand(4) * 3]),
    case("SigmoidFocal", sigmoid_focal, [randn(3, 4) * 3], [bits(3, 4)]),
    case("Dice", dice, [prob(2, 3, 2, 4)], [bits(2, 3, 2, 4)]),
    case("Hinge", hinge, [randn(3, 4) * 2], [signs(3, 4)]),
    case("SoftMargin", red(F.soft_margin_loss), [randn(3, 4) * 3], [signs(3, 4)]),
    case("HingeEmbedding", red(F.hinge_embedding_loss, margin=0.8), [rand(3, 4) * 2], [signs(3, 4)]),
    case("CosineEmbedding", red(F.cosine_embedding_loss, margin=0.2), [randn(5, 4), randn(5, 4)], [signs(5)]),
    case("MarginRanking", red(F.margin_ranking_loss, margin=0.3), [randn(6), randn(6)], [signs(6)]),
    case("Triplet", red(F.triplet_margin_loss), [randn(5, 4), randn(5, 4), randn(5, 4)], []),
    case("Triplet swap", red(F.triplet_margin_loss, swap=True, p=3, margin=1.5), [randn(5, 4), randn(5, 4), randn(5, 4)], []),
    case("MultiMargin", red(F.multi_margin_loss), [randn(4, 5)], [labels]),
    case("MultiMargin squared", weighted(F.multi_margin_loss, p=2, margin=0.6), [randn(4, 5)], [labels, w5]),
    case("MultiLabelMargin", red(F.multilabel_margin_loss), [randn(2, 4)], [torch.tensor([[3, 0, -1, 1], [2, -1, -1, -1]])]),
    case("MultiLabelSoftMargin", weighted(F.multilabel_soft_margin_loss), [randn(3, 5)], [bits(3, 5), w5]),
    case("CTC", ctc(), [randn(7, 3, 5)], [torch.tensor([[1, 1, 3], [2, 4, 0], [4, 0, 0]])]),
    case("CTC joined", ctc(blank=2), [randn(7, 3, 5)], [torch.tensor([1, 1, 3, 0, 4, 4])]),
    case("CTC too short", ctc_short, [randn(3, 2, 5)], [torch.tensor([[1, 1, 3], [2, 4, 0]])]),
]
print("[")
print(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
print("]")
