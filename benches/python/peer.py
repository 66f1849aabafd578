"""What the Python peers of the race share: rows, the clock, checkpoints and what is printed.

The form of the files and of the printed lines is described in benches/src/race/process.rs.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np

FIRST_ROWS = 500
EACH_PASS = 12
# After the first pass, for recalling takes these programs longer than learning.
EACH_LATER_PASS = 4
# Learners with a gate are looked at this often at most, in shares of their seconds.
GATE_SHARE = 0.05
READ_CUES = 1_000


def read_rows(path, width):
    return np.fromfile(path, dtype="<f4").reshape(-1, width)


def core_count():
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Course:
    """The rows, the goal and the budget."""

    def __init__(self):
        parser = argparse.ArgumentParser()
        parser.add_argument("folder", type=Path)
        parser.add_argument("--inputs", type=int, required=True)
        parser.add_argument("--outputs", type=int, required=True)
        parser.add_argument("--kind", choices=["labels", "values"], required=True)
        parser.add_argument("--goal", type=float, required=True)
        parser.add_argument("--seconds", type=float, required=True)
        parser.add_argument("--passes", type=int, required=True)
        given = parser.parse_args()
        self.folder, self.outputs = given.folder, given.outputs
        self.has_labels = given.kind == "labels"
        self.goal, self.seconds, self.passes = given.goal, given.seconds, given.passes
        width = 1 if self.has_labels else given.outputs
        self.train_x = self._read("train_x", given.inputs)
        self.test_x = self._read("test_x", given.inputs)
        self.train_y = self._targets("train_y", width)
        self.test_y = self._targets("test_y", width)

    def _read(self, name, width):
        return read_rows(self.folder / name, width)

    def _targets(self, name, width):
        values = self._read(name, width)
        return values[:, 0].astype(int) if self.has_labels else values

    def held_out_tenth(self, rows, seed=0):
        """Rows to learn from and rows to choose a setting on, among the training rows given."""
        order = np.random.default_rng(seed).permutation(rows)
        count = max(1, len(rows) // 10)
        return np.sort(order[count:]), np.sort(order[:count])

    def spread_rows(self, count):
        """At most so many training rows, at equal distances, in stored order."""
        rows = len(self.train_x)
        return np.unique(np.linspace(0, rows - 1, min(count, rows)).astype(int))

    def measure(self, recalled, truth):
        """Accuracy, or the mean of the outputs' mean square errors over their variances."""
        if self.has_labels:
            return float(np.mean(np.asarray(recalled) == truth))
        truth = truth.astype(np.float64)
        # As it is written to the file.
        recalled = np.asarray(recalled, dtype=np.float32).astype(np.float64)
        return float(np.mean(np.mean((recalled - truth) ** 2, axis=0) / np.var(truth, axis=0)))

    def reaches(self, measure):
        return measure >= self.goal if self.has_labels else measure <= self.goal

    def best(self, tried):
        """The setting with the best measure among pairs of (measure, setting)."""
        finite = [pair for pair in tried if np.isfinite(pair[0])]
        sign = -1.0 if self.has_labels else 1.0
        return min(finite, key=lambda pair: sign * pair[0])[1]


class Clock:
    """Runs inside a `with` block, and stands still outside."""

    def __init__(self):
        self.seconds = 0.0

    def __enter__(self):
        self.started = time.perf_counter()

    def __exit__(self, *_):
        self.seconds += time.perf_counter() - self.started

    def running(self):
        """The seconds so far, inside the block."""
        return self.seconds + time.perf_counter() - self.started


def checkpoints(course):
    """After how many rows the learner is judged, over all passes."""
    rows = len(course.train_x)
    last = rows * course.passes
    shares = {-(-share * rows // EACH_PASS) for share in range(1, EACH_PASS + 1)}
    later = range(EACH_LATER_PASS, EACH_LATER_PASS * course.passes + 1)
    shares |= {-(-share * rows // EACH_LATER_PASS) for share in later}
    doublings = set()
    at = FIRST_ROWS
    while at < last:
        doublings.add(at)
        at *= 2
    return sorted(shares | doublings)


def race(course, learn, recall, gate=None):
    """Learns from checkpoint to checkpoint until the goal, the last second or the last row.

    `learn(rows, clock, until)` learns the training rows numbered `rows`, inside `with clock:`, until
    the clock reaches `until`, and returns how many it learned. `recall()` recalls all test rows.
    `gate()`, for slow learners, tells from a part of the test rows whether the goal may have been
    reached; where it has not, the checkpoint is passed over without a line.
    """
    clock, seen, looked = Clock(), 0, 0.0
    for at in checkpoints(course):
        wanted = np.arange(seen, at) % len(course.train_x)
        seen += learn(wanted, clock, course.seconds)
        over = seen < at or clock.seconds >= course.seconds
        over |= at == len(course.train_x) * course.passes
        if gate is not None and not over:
            if clock.seconds < looked + GATE_SHARE * course.seconds:
                continue
            looked = clock.seconds
            if not gate():
                continue
        recalled = recall()
        if judge(course, seen, clock, recalled) or over:
            break
    keep(course, recalled)


def judge(course, rows, clock, recalled):
    """Prints a checkpoint; whether the goal is reached there."""
    measure = course.measure(recalled, course.test_y)
    print(rows, clock.seconds, measure, flush=True)
    return course.reaches(measure)


def keep(course, recalled):
    """Writes what is recalled at the end, of the measure that was printed last."""
    np.asarray(recalled, dtype="<f4").tofile(course.folder / "recalled")


def keep_scores(course, held_out, held_scores, test_scores):
    """Writes how sure it is: values, or a score for each label, at held-out training rows and at the test rows."""
    for name, numbers in [
        ("held_out", held_out),
        ("held_scores", held_scores),
        ("test_scores", test_scores),
    ]:
        np.asarray(numbers, dtype="<f4").tofile(course.folder / name)


def time_reads(course, read):
    """Prints what a call of `read` costs on the first test rows."""
    cues = range(min(READ_CUES, len(course.test_x)))
    started = time.perf_counter()
    for cue in cues:
        read(cue)
    print("read", (time.perf_counter() - started) * 1e6 / len(cues), flush=True)
