"""Writes ops.json: what Pillow 13.0 and torchvision 0.29.2 make of one image (and of its grey)."""
import base64, json, os
import numpy as np, torch
from PIL import Image
from torchvision.transforms import functional as F, InterpolationMode as I, RandomResizedCrop

H, W = 13, 17
rng = np.random.default_rng(11)
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 15, y * 19, (x * 5 + y * 9) % 256], -1) + rng.normal(0, 40, (H, W, 3))
rgb[:4, :6] = 128  # grey pixels
rgb[5, :8] = [255, 0, 0]
im = Image.fromarray(np.clip(rgb, 0, 255).astype(np.uint8))
code = lambda i: base64.b64encode(np.asarray(i).tobytes()).decode()
out = {"source": dict(h=H, w=W, rgb=code(im), l=code(im.convert("L")))}

def put(name, f):
    a, b = f(im), f(im.convert("L"))
    out[name] = dict(h=a.height, w=a.width, rgb=code(a), l=code(b))

filters = dict(bilinear=Image.BILINEAR, bicubic=Image.BICUBIC, lanczos=Image.LANCZOS, box=Image.BOX, nearest=Image.NEAREST)
for name, f in filters.items():
    for h, w in [(5, 7), (16, 23), (13, 6), (7, 17), (1, 1), (14, 16)]:
        put(f"resize {name} {h} {w}", lambda i: i.resize((w, h), f))
for s in [6, 13, 21]:
    put(f"shorter {s}", lambda i: F.resize(i, s))
for h, w in [(6, 7), (7, 6), (13, 17), (16, 10), (16, 20)]:
    put(f"center {h} {w}", lambda i: F.center_crop(i, [h, w]))
for mode in ["constant", "edge", "reflect", "symmetric"]:
    put(f"pad {mode}", lambda i: F.pad(i, 3, fill=7 if mode == "constant" else 0, padding_mode=mode))
put("hflip", F.hflip); put("vflip", F.vflip)
for v in [0, 0.37, 1, 1.8]:
    put(f"brightness {v}", lambda i: F.adjust_brightness(i, v))
    put(f"contrast {v}", lambda i: F.adjust_contrast(i, v))
    put(f"saturation {v}", lambda i: F.adjust_saturation(i, v))
for v in [-0.5, -0.21, 0, 0.1, 0.5]:
    put(f"hue {v}", lambda i: F.adjust_hue(i, v))
for k, (a, t, s, sh) in enumerate([(30, (0, 0), 1, (0, 0)), (-77.5, (3, -4), 0.8, (10, 0)), (0, (2, 5), 1, (0, 0)),
                                   (0, (0, 0), 1.7, (0, 0)), (180, (0, 0), 1, (-20, 15)), (12, (-6, 1), 2.5, (5, 5))]):
    for name, f in dict(nearest=I.NEAREST, bilinear=I.BILINEAR).items():
        put(f"affine {name} {a} {t[0]} {t[1]} {s} {sh[0]} {sh[1]}", lambda i: F.affine(i, a, t, s, sh, f, fill=9))

floats = lambda t: base64.b64encode(t.numpy().astype("<f4").tobytes()).decode()
a = F.to_tensor(im)
b = F.normalize(a, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
out["normalize"] = dict(unit=floats(a), once=floats(b), twice=floats(F.normalize(b, [0.1], [0.7])),
    erased=floats(F.erase(b, 3, 4, 5, 6, torch.tensor([1., 2., 3.])[:, None, None])))

# The fallback, where no draw can fit: top, left, height, width for [height, width] and a range of proportions.
fallback = []
for h, w, scale, ratio in [(10, 1000, (1, 1), (0.75, 4 / 3)), (1000, 10, (1, 1), (0.75, 4 / 3)), (7, 501, (1, 1), (2.0, 2.5)),
                           (100, 100, (2, 2), (0.75, 4 / 3))]:
    fallback.append([h, w, *scale, *ratio, *RandomResizedCrop.get_params(torch.zeros(3, h, w), list(scale), list(ratio))])
out["fallback"] = fallback
json.dump(out, open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "ops.json"), "w"), indent=0)
