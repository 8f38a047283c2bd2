"""How coverage.py talks to the packages it asks: one process per package, one line of JSON per question and answer.

Question: {"model", "output", "wrt", "feeds"}: a file whose weights are inputs, the output to differentiate, the names of
the inputs to differentiate by, and an .npz with all inputs and `cotangent`, of the output's shape.

Answer: {"derivative", "cotangent", "gradients", "feeds"}: a file that stock ONNX Runtime runs, the name of its input that
takes the cotangent, the name of each gradient among its outputs, and shapes to reshape the cotangent and gradients to;
or {"npz"}: the gradients, where only the package's own runtime computes them; or {"why"}: what the package said.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def serve(answer):
    """Runs in the package's own Python: answers questions until there are no more."""
    replies, sys.stdout = sys.stdout, sys.stderr  # what a package prints is no answer
    for line in sys.stdin:
        question = json.loads(line)
        try:
            reply = answer(question)
        except Exception as error:  # whatever a package throws is its answer
            reply = {"why": f"{type(error).__name__}: {error}".splitlines()[0][:200]}
        print(json.dumps(reply), file=replies, flush=True)


class Package:
    """A package behind a process, which is started again if a question kills it."""

    def __init__(self, name, command, version):
        self.name, self.command, self.version = name, command, version
        self.process = None

    def ask(self, question):
        if self.process is None:
            # A log file, not a pipe that nobody reads.
            log = tempfile.NamedTemporaryFile(prefix=f"coverage-{self.name}-", suffix=".log", delete=False)
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        try:
            self.process.stdin.write(json.dumps(question) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if line:
            return json.loads(line)
        status = self.process.wait()
        self.process = None
        return {"why": f"the process died (status {status})"}


def scratch_file(question, suffix):
    """A file beside the question's model."""
    path = Path(question["model"])
    return str(path.with_name(f"{path.stem}{suffix}"))
