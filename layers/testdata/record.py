"""What the generators of PyTorch's numbers share: record runs a module forward and backward in float64 and notes everything.

Made with PyTorch 1.13. The Go side is checkTorch in torch_layers_test.go.
"""
import json
import torch

torch.set_default_dtype(torch.float64)
cases = []


def note(t):
    return {"shape": list(t.shape), "data": [float(v) for v in t.detach().flatten()]}


def record(name, module, *inputs, call=None, scramble=True):
    """Notes the gradients of sum(r * y) for random r, with respect to the inputs that want one and to all parameters.
    call(module, inputs) gives y, or a tuple of tensors to be summed; parameters are first drawn at random if scramble."""
    if scramble:
        with torch.no_grad():
            for p in module.parameters():
                p.copy_(torch.randn_like(p) * 0.5)
    before = {k: note(v) for k, v in module.state_dict().items()}
    inputs = [i.clone().requires_grad_(i.is_floating_point()) for i in inputs]
    y = call(module, *inputs) if call else module(*inputs)
    ys = y if isinstance(y, tuple) else (y,)
    rs = [torch.rand_like(v) + 0.5 for v in ys]
    sum((r * v).sum() for r, v in zip(rs, ys)).backward()
    cases.append({
        "name": name, "state": before, "inputs": [note(i) for i in inputs], "r": [note(r) for r in rs], "y": [note(v) for v in ys],
        "gradInputs": [note(i.grad) if i.grad is not None else None for i in inputs],
        "grads": {k: note(p.grad) for k, p in module.named_parameters() if p.grad is not None},
        "after": {k: note(v.to(torch.float64)) for k, v in module.named_buffers()},
    })


def write():
    print(json.dumps(cases, separators=(",", ":")))
