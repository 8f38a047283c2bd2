"""PyTorch's two exporters behind one call."""

import onnxruntime as ort
import torch

NEWEST = [23, 22]


def export_model(model, spec, variant, path, programs):
    """Writes `path`; the opset that was asked for. dynN is the newest that both PyTorch and ONNX Runtime take.

    `programs` keeps the traced program from one opset to the next.
    """
    if variant.startswith("ts"):
        opset = int(variant[2:4])
        raw = variant.endswith("raw")  # nothing folded, BatchNormalization kept, weights also listed as inputs
        if opset < 14 and hasattr(getattr(model, "m", None), "set_attn_implementation"):
            model.m.set_attn_implementation("eager")  # the fused attention has no form before opset 14
        inputs = tuple(t.clone() for t in spec.inputs.values())
        torch.onnx.export(
            model, inputs, path, dynamo=False, opset_version=opset, input_names=list(spec.inputs),
            output_names=["logits"], dynamic_axes=spec.axes() or None, do_constant_folding=not raw,
            training=torch.onnx.TrainingMode.PRESERVE if raw else torch.onnx.TrainingMode.EVAL,
            keep_initializers_as_inputs=raw,
        )
        return opset
    if "program" not in programs:
        programs["program"] = trace(model, spec)
    opsets = [18] if variant == "dyn18" else NEWEST
    for opset in opsets:
        try:
            torch.onnx.export(
                programs["program"], (), path, dynamo=True, opset_version=opset, input_names=list(spec.inputs),
                output_names=["logits"], external_data=False, verbose=False,
            )
            session = open_session(path)
            kept = {i.name for i in session.get_inputs()}
            session.run(None, {k: v.numpy() for k, v in spec.inputs.items() if k in kept})
            return opset
        except Exception:
            if opset == opsets[-1]:
                raise
    raise AssertionError("no opset was tried")


def trace(model, spec):
    shapes = None
    if spec.axes() and not spec.fixed_in_dynamo:
        shapes = tuple({a: torch.export.Dim.DYNAMIC for a in spec.axes()[k]} for k in spec.inputs)
        if model.forward.__code__.co_flags & 0x04:  # forward(self, *inputs) takes one tuple
            shapes = (shapes,)
    inputs = tuple(t.clone() for t in spec.inputs.values())
    with torch.no_grad():
        return torch.export.export(
            model, inputs, dynamic_shapes=shapes, strict=False, prefer_deferred_runtime_asserts_over_guards=True
        )


def open_session(path):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])
