"""Writes golden.tfevents with the serialisers of TensorBoard 2.21 and PyTorch 2.15: what golden_test.go writes in Go.

Run: python golden.py golden.tfevents
"""
import sys

import numpy as np
from tensorboard.compat.proto import event_pb2, graph_pb2, versions_pb2
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard import summary
from torch.utils.tensorboard._proto_graph import node_proto

out = RecordWriter(open(sys.argv[1], "wb"))


def write(time, step, **fields):
    event = event_pb2.Event(wall_time=time, step=step, **fields)
    out.write(event.SerializeToString(deterministic=True))


def bins():  # as SummaryWriter.default_bins
    v, up, down = 1e-12, [], []
    while v < 1e20:
        up.append(v)
        down.append(-v)
        v *= 1.1
    return down[::-1] + [0] + up


def canonical(s):
    """s with the plugin's content, which holds a map, in the order of the keys."""
    data = s.value[0].metadata.plugin_data
    data.content = HParamsPluginData.FromString(data.content).SerializeToString(deterministic=True)
    return s


T = 1700000000.25
write(T, 0, file_version="brain.Event:2")
write(T, 1, summary=summary.scalar("loss/train", 0.625))
write(T + 1, 2**40, summary=summary.scalar("a/b c", 0.0))
write(T + 1, -1, summary=summary.scalar("inf", float("-inf")))
i = np.arange(1000)
values = ((i * 7919) % 1009 - 504) / 64.0 * 2.0 ** (i % 9 - 4)  # every sum of them and of their squares is exact
write(T, 3, summary=summary.histogram("fc.weight", values, bins()))
edges = bins()
for one in (0.0, 1e-12, -1e-12, edges[500], edges[1000], -3.0, 5e-13, -5e-13, edges[0], edges[-1]):
    write(T, 4, summary=summary.histogram("one", np.array([one]), bins()))
write(T, 5, summary=summary.text("note", "# α\n*β*"))
write(T, 0, graph_def=graph_pb2.GraphDef(node=[
    node_proto("input", op="Placeholder", outputsize=[8, 64], attributes=None),
    node_proto("fc/weight", op="Parameter", outputsize=[10, 64], attributes="trained"),
    node_proto("fc/Linear", op="Linear", input=["input", "fc/weight"], outputsize=[8, 10], attributes=None),
], versions=versions_pb2.VersionDef(producer=22)).SerializeToString(deterministic=True))
experiment, start, end = summary.hparams({"batch": 32, "lr": 0.5, "sync": "ring"}, {"loss/test": 0})
write(T, 0, summary=canonical(experiment))
write(T, 0, summary=canonical(start))
write(T, 0, summary=canonical(end))
write(T, 12, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START))
out.close()
