# One case in PyTorch, timed on demand: the other side of main.go, which starts it as `python3 peer.py CASE THREADS`.
#
# It reads the microseconds of a turn from a line and answers with a line: the shortest and the median time of a step in
# nanoseconds, the process's peak memory in KiB, and two figures that only the other side has. A step of training is forward, backward and an update by SGD.
import resource, sys, time
import torch, torch.nn as nn, torch.nn.functional as F

case, threads = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(threads)
torch.manual_seed(0)
R, ints = torch.randn, torch.randint


def mlp():
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))


def lenet():
    return nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.out = nn.LSTM(256, 256, 2, batch_first=True), nn.Linear(256, 10)

    def forward(self, x):
        return self.out(self.lstm(x)[0][:, -1])


class NCF(nn.Module):
    def __init__(self, sparse):
        super().__init__()
        self.users, self.items = nn.Embedding(6040, 64, sparse=sparse), nn.Embedding(3706, 64, sparse=sparse)
        self.net = nn.Sequential(nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))

    def forward(self, u, i):
        return self.net(torch.cat([self.users(u), self.items(i)], 1)).squeeze(1)


def train(model, x, y, loss):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss(model(*x), y).backward()
        optimizer.step()
    return step


def infer(model, x):
    model.eval()

    def step():
        with torch.inference_mode():
            model(x)
    return step


def block():
    return nn.TransformerEncoderLayer(256, 4, 1024, dropout=0.0, activation="gelu", batch_first=True)


def ncf(sparse):
    return train(NCF(sparse), (ints(6040, (1024,)), ints(3706, (1024,))), torch.rand(1024).round(), F.binary_cross_entropy_with_logits)


step = {
    "mlp": lambda: train(mlp(), (R(128, 784),), ints(10, (128,)), F.cross_entropy),
    "lenet": lambda: train(lenet(), (R(128, 1, 28, 28),), ints(10, (128,)), F.cross_entropy),
    "lstm": lambda: train(LSTM(), (R(32, 64, 256),), ints(10, (32,)), F.cross_entropy),
    "transformer": lambda: train(block(), (R(16, 128, 256),), None, lambda y, _: y.pow(2).mean()),
    "ncf": lambda: ncf(False),
    "ncf-sparse": lambda: ncf(True),
    "mlp-infer": lambda: infer(mlp(), R(128, 784)),
    "lenet-infer": lambda: infer(lenet(), R(128, 1, 28, 28)),
    "lenet-infer-1": lambda: infer(lenet(), R(1, 1, 28, 28)),
}[case]()
for _ in range(3):
    step()
now = time.perf_counter_ns
for line in sys.stdin:
    budget, times, begin = int(line) * 1000, [], now()
    while not times or now() - begin < budget:
        start = now()
        step()
        times.append(now() - start)
    times.sort()
    print(times[0], times[len(times) // 2], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0, 0, flush=True)
