"""Asks onnxsim for a backward graph: onnxsim.graph_grad.build_backward, on which its training functions stand.

It writes opset 17 and takes nodes with one output, so a model is converted to that opset, as far as onnx converts it, and
outputs that nobody reads are dropped.
"""

import numpy as np
import onnx
import onnx.version_converter
from onnxsim import graph_grad, qat_graph
from protocol import scratch_file, serve

OPSET = 17


def answer(question):
    model = onnx.load(question["model"])
    feeds = np.load(question["feeds"])
    for value in model.graph.input:  # it wants every shape as numbers
        for axis, size in zip(value.type.tensor_type.shape.dim, feeds[value.name].shape):
            axis.dim_value = size
    model = simple_form(model, question["output"])
    inferred = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {t.name: tuple(t.dims) for t in model.graph.initializer}
    for value in [*inferred.input, *inferred.value_info, *inferred.output]:
        shapes[value.name] = tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
    builder = qat_graph.GraphBuilder(prefix="grad/")
    nodes = list(model.graph.node)
    builder.nodes = nodes[:]
    reached = between(nodes, question["wrt"], question["output"])
    seeds = {question["output"]: "cotangent"}
    gradients = graph_grad.build_backward(builder, reached, shapes, seeds, question["wrt"])
    outputs = {name: f"{name}/gradient" for name in question["wrt"]}
    for name, gradient in gradients.items():
        builder.nodes.append(onnx.helper.make_node("Identity", [gradient], [outputs[name]]))
    del model.graph.node[:], model.graph.output[:]
    model.graph.node.extend(builder.nodes)
    model.graph.initializer.extend(builder.initializer)
    model.functions.extend(builder.functions)
    for domain in {f.domain for f in builder.functions} - {o.domain for o in model.opset_import}:
        model.opset_import.append(onnx.helper.make_opsetid(domain, 1))
    kinds = {v.name: v.type for v in [*inferred.input, *inferred.output]}
    model.graph.input.append(onnx.helper.make_value_info("cotangent", kinds[question["output"]]))
    for name, output in outputs.items():
        model.graph.output.append(onnx.helper.make_value_info(output, kinds[name]))
    file = scratch_file(question, ".onnxsim.onnx")
    onnx.save(model, file)
    return {"derivative": file, "cotangent": "cotangent", "gradients": outputs}


def simple_form(model, output):
    try:
        if all(o.version != OPSET for o in model.opset_import if o.domain == ""):
            model = onnx.version_converter.convert_version(model, OPSET)
    except Exception:  # asked as it is
        pass
    model.ir_version = min(model.ir_version, 8)
    read = {i for node in model.graph.node for i in node.input} | {output}
    for node in model.graph.node:
        while len(node.output) > 1 and node.output[-1] not in read:
            del node.output[-1]
    return model


def between(nodes, sources, target):
    """The nodes that lie on a way from the sources to the target: it refuses unknown operators wherever they stand."""
    moved = set(sources)
    for node in nodes:
        if any(i in moved for i in node.input):
            moved.update(node.output)
    wanted, found = {target}, []
    for node in reversed(nodes):
        if any(o in wanted and o in moved for o in node.output):
            wanted.update(node.input)
            found.append(node)
    return found[::-1]


serve(answer)
