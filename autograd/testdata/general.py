"""Writes general.json and convolutions.json: what PyTorch computes for autograd's general ops and for convolutions, in float64.

    python3 general.py       (made with PyTorch 1.13)

Cases are as in expected.py; the Go side is in ../torch_general_test.go, under the same names.
"""
import json
import torch
import torch.nn.functional as F

torch.manual_seed(2)
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


def write(file, cases):
    with open(file, "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases) + "\n]\n")


randn = torch.randn
rand = lambda *s: torch.rand(*s) + 0.2
index = torch.tensor([2, 0, 2])
place = torch.tensor([[2, 0, 1], [1, 2, 2]])
mask = torch.tensor([[True, False, True], [False, False, True]])

write("general.json", [
    case("Div broadcast", torch.div, randn(2, 3, 1), rand(3, 4)),
    case("Reciprocal", torch.reciprocal, rand(2, 3)),
    case("Square", torch.square, randn(2, 3)),
    case("Sqrt", torch.sqrt, rand(2, 3)),
    case("Rsqrt", torch.rsqrt, rand(2, 3)),
    case("Abs", torch.abs, torch.tensor([-2., 0., 1.5])),
    case("Pow", lambda x: x ** 2.5, rand(2, 3)),
    case("PowVar", torch.pow, rand(2, 3), randn(3)),
    case("Maximum", torch.maximum, torch.tensor([1., 2., 3.]), torch.tensor([2., 2., 1.])),
    case("Minimum", torch.minimum, torch.tensor([1., 2., 3.]), torch.tensor([2., 2., 1.])),
    case("Clamp", lambda x: x.clamp(-1, 1), torch.tensor([-2., -0.5, 0., 0.75, 3.])),
    case("Sin", torch.sin, randn(2, 3)), case("Cos", torch.cos, randn(2, 3)), case("Tan", torch.tan, rand(2, 3)),
    case("Atan", torch.atan, randn(2, 3)), case("Sinh", torch.sinh, randn(2, 3)), case("Cosh", torch.cosh, randn(2, 3)),
    case("Erf", torch.erf, randn(2, 3)), case("Log1p", torch.log1p, rand(2, 3)), case("Expm1", torch.expm1, randn(2, 3)),
    case("Max", lambda x: x.max(1).values, randn(3, 4)),
    case("Max of two axes", lambda x: x.amax((0, 2)), randn(2, 3, 4)),
    case("Min", lambda x: x.min(0).values, randn(3, 4)),
    case("Prod with a zero", lambda x: x.prod(1), torch.tensor([[1., 0., 3.], [2., 4., 5.], [0., 0., 1.]])),
    case("Variance", lambda x: x.var((0, 2)), randn(2, 3, 4)),
    case("VariancePop", lambda x: x.var(1, unbiased=False), randn(2, 5)),
    case("Std", lambda x: x.std(1), randn(2, 5)),
    case("LogSumExp", lambda x: x.logsumexp(0), randn(4, 3) * 5),
    case("Norm", lambda x: x.norm(2, 1), torch.cat([randn(2, 4), torch.zeros(1, 4)])),
    case("Norm 3", lambda x: x.norm(3, 0), randn(4, 2)),
    case("CumSum", lambda x: x.cumsum(1), randn(2, 4, 2)),
    case("Permute", lambda x: x.permute(2, 0, 1), randn(2, 3, 4)),
    case("Expand", lambda x: x.expand(2, 3, 4), randn(3, 1)),
    case("Slice", lambda x: x[:, 1:-1], randn(2, 5)),
    case("SliceStep", lambda x: x[:, 1:7:3], randn(2, 8)),
    case("Select", lambda x: x.select(1, -1), randn(2, 3, 2)),
    case("Flip", lambda x: x.flip(0, 2), randn(2, 3, 2)),
    case("Repeat", lambda x: x.repeat(2, 3), randn(2, 2)),
    case("Diagonal", lambda x: x.diagonal(0, 0, 2), randn(3, 2, 4)),
    case("Concat", lambda a, b: torch.cat([a, b], 1), randn(2, 3), randn(2, 1)),
    case("Stack", lambda a, b: torch.stack([a, b], 1), randn(2, 3), randn(2, 3)),
    case("Roll", lambda x: x.roll(-2, 1), randn(2, 5)),
    case("Pad", lambda x: F.pad(x, (1, 2, -1, 1), value=0.5), randn(3, 3)),
    case("PadReflect", lambda x: F.pad(x, (2, 1, 1, 2), mode="reflect"), randn(1, 2, 3, 4)),
    case("PadReplicate", lambda x: F.pad(x, (2, 1, 0, 2), mode="replicate"), randn(1, 2, 3, 4)),
    case("PadCircular", lambda x: F.pad(x, (2, 1, 1, 2), mode="circular"), randn(1, 2, 3, 4)),
    case("IndexSelect", lambda x: x.index_select(1, index), randn(2, 3, 2)),
    case("Take", lambda x: x.take(place), randn(2, 3)),
    case("Gather", lambda x: x.gather(1, place), randn(3, 4)),
    case("ScatterAdd", lambda x, s: x.scatter_add(0, place, s), randn(4, 3), randn(2, 3)),
    case("Where", lambda a, b: torch.where(mask, a, b), randn(2, 3), randn(2, 1)),
    case("MaskedFill", lambda x: x.masked_fill(mask, -9), randn(2, 3)),
    case("MaskedSelect", lambda x: x.masked_select(mask), randn(2, 3)),
    case("Sort", lambda x: x.sort(0, descending=True).values, randn(4, 2)),
    case("TopK", lambda x: x.topk(3, 1).values, randn(2, 6)),
    case("MatMul broadcast", torch.matmul, randn(2, 1, 3, 2), randn(3, 2, 4)),
    case("Einsum", lambda a, b: torch.einsum("bhqd,bhkd->bhqk", a, b), randn(2, 2, 3, 4), randn(2, 2, 5, 4)),
    case("Einsum of three", lambda a, b, c: torch.einsum("bn,anm,bm->ba", a, b, c), randn(2, 3), randn(4, 3, 5), randn(2, 5)),
    case("Einsum diagonal", lambda x: torch.einsum("iji->ji", x), randn(3, 2, 3)),
])

write("convolutions.json", [
    case("Conv1D", lambda x, w, b: F.conv1d(x, w, b, 2, 1, 2, 2), randn(2, 4, 9), randn(6, 2, 3), randn(6)),
    case("Conv1D same", lambda x, w: F.conv1d(x, w, padding="same", dilation=3), randn(2, 2, 7), randn(3, 2, 4)),
    case("Conv2D same", lambda x, w: F.conv2d(x, w, padding="same"), randn(1, 2, 5, 4), randn(2, 2, 2, 3)),
    case("Conv2D depthwise", lambda x, w, b: F.conv2d(x, w, b, 2, 1, 1, 3), randn(2, 3, 6, 5), randn(6, 1, 3, 3), randn(6)),
    case("Conv3D", lambda x, w, b: F.conv3d(x, w, b, (2, 1, 1), (1, 0, 1), (1, 2, 1), 2), randn(1, 4, 4, 5, 3), randn(2, 2, 2, 2, 3), randn(2)),
    case("ConvTranspose1D", lambda x, w, b: F.conv_transpose1d(x, w, b, 3, 1, 2, 2, 1), randn(2, 4, 4), randn(4, 2, 3), randn(4)),
    case("ConvTranspose2D", lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 3), (1, 0), (1, 0), 2, (1, 2)), randn(1, 4, 3, 3), randn(4, 1, 3, 2), randn(2)),
    case("ConvTranspose3D", lambda x, w, b: F.conv_transpose3d(x, w, b, (2, 1, 2), (1, 0, 1), (1, 0, 1)), randn(1, 2, 2, 3, 2), randn(2, 2, 3, 2, 2), randn(2)),
    case("MaxPool1D", lambda x: F.max_pool1d(x, 3, 2, 1, ceil_mode=True), randn(2, 2, 8)),
    case("MaxPool2D ceil", lambda x: F.max_pool2d(x, 3, 2, 1, 2, ceil_mode=True), randn(1, 2, 8, 7)),
    case("MaxPool3D", lambda x: F.max_pool3d(x, (2, 3, 2), (2, 2, 1), (0, 1, 1)), randn(1, 2, 4, 5, 3)),
    case("AvgPool1D", lambda x: F.avg_pool1d(x, 3, 2, 1, ceil_mode=True), randn(2, 2, 8)),
    case("AvgPool2D ceil", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True), randn(1, 2, 6, 8)),
    case("AvgPool2D ceil excluded", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False), randn(1, 2, 6, 8)),
    case("AvgPool3D", lambda x: F.avg_pool3d(x, (2, 3, 2), (2, 2, 1), (1, 1, 1), count_include_pad=False), randn(1, 2, 4, 5, 3)),
    case("LpPool1D", lambda x: F.lp_pool1d(x, 3, 2), rand(2, 2, 6)),
    case("LpPool2D", lambda x: F.lp_pool2d(x, 2, (2, 3), 1), randn(1, 2, 4, 4)),
    case("AdaptiveAvgPool1D", lambda x: F.adaptive_avg_pool1d(x, 3), randn(2, 2, 7)),
    case("AdaptiveAvgPool2D", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), randn(1, 2, 7, 5)),
    case("AdaptiveAvgPool3D", lambda x: F.adaptive_avg_pool3d(x, (2, 3, 2)), randn(1, 2, 3, 5, 4)),
    case("AdaptiveMaxPool1D", lambda x: F.adaptive_max_pool1d(x, 3), randn(2, 2, 7)),
    case("AdaptiveMaxPool2D", lambda x: F.adaptive_max_pool2d(x, (3, 2)), randn(1, 2, 7, 5)),
    case("AdaptiveMaxPool3D", lambda x: F.adaptive_max_pool3d(x, (2, 3, 2)), randn(1, 2, 3, 5, 4)),
    case("UpsampleNearest", lambda x: F.interpolate(x, (5, 3)), randn(1, 2, 3, 4)),
    case("UpsampleLinear", lambda x: F.interpolate(x, 7, mode="linear"), randn(2, 2, 4)),
    case("UpsampleLinear corners", lambda x: F.interpolate(x, (5, 7), mode="bilinear", align_corners=True), randn(1, 2, 3, 4)),
    case("UpsampleLinear pieces", lambda x: F.interpolate(x, (5, 2), mode="bilinear"), randn(1, 2, 3, 4)),
    case("UpsampleLinear volumes", lambda x: F.interpolate(x, (4, 5, 3), mode="trilinear"), randn(1, 1, 2, 3, 3)),
    case("PixelShuffle", lambda x: F.pixel_shuffle(x, 2), randn(1, 8, 2, 3)),
    case("PixelUnshuffle", lambda x: F.pixel_unshuffle(x, 2), randn(1, 2, 4, 2)),
    case("ChannelShuffle", lambda x: x.reshape(1, 3, 2, 2, 2).transpose(1, 2).reshape(1, 6, 2, 2), randn(1, 6, 2, 2)),
    case("ConvTranspose2D larger", lambda x, w, b: F.conv_transpose2d(x, w, b, (1, 2), 1, (1, 2), 1, (2, 3)), randn(1, 2, 3, 2), randn(2, 1, 2, 2), randn(1)),
])
