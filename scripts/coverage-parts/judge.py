"""Runs what a package gave, and compares: with central differences for single nodes, with PyTorch for networks."""

import numpy as np
import onnxruntime as ort
from onnx.reference import ReferenceEvaluator

NODE_TOLERANCE = 0.01
NODE_SMALLEST = 1e-5
NETWORK_TOLERANCE = 1e-3
FLOOR, TRUE_ZERO = 1e-4, 1e-7  # of the largest entry of all gradients


def session_of(model):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(model, feeds, outputs):
    session = session_of(model)
    return session.run(outputs, {i.name: feeds[i.name] for i in session.get_inputs()})


def gradients(reply, feeds, wrt):
    """The gradients that a reply leads to, by name. Raises what ONNX Runtime says if it does not run."""
    if "why" in reply:
        raise RuntimeError(reply["why"])
    if "npz" in reply:
        return dict(np.load(reply["npz"]))
    session = session_of(reply["derivative"])
    cotangent = feeds["cotangent"]
    known = {**feeds, reply["cotangent"]: cotangent[..., None] if reply.get("trailing") else cotangent}
    names = [i.name for i in session.get_inputs()]
    results = session.run([reply["gradients"][n] for n in wrt], {n: known[n] for n in names})
    if reply["cotangent"] not in names:  # an output of one element has the cotangent 1
        results = [r * cotangent.reshape(()) for r in results]
    return {n: r[..., 0] if reply.get("trailing") else r for n, r in zip(wrt, results)}


def difference(question, cotangent, direction):
    """d<cotangent, output> along a direction of the one input, and its scale; None where the function has no derivative.

    In float64 by onnx's reference implementation, if that computes what ONNX Runtime does, else in float32 by the latter.
    """
    (name,) = question.wrt
    session = session_of(question.model)
    base = question.feeds[name].astype(np.float64)

    def reference(x):
        # All in float64: operators give results of their first input's type.
        feeds = {k: v.astype(np.float64) for k, v in question.feeds.items()}
        return evaluator.run([question.output], {**feeds, name: x})[0].astype(np.float64)

    def runtime(x):
        feeds = {i.name: question.feeds[i.name] for i in session.get_inputs()}
        return session.run([question.output], {**feeds, name: x.astype(np.float32)})[0].astype(np.float64)

    try:
        evaluator = ReferenceEvaluator(question.model)
        agrees = np.allclose(reference(base), runtime(base), 1e-4, 1e-4)
        found = slope(reference, base, direction, cotangent, 1e-6) if agrees else None
        if found is not None:
            return found
    except Exception:
        agrees = False  # it does not know every operator in every version
    step = 2e-3 * max(1.0, float(np.abs(base).mean()))
    # Where float64 finds a kink, or computes in float32 itself, only a function that hardly bends is taken.
    return slope(runtime, base, direction, cotangent, step, bends=1 if agrees else 10)


def slope(function, x, direction, cotangent, step, bends=1):
    """A central difference and its scale; None at a kink, where steps to both sides or of half the size disagree, and where it
    is lost in the rounding of float32, in which packages compute."""
    here = function(x)
    ahead, behind = function(x + step * direction) - here, here - function(x - step * direction)
    half = function(x + step / 2 * direction) - function(x - step / 2 * direction)
    wide, narrow = cotangent * (ahead + behind) / (2 * step), cotangent * half / step
    scale = max(abs(narrow.sum()), 0.1 * np.sqrt((narrow**2).sum()))
    if not np.isfinite(scale) or scale < NODE_SMALLEST * max(1.0, float(np.abs(here).max())):
        return None
    bend = np.abs(cotangent * (ahead - behind)).sum() / step
    # A smooth function bends by its second derivative times the step.
    off = abs(wide.sum() - narrow.sum()) > NODE_TOLERANCE * scale or bend > bends * NODE_TOLERANCE * scale
    return None if off else (narrow.sum(), scale)


def node_verdict(package, forms, cotangent, direction, expected, scale):
    """None if a package's gradient agrees for one of the forms of a question, or what was wrong with the first."""
    whys = (form_verdict(package, form, cotangent, direction, expected, scale) for form in forms)
    first = next(whys)
    return None if first is None or None in whys else first


def form_verdict(package, question, cotangent, direction, expected, scale):
    feeds = {**question.feeds, "cotangent": cotangent}
    (name,) = question.wrt
    try:
        gradient = gradients(package.ask(question.as_message(cotangent)), feeds, question.wrt).get(name)
    except Exception as error:
        return first_line(error)
    if gradient is None:
        return "gives no gradient"
    if np.size(gradient) != direction.size:
        return f"a gradient of shape {np.shape(gradient)}"
    got = float((np.asarray(gradient, np.float64).reshape(direction.shape) * direction).sum())
    close = abs(got - expected) <= NODE_TOLERANCE * scale
    return None if close else f"a wrong gradient: {got:.4g}, expected {expected:.4g}"


def network_verdict(package, question, cotangent, wanted, sums):
    """None if every weight's gradient is within NETWORK_TOLERANCE, or what is wrong."""
    feeds = {**question.feeds, "cotangent": cotangent.astype(np.float32)}
    message = question.as_message(feeds["cotangent"])
    try:
        got = gradients(package.ask(message), feeds, question.wrt)
    except Exception as error:
        return first_line(error)
    for key, members in sums.items():
        if all(m["initializer"] in got for m in members):
            got[key] = sum(got[m["initializer"]].T if m["transposed"] else got[m["initializer"]] for m in members)
    largest = max(float(np.abs(w).max()) for w in wanted.values() if w.size)
    wrong = []
    for name, want in wanted.items():
        error = relative_error(got.get(name), want.astype(np.float64), largest)
        if not error <= NETWORK_TOLERANCE:
            wrong.append(f"{name}: {'no gradient' if name not in got else f'{error:.1e}'}")
    return f"{len(wrong)} of {len(wanted)} weights, {wrong[0]}" if wrong else None


def relative_error(got, want, largest):
    if got is None or got.size != want.size:
        return np.inf
    size = float(np.abs(want).max())
    floor = (1e-2 if size < TRUE_ZERO * largest else FLOOR) * largest
    return float(np.abs(got.reshape(want.shape) - want).max()) / max(floor, size, 1e-30)


def first_line(error):
    text = str(error).strip().splitlines()
    return (text[0] if text else type(error).__name__)[:200]
