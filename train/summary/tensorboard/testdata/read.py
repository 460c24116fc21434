"""Prints what TensorBoard reads in a folder, as JSON. Run: python read.py FOLDER"""
import json
import sys

from tensorboard.backend.event_processing import event_accumulator, plugin_event_accumulator
from tensorboard.compat.proto import graph_pb2
from tensorboard.plugins.hparams import metadata

everything = {"scalars": 0, "tensors": 0, "histograms": 0, "images": 0, "graph": 1}
a = event_accumulator.EventAccumulator(sys.argv[1], size_guidance=everything)
a.Reload()
tags = a.Tags()
graph = []
if tags["graph"]:
    for n in a.Graph().node:
        shape = [d.size for d in n.attr["_output_shapes"].list.shape[0].dim]
        graph.append({"name": n.name, "op": n.op, "input": list(n.input), "shape": shape})

# What the page itself uses: old values are converted to tensors, and belong to a plugin each.
p = plugin_event_accumulator.EventAccumulator(sys.argv[1])
p.Reload()
hparams = {}
content = p.PluginTagToContent("hparams") if "hparams" in {m for m in p.ActivePlugins()} else {}
if metadata.SESSION_START_INFO_TAG in content:
    for name, v in metadata.parse_session_start_info_plugin_data(
            content[metadata.SESSION_START_INFO_TAG]).hparams.items():
        hparams[name] = getattr(v, v.WhichOneof("kind"))
status = None
if metadata.SESSION_END_INFO_TAG in content:
    status = metadata.parse_session_end_info_plugin_data(content[metadata.SESSION_END_INFO_TAG]).status

print(json.dumps({
    "scalars": {t: [[e.step, e.value, e.wall_time] for e in a.Scalars(t)] for t in tags["scalars"]},
    "histograms": {t: [{"step": e.step, "num": e.histogram_value.num, "sum": e.histogram_value.sum,
                        "limits": e.histogram_value.bucket_limit, "counts": e.histogram_value.bucket}
                       for e in a.Histograms(t)] for t in tags["histograms"]},
    "images": {t: [[e.step, e.width, e.height, e.encoded_image_string[:8].hex()] for e in a.Images(t)]
               for t in tags["images"]},
    "texts": {t: [[e.step, e.tensor_proto.string_val[0].decode()] for e in p.Tensors(t)]
              for t in p.PluginTagToContent("text")},
    "graph": graph,
    "plugins": sorted(p.ActivePlugins()),
    "hparams": hparams,
    "status": status,
}))
