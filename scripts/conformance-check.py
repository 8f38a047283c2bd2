"""Runs check_gradients.py for many models in one process: one line of JSON arguments in, one line of JSON out.

    python scripts/conformance-check.py check_gradients.py < requests
"""

import contextlib
import importlib.util
import io
import json
import sys

spec = importlib.util.spec_from_file_location("check_gradients", sys.argv[1])
check = importlib.util.module_from_spec(spec)
spec.loader.exec_module(check)

for line in sys.stdin:
    sys.argv = [spec.origin, *json.loads(line)]
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            status = check.main()
    except SystemExit as stop:
        status = stop.code
    except Exception as error:
        status = 2
        said.write(f"{type(error).__name__}: {error}")
    print(json.dumps({"status": status, "stdout": said.getvalue()}), flush=True)
