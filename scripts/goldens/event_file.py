"""Event files as TensorBoard's own writer makes them, for src/run/event-file.test.ts.

pip install tensorboard==2.21.0; python scripts/goldens/event_file.py > src/run/goldens/event-file.json
"""

import base64
import io
import json

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


class Sink(io.BytesIO):
    def close(self):
        pass


def frames(*events):
    sink = Sink()
    writer = RecordWriter(sink)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))
    return base64.b64encode(sink.getvalue()).decode()


def scalars(wall_time, step, values):
    summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
    return Event(wall_time=wall_time, step=step, summary=summary)


def version(wall_time):
    return Event(wall_time=wall_time, file_version="brain.Event:2")


cases = [
    {"step": 0, "wallTime": 1700000000.5, "scalars": {"train/loss": 2.25, "größe": 0.0}},
    {"step": 300, "wallTime": 1700000001.25, "scalars": {"train/loss": float("inf")}},
    {"step": 6000000000, "wallTime": 1.0, "scalars": {"x" * 200: -1e-30}},
    {"step": 1, "wallTime": 2.0, "scalars": {}},
]
print(
    json.dumps(
        {
            "head": frames(version(1700000000.5)),
            "resumedHead": frames(
                version(1700000000.5),
                Event(wall_time=1700000000.5, step=201, session_log=SessionLog(status=SessionLog.START)),
            ),
            "events": [
                {
                    "step": c["step"],
                    "wallTime": c["wallTime"],
                    "scalars": [[tag, str(value)] for tag, value in c["scalars"].items()],
                    "frame": frames(scalars(c["wallTime"], c["step"], c["scalars"])),
                }
                for c in cases
            ],
        },
        indent=1,
        ensure_ascii=False,
    )
)
