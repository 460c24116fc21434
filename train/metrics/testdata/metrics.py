"""Writes metrics.json: what scikit-learn, SciPy and nltk say of small data, for ../peers_test.go.

    python3 metrics.py       (made with scikit-learn 1.9.1, NumPy 2.4.6, nltk 3.10.4)

A case has the metric's name as ByName reads it, an output and a target, by their places in the list of arrays, the
value, and the values of parts by name, if any.
Detection is by the two functions below, written from the papers' and the kits' descriptions.
"""
import json
import math
import sys
import warnings

sys.path.pop(0)
import numpy as np
from nltk.translate.bleu_score import SmoothingFunction, corpus_bleu
from scipy.special import expit, log_softmax, softmax
from sklearn import metrics as sk
from sklearn.preprocessing import label_binarize

warnings.simplefilter("ignore")
rng = np.random.default_rng(11)
cases, arrays = [], []


def plain(v):
    v = float(v)
    return v if math.isfinite(v) else str(v)


def dump(a):
    short = lambda v: int(v) if math.isfinite(v) and v == int(v) else float(str(v)) if math.isfinite(v) else str(v)
    a = {"dtype": str(a.dtype), "shape": list(a.shape), "data": [short(v) for v in a.ravel()]}
    if a not in arrays:
        arrays.append(a)
    return arrays.index(a)


def case(metric, output, target, value, parts=None, name=""):
    c = {"metric": metric, "name": name, "output": dump(np.asarray(output)), "target": dump(np.asarray(target)),
         "value": plain(value), "parts": {k: plain(v) for k, v in (parts or {}).items()}}
    cases.append({k: v for k, v in c.items() if v not in ("", {})})


def scores(*shape, dtype=np.float32, digits=1):
    """few digits: ties"""
    return np.round(rng.normal(size=shape), digits).astype(dtype)


def classes(values):
    return {f"class {i}": v for i, v in enumerate(values)}


# Classification: 40 samples of 4 classes; 3 is never a label, and in the second data never predicted either.
for name, y in (("float32", scores(40, 4)), ("float64", scores(40, 4, dtype=np.float64)),
                ("class 3 nowhere", scores(40, 4) - np.array([0, 0, 0, 99], np.float32))):
    t = rng.integers(0, 3, 40)
    said = y.argmax(1)
    case("accuracy", y, t, sk.accuracy_score(t, said), name=name)
    for k in (2, 3):  # ranked by (score, first class): scikit-learn's own order of ties is another
        distinct = y - np.arange(4) * 1e-3
        case(f"top{k}", y, t, sk.top_k_accuracy_score(t, distinct, k=k, labels=range(4)), name=name)
    m = sk.confusion_matrix(t, said, labels=range(4))
    case("confusion", y, t, sk.accuracy_score(t, said), name=name,
         parts={f"{i} as {j}": m[i, j] for i in range(4) for j in range(4) if m[i, j]})
    for f, g in (("precision", sk.precision_score), ("recall", sk.recall_score), ("f1", sk.f1_score)):
        per = classes(g(t, said, average=None, labels=range(4)))
        case(f, y, t, g(t, said, average="macro"), per, name)
        for average in ("macro", "micro", "weighted"):
            case(f"{f}-{average}", y, t, g(t, said, average=average), per, name)
        case(f"{f}-micro:ignore=1", y, t, g(t[t != 1], said[t != 1], average="micro"), name=name)
    case("iou", y, t, sk.jaccard_score(t, said, average="macro"), name=name)
    p = log_softmax(y.astype(np.float64), axis=1)
    case("log-loss", y, t, -p[range(40), t].mean(), name=name)
    case("log-loss", y, t, sk.log_loss(t, np.exp(p), labels=range(4)), name=name + ", scikit-learn")
    case("perplexity", y, t, np.exp(-p[range(40), t].mean()), name=name)
    t4 = rng.integers(0, 4, 40)
    p = softmax(y.astype(np.float64), axis=1)
    case("auc", y, t4, sk.roc_auc_score(t4, p, multi_class="ovr"), name=name,
         parts=classes(sk.roc_auc_score(label_binarize(t4, classes=range(4)), p, average=None)))
    case("pr-auc", y, t4, sk.average_precision_score(t4, p), name=name,
         parts=classes(sk.average_precision_score(label_binarize(t4, classes=range(4)), p, average=None)))
p = softmax(scores(30, 3, dtype=np.float64), axis=1)
t = rng.integers(0, 3, 30)
p[0], p[1] = [1, 0, 0], [0, 1, 0]
t[0], t[1] = 1, 1  # a probability of 0: scikit-learn clips it
case("log-loss:probabilities", p, t, sk.log_loss(t, p), name="float64")
case("log-loss:probabilities", p.astype(np.float32), t, sk.log_loss(t, p.astype(np.float32)), name="float32")
case("auc:probabilities", p, t, sk.roc_auc_score(t, p, multi_class="ovr"))
# class axis second and last
y = scores(3, 4, 5)
t = rng.integers(0, 4, (3, 5))
case("accuracy", y, t, (y.argmax(1) == t).mean(), name="[N, C, S]")
case("iou:ignore=2", y, t, sk.jaccard_score(t[t != 2], y.argmax(1)[t != 2], average="macro"), name="[N, C, S]")
t[0, 1] = -1
y = np.ascontiguousarray(y.transpose(0, 2, 1))
case("perplexity:classes-last", y, t, np.exp(-log_softmax(y.astype(np.float64).reshape(15, 4), axis=1)[
    range(15), t.ravel()][t.ravel() >= 0].mean()), name="[N, S, C]")
# yes or no: logits [N, 1], [N], [N, 2]; floats and integers
y, t = scores(50), rng.integers(0, 2, 50)
said = (y > 0).astype(int)
for out, goal, name in ((y, t, "[N], int"), (y[:, None], t.astype(np.float32), "[N, 1], float"),
                        (np.stack([np.zeros_like(y), y], 1), t, "[N, 2]")):
    case("accuracy", out, goal, sk.accuracy_score(t, said), name=name)
    case("f1", out, goal, sk.f1_score(t, said), name=name)
    case("f1-positive", out, goal, sk.f1_score(t, said), name=name)
    case("f1-macro", out, goal, sk.f1_score(t, said, average="macro"), name=name)
    case("precision", out, goal, sk.precision_score(t, said), name=name)
    case("recall-weighted", out, goal, sk.recall_score(t, said, average="weighted"), name=name)
    case("auc", out, goal, sk.roc_auc_score(t, y), name=name)
    case("pr-auc", out, goal, sk.average_precision_score(t, y), name=name)
    case("log-loss", out, goal, sk.log_loss(t, expit(y.astype(np.float64))), name=name)
case("accuracy:probabilities", expit(y), t, sk.accuracy_score(t, said))
case("auc", y, np.ones(50, int), sk.roc_auc_score(np.ones(50, int), y), name="one class")
case("pr-auc", y, np.ones(50, int), sk.average_precision_score(np.ones(50, int), y), name="all yes")
case("auc", np.zeros(50, np.float32), t, sk.roc_auc_score(t, np.zeros(50)), name="all equal")
case("pr-auc", np.zeros(50, np.float32), t, sk.average_precision_score(t, np.zeros(50)), name="all equal")
case("f1", -np.ones(5, np.float32), np.zeros(5, int), sk.f1_score([0] * 5, [0] * 5), name="no yes anywhere")
# several labels a sample
y, t = scores(20, 3), rng.integers(0, 2, (20, 3))
said = (y > 0).astype(int)
for average in ("macro", "micro", "weighted"):
    case(f"f1-{average}:multilabel", y, t, sk.f1_score(t, said, average=average),
         classes(sk.f1_score(t, said, average=None)))
case("auc:multilabel", y, t.astype(np.float32), sk.roc_auc_score(t, y), classes(sk.roc_auc_score(t, y, average=None)))
case("pr-auc:multilabel", y, t, sk.average_precision_score(t, y))

# Regression
for name, shape in (("[N]", (30,)), ("[N, 3]", (30, 3))):
    y, t = scores(*shape, digits=4), scores(*shape, digits=2)
    t.flat[3] = 0
    yd, td = y.astype(np.float64), t.astype(np.float64)
    case("mae", y, t, sk.mean_absolute_error(td, yd), name=name)
    case("mse", y, t, sk.mean_squared_error(td, yd), name=name)
    case("rmse", y, t, math.sqrt(sk.mean_squared_error(td, yd)), name=name)
    case("mape", y, t, sk.mean_absolute_percentage_error(td, yd), name=name)
    columns = sk.r2_score(td, yd, multioutput="raw_values")
    parts = {f"column {i}": v for i, v in enumerate(columns)} if len(shape) > 1 else {}
    case("r2", y, t, sk.r2_score(td, yd), parts, name)
t = np.array([3.0, 3, 3])
case("r2", t, t, sk.r2_score(t, t), name="constant, right")
case("r2", t + 1, t, sk.r2_score(t, t + 1), name="constant, wrong")
case("r2", t[:1], t[:1], sk.r2_score(t[:1], t[:1]), name="one sample")
t = 1e9 + rng.normal(size=50)  # far from 0: Σt² − (Σt)²/n in float64 would lose all
case("r2", t + 0.1 * rng.normal(size=50), t, 0, name="far from 0")
cases[-1]["value"] = plain(sk.r2_score(t, np.array(arrays[cases[-1]["output"]]["data"])))

# Ranking, with ties
y, t = scores(12, 8), rng.integers(0, 4, (12, 8)) * rng.integers(0, 2, (12, 8))
t[3] = 0
for k in (1, 3, 10):
    case(f"ndcg@{k}", y, t.astype(np.float32), sk.ndcg_score(t, y, k=k))
    case(f"ndcg@{k}:exponential", y, t, sk.ndcg_score(2.0**t - 1, y, k=k))
case("ndcg", y, t, sk.ndcg_score(t, y))


def orders(y, t, of, draws=4000):
    """the mean of a number over random orders of equal scores"""
    total = 0.0
    for _ in range(draws):
        shuffled = rng.permutation(len(y))
        total += of(t[shuffled][np.argsort(-y[shuffled], kind="stable")])
    return total / draws


def reciprocal(r, k=10**9):
    at = np.flatnonzero(r)
    return 1 / (at[0] + 1) if len(at) and at[0] < k else 0


for metric, of in (("hr@3", lambda r: float(r[:3].any())), ("mrr", reciprocal), ("mrr@2", lambda r: reciprocal(r, 2))):
    case(metric, y, t, np.mean([orders(a, b, of) for a, b in zip(y, t)]), name="drawn")
# one of 10 candidates, no ties: NCF's evaluation
y = rng.permutation(60).astype(np.float32).reshape(6, 10)
rank = (y > y[:, :1]).sum(1)
t = np.zeros((6, 10), np.float32)
t[:, 0] = 1
for shape in ((60,), (60, 1)):
    case("hr@3:candidates=10", y.reshape(shape), t.reshape(shape), (rank < 3).mean())
    case("ndcg@4:candidates=10", y.reshape(shape), t.reshape(shape),
         np.where(rank < 4, 1 / np.log2(rank + 2), 0).mean())
    case("mrr:candidates=10", y.reshape(shape), t.reshape(shape), (1 / (rank + 1)).mean())
case("hr@3", y, np.zeros(6, int), (rank < 3).mean(), name="labels")
case("mrr", y, np.zeros(6, int), (1 / (rank + 1)).mean(), name="labels")


# Detection, one class at a time; boxes (x1, y1, x2, y2)
def overlap(a, b, one, crowd=False):
    w = min(a[2], b[2]) - max(a[0], b[0]) + one
    h = min(a[3], b[3]) - max(a[1], b[1]) + one
    if w <= 0 or h <= 0:
        return 0.0
    area = lambda r: (r[2] - r[0] + one) * (r[3] - r[1] + one)
    return w * h / (area(a) if crowd else area(a) + area(b) - w * h)


def voc(images, least, one, eleven):
    """images: [(detections [(score, box)], objects [(box, difficult)])]. VOC devkit, VOCevaldet."""
    npos = sum(not d for _, objects in images for _, d in objects)
    taken = [[False] * len(o) for _, o in images]
    tp, fp = [], []
    for score, i, b in sorted(((s, i, b) for i, (ds, _) in enumerate(images) for s, b in ds), key=lambda v: -v[0]):
        best, at = -np.inf, -1
        for j, (o, _) in enumerate(images[i][1]):
            v = overlap(b, o, one)
            if v > best:
                best, at = v, j
        if best >= least and images[i][1][at][1]:
            continue
        hit = best >= least and not taken[i][at]
        if hit:
            taken[i][at] = True
        tp.append(hit), fp.append(not hit)
    tp, fp = np.cumsum(tp), np.cumsum(fp)
    rec, prec = tp / npos, tp / (tp + fp)
    if eleven:
        return sum(max(prec[rec >= r], default=0) for r in np.linspace(0, 1, 11)) / 11
    mrec, mpre = np.r_[0, rec, 1], np.r_[0, prec, 0]
    for i in range(len(mpre) - 2, -1, -1):
        mpre[i] = max(mpre[i], mpre[i + 1])
    i = np.flatnonzero(mrec[1:] != mrec[:-1])
    return ((mrec[i + 1] - mrec[i]) * mpre[i + 1]).sum()


def coco(images, least, most=100):
    """pycocotools: evaluateImg and accumulate, area "all"."""
    npig = sum(not c for _, objects in images for _, c in objects)
    rows = []
    for detections, objects in images:
        order = sorted(range(len(objects)), key=lambda j: objects[j][1])
        matched = set()
        for score, b in sorted(detections, key=lambda v: -v[0])[:most]:
            iou, m = min(least, 1 - 1e-10), -1
            for j in order:
                o, crowd = objects[j]
                if j in matched and not crowd:
                    continue
                if m >= 0 and not objects[m][1] and crowd:
                    break
                v = overlap(b, o, 0, crowd)
                if v < iou:
                    continue
                iou, m = v, j
            matched.add(m)
            rows.append((score, m >= 0, m >= 0 and objects[m][1]))
    rows.sort(key=lambda v: -v[0])
    tp = np.cumsum([m and not ig for _, m, ig in rows])
    fp = np.cumsum([not m and not ig for _, m, ig in rows])
    rc, pr = tp / npig, tp / np.maximum(fp + tp, 1)
    pr = np.maximum.accumulate(pr[::-1])[::-1]
    at = np.searchsorted(rc, np.linspace(0, 1, 101), side="left")
    return np.mean([pr[i] if i < len(pr) else 0 for i in at])


N, D, G, C = 6, 14, 5, 3
images = [[([], []) for _ in range(N)] for _ in range(C)]
output, target = np.full((N, D, 6), -1.0), np.full((N, G, 6), -1.0)
order = rng.permutation(N * D) / 100  # all scores differ
for n in range(N):
    objects = []
    for g in range(rng.integers(1, G + 1)):
        c = int(rng.integers(0, 2 if n else 1))  # class 2 is never an object
        x, y = rng.integers(0, 60, 2)
        w, h = rng.integers(8, 40, 2)
        b = (float(x), float(y), float(x + w), float(y + h))
        aside = bool(rng.random() < 0.2)
        objects.append((c, b))
        images[c][n][1].append((b, aside))
        target[n, g] = c, *b, aside
    for d in range(rng.integers(4, D + 1)):
        c, b = objects[rng.integers(len(objects))]
        b = tuple(np.round(np.array(b) + rng.integers(-6, 7, 4) * (rng.random() < 0.7)))
        if rng.random() < 0.2:
            c = 2 if rng.random() < 0.3 else 1 - c
        images[c][n][0].append((order[n * D + d], b))
        output[n, d] = c, order[n * D + d], *b
seen = images[:2]
both = lambda f: [f(c) for c in seen]
steps = [(50 + 5 * i) / 100 for i in range(10)]
for metric, of in (("map", lambda c: np.mean([coco(c, t) for t in steps])), ("map50", lambda c: coco(c, 0.5)),
                   ("map75", lambda c: coco(c, 0.75)), ("map50:max-detections=2", lambda c: coco(c, 0.5, 2)),
                   ("voc-map", lambda c: voc(c, 0.5, 0, False)), ("voc-map11", lambda c: voc(c, 0.5, 0, True)),
                   ("voc-map:inclusive", lambda c: voc(c, 0.5, 1, False)),
                   ("voc-map11:inclusive", lambda c: voc(c, 0.5, 1, True))):
    case(metric, output, target, np.mean(both(of)), {**classes(both(of)), "class 2": math.nan})

# BLEU: sentences of 4 words or more, for nltk counts a run too short as one that is not there
N, R, T = 8, 2, 12
hyp, ref = np.full((N, T), -1), np.full((N, R, T), -1)
for n in range(N):
    base = rng.integers(0, 9, T)
    for r in range(R):
        length = rng.integers(6, T + 1)
        ref[n, r, :length] = np.where(rng.random(length) < 0.2, rng.integers(0, 9, length), base[:length])
    length = rng.integers(5, T + 1)
    hyp[n, :length] = np.where(rng.random(length) < 0.3, rng.integers(0, 9, length), base[:length])
cut = lambda s: [int(w) for w in s if w >= 0]
hyps, refs = [cut(h) for h in hyp], [[cut(r) for r in rs] for rs in ref]
case("bleu", hyp, ref, corpus_bleu(refs, hyps), name="two references")
case("bleu2", hyp, ref, corpus_bleu(refs, hyps, weights=(0.5, 0.5)), name="two references")
case("bleu", hyp, ref[:, 0], corpus_bleu([r[:1] for r in refs], hyps), name="one reference")
case("bleu", hyp[:, :5], ref, corpus_bleu(refs, [h[:5] for h in hyps]), name="short")
hyp[:, 2::3] = np.where(hyp[:, 2::3] >= 0, 9, -1)  # no run of three words is shared
hyps = [cut(h) for h in hyp]
smooth = SmoothingFunction()
for name, f in (("none", None), ("floor", smooth.method1), ("add-one", smooth.method2),
                ("exponential", smooth.method3)):
    case(f"bleu:smoothing={name}", hyp, ref, corpus_bleu(refs, hyps, smoothing_function=f) if f else 0)

with open("metrics.json", "w") as f:
    lines = lambda of: ",\n".join(json.dumps(v, separators=(",", ":")) for v in of)
    f.write(f'{{"arrays": [\n{lines(arrays)}\n], "cases": [\n{lines(cases)}\n]}}\n')
