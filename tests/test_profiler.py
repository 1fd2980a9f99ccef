"""The profiler's schedule, tables and traces."""

import json

import taper as torch
from taper.profiler import ProfilerActivity, profile, record_function, schedule


def test_schedule():
    plan = schedule(wait=1, warmup=1, active=2, repeat=1)
    names = [plan(i).name for i in range(6)]
    assert names == ["NONE", "WARMUP", "RECORD", "RECORD_AND_SAVE", "NONE", "NONE"]


def test_parts_are_clocked(tmp_path):
    with profile(activities=[ProfilerActivity.CPU], record_shapes=True) as run:
        for _ in range(2):
            with record_function("product"):
                (torch.ones(4, 4) @ torch.ones(4, 4)).sum().item()
    table = run.key_averages().table(sort_by="cpu_time_total", row_limit=5)
    assert "product" in table
    assert next(e for e in run.key_averages() if e.key == "product").count == 2
    run.export_chrome_trace(tmp_path / "trace.json")
    events = json.loads((tmp_path / "trace.json").read_text())["traceEvents"]
    assert [e["name"] for e in events].count("product") == 2


def test_each_cycle_is_handed_out():
    seen = []

    def ready(run):
        seen.append(sorted(e.key for e in run.events()))

    with profile(schedule=schedule(wait=1, warmup=0, active=1), on_trace_ready=ready) as run:
        for i in range(4):
            with record_function(f"part{i}"):
                pass
            run.step()
    assert seen == [["ProfilerStep#1", "part1"], ["ProfilerStep#3", "part3"]]
