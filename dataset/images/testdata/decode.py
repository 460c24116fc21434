"""Writes decode/: small images of every kind, and decode.json: their pixels by Pillow 13.0's convert("RGB") and
convert("L"), upright by ImageOps.exif_transpose. Where the package does otherwise on purpose: the grey of a JPEG of
colours is its luminance, as draft("L") gives it, and of 16-bit grey the upper 8 bits count (convert clips at 255)."""
import base64, io, json, os, struct, zlib
import numpy as np
from PIL import Image, ImageOps

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "decode")
os.makedirs(here, exist_ok=True)
H, W = 13, 19
rng = np.random.default_rng(7)
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 13, y * 19, (x * 7 + y * 11) % 256], -1).astype(np.float64)
rgb = np.clip(rgb + rng.normal(0, 12, rgb.shape), 0, 255).astype(np.uint8)
big = np.asarray(Image.fromarray(rgb).resize((35, 27), Image.BICUBIC))
im, large = Image.fromarray(rgb), Image.fromarray(big)
grey = im.convert("L")
alpha = Image.fromarray((x * 14 % 256).astype(np.uint8))
rgba = im.copy(); rgba.putalpha(alpha)
la = grey.copy(); la.putalpha(alpha)
palette = im.quantize(16)

def png(name, color, depth, rows, extra=b""):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    raw = b"".join(b"\0" + r for r in rows)
    open(os.path.join(here, name), "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth,
        color, 0, 0, 0)) + extra + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))

deep = (rgb.astype(np.uint32) * 251 + 77).astype(">u2")
deepA = np.concatenate([deep, np.full((H, W, 1), 12345, ">u2")], -1)
for name, image, options in [
    ("444.jpg", large, dict(quality=90, subsampling=0)), ("422.jpg", large, dict(quality=90, subsampling=1)),
    ("420.jpg", large, dict(quality=90, subsampling=2)), ("420-even.jpg", large.crop((0, 0, 32, 16)), dict(subsampling=2)),
    ("narrow.jpg", large.crop((0, 0, 3, 9)), dict(subsampling=2)), ("dot.jpg", large.crop((0, 0, 1, 1)), dict(subsampling=2)),
    ("progressive.jpg", large, dict(quality=90, progressive=True, subsampling=2)),
    ("restart.jpg", large, dict(quality=90, restart_marker_blocks=1)),
    ("grey.jpg", large.convert("L"), dict(quality=90)), ("rgb.jpg", large, dict(quality=90, keep_rgb=True)),
    ("cmyk.jpg", large.convert("CMYK"), dict(quality=95)),
    ("l.png", grey, {}), ("la.png", la, {}), ("rgb.png", im, {}), ("rgba.png", rgba, {}), ("p.png", palette, {}),
    ("p-trns.png", palette, dict(transparency=3)), ("p-alpha.png", palette, dict(transparency=bytes(range(0, 160, 10)))),
    ("1.png", grey.convert("1"), {}), ("rgb-trns.png", im, dict(transparency=tuple(int(v) for v in rgb[4, 5]))),
    ("l-trns.png", grey, dict(transparency=int(np.asarray(grey)[4, 5]))),
]:
    image.save(os.path.join(here, name), **options)
png("rgb16.png", 2, 16, [deep[r].tobytes() for r in range(H)])
png("rgba16.png", 6, 16, [deepA[r].tobytes() for r in range(H)])
png("la16.png", 4, 16, [deepA[r][:, 2:].tobytes() for r in range(H)])
png("l16.png", 0, 16, [deep[r, :, 1].tobytes() for r in range(H)])
png("l2.png", 0, 2, [bytes(rng.integers(0, 256, 5, dtype=np.uint8)) for r in range(H)])
for o in range(1, 9):
    exif = Image.Exif(); exif[0x0112] = o
    im.save(os.path.join(here, f"exif{o}.png"), exif=exif)
exif = Image.Exif(); exif[0x010F] = "maker of cameras"; exif[0x0112] = 6
large.save(os.path.join(here, "exif6.jpg"), exif=exif, quality=90, subsampling=2)
# What a camera writes: big-endian, behind JFIF.
data = open(os.path.join(here, "420.jpg"), "rb").read()
tiff = b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 8, 0, 0)
app = b"Exif\0\0" + tiff
open(os.path.join(here, "exif8-big.jpg"), "wb").write(data[:20] + b"\xff\xe1" + struct.pack(">H", len(app) + 2) + app + data[20:])
# YCCK: the file of CMYK, its marker saying that three of the four are YCC.
data = open(os.path.join(here, "cmyk.jpg"), "rb").read()
at = data.index(b"Adobe")
open(os.path.join(here, "ycck.jpg"), "wb").write(data[:at + 11] + b"\x02" + data[at + 12:])

want = {}
for name in sorted(os.listdir(here)):
    image = ImageOps.exif_transpose(Image.open(os.path.join(here, name)))
    code = lambda i: base64.b64encode(np.asarray(i).tobytes()).decode()
    if image.mode == "I;16":
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    gray = image.convert("L")
    if name.endswith(".jpg"):
        gray = Image.open(os.path.join(here, name))
        gray.draft("L", gray.size)
        gray = ImageOps.exif_transpose(gray).convert("L")
    want[name] = dict(h=image.height, w=image.width, rgb=code(image.convert("RGB")), l=code(gray))
json.dump(want, open(here + ".json", "w"), indent=0)
