"""LeNet-5 on Fashion-MNIST, 5 epochs, as whole programs: tutti train against PyTorch with its DataLoader over tensors.

    go build ./cmd/tutti && python3 bench/torch/program.py ./tutti [RUNS]

Both read the IDX files, train the same network by the same recipe (Adam, a rate of 0.004 that falls to 0 along a
cosine, batches of 64 in a new order each epoch) and end with the accuracy on the test set. Runs alternate. PyTorch
runs with 0, 1 and 2 workers, and the best counts; its time begins after "import torch". Tutti's is that of the whole
process.
"""
import gzip, math, re, statistics, subprocess, sys, time

DIR = "/usr/share/datasets/fashion-mnist/"
EPOCHS, SAMPLES = 5, 60000


def peer(workers):
    import numpy as np, torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset

    began = time.perf_counter()
    torch.manual_seed(1)

    def load(name):
        with gzip.open(DIR + name + "-images-idx3-ubyte.gz") as f:
            x = np.frombuffer(f.read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
        with gzip.open(DIR + name + "-labels-idx1-ubyte.gz") as f:
            y = np.frombuffer(f.read(), np.uint8, offset=8).astype(np.int64)
        return torch.from_numpy(x.astype(np.float32) / 255), torch.from_numpy(y)

    train, (tx, ty) = TensorDataset(*load("train")), load("t10k")
    net = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))
    loss_of, adam = nn.CrossEntropyLoss(), torch.optim.Adam(net.parameters(), lr=4e-3, fused=True)
    cosine = torch.optim.lr_scheduler.LambdaLR(adam, lambda step: 0.5 * (1 + math.cos(
        math.pi * step / (EPOCHS * -(-len(train) // 64)))))
    loader = DataLoader(train, batch_size=64, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
    for _ in range(EPOCHS):
        net.train()
        for x, y in loader:
            adam.zero_grad(set_to_none=True)
            loss_of(net(x), y).backward()
            adam.step()
            cosine.step()
        net.eval()
        with torch.inference_mode():
            right = sum(int((net(tx[i:i + 1000]).argmax(1) == ty[i:i + 1000]).sum()) for i in range(0, len(tx), 1000))
    print(time.perf_counter() - began, right / len(tx))


def main(tutti, runs):
    rates, accuracies = {}, {}

    def note(name, seconds, accuracy):
        rates.setdefault(name, []).append(EPOCHS * SAMPLES / seconds)
        accuracies.setdefault(name, []).append(accuracy)
        print(f"{name:18} {rates[name][-1]:8.0f} samples/s  {100 * accuracy:.2f} %", flush=True)

    for _ in range(runs):
        began = time.perf_counter()
        command = [tutti, "train", "--data", "fashion-mnist", "--model", "lenet5", "--epochs", str(EPOCHS),
                   "--batch", "64", "--lr", "0.004", "--schedule", "cosine", "--out", "/dev/null"]
        out = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - began
        note("tutti", seconds, float(re.findall(r"accuracy ([0-9.]+) ?%", out.stdout + out.stderr)[-1]) / 100)
        for workers in 0, 1, 2:
            out = subprocess.run([sys.executable, __file__, "peer", str(workers)], check=True, capture_output=True,
                                 text=True)
            note(f"torch, {workers} workers", *map(float, out.stdout.split()))
    medians = {name: statistics.median(list_) for name, list_ in rates.items()}
    best = max((name for name in medians if name != "tutti"), key=medians.get)
    print(f"tutti {medians['tutti']:.0f}, {best} {medians[best]:.0f}: ratio {medians['tutti'] / medians[best]:.2f}; "
          f"accuracy {100 * min(accuracies['tutti']):.2f} and {100 * min(accuracies[best]):.2f} %")


if sys.argv[1] == "peer":
    peer(int(sys.argv[2]))
else:
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3)
