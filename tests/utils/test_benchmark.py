"""`Timer` times statements."""

from taper.utils.benchmark import Timer


def test_timeit():
    found = Timer("x + 1", "x = 1", label="sum", sub_label="ints").timeit(10)
    assert found.number_per_run == 10 and len(found.times) == 1 and found.mean > 0
    text = repr(found)
    assert (
        text.startswith("sum: ints\nsetup: x = 1\n") and "1 measurement, 10 runs , 1 thread" in text
    )


def test_autorange():
    found = Timer("f()", globals={"f": lambda: sum(range(100))}).blocked_autorange(
        min_run_time=0.01
    )
    assert sum(found.raw_times) >= 0.01 and found.iqr >= 0
    assert "Median" in repr(found) and found.median > 0
