"""Vowpal Wabbit in the race: one model for labels, one an output for values.

Rows are turned into text and parsed off the clock, in its favour: only `learn` is timed. Its form
and learning rate are chosen on a held-out tenth of some training rows.
"""

import time

import numpy as np
from vowpalwabbit import Workspace

from peer import Clock, Course, race, time_reads

CHUNK_ROWS = 1_000
SEARCH_ROWS = 6_000
RATES = [0.002, 0.02, 0.1, 0.5]


class Model:
    """Workspaces, one for labels and one an output for values."""

    def __init__(self, course, form, rate):
        self.course = course
        options = f"--quiet -b 18 -l {rate} {form}"
        if course.has_labels:
            # Logistic loss, as is usual for one against all.
            options += f" --oaa {course.outputs} --loss_function logistic"
        count = 1 if course.has_labels else course.outputs
        self.workspaces = [Workspace(options) for _ in range(count)]
        # Like the others, inputs and targets of mean 0 and spread 1, from the training rows; zeros of
        # pixels stay zeros, which the text leaves out.
        x, y = course.train_x, course.train_y
        if course.has_labels:
            self.shift, self.scale = 0.0, max(float(np.abs(x).max()), 1e-12)
        else:
            self.shift, self.scale = x.mean(axis=0), spread(x)
            self.y_shift, self.y_scale = y.mean(axis=0), spread(y)

    def texts(self, x):
        # Names, not numbers: products of small numbers' hashes collide with the inputs themselves.
        scaled = (x - self.shift) / self.scale
        for row in scaled:
            used = np.flatnonzero(row)
            yield "|x " + " ".join(f"f{k}:{v:.6g}" for k, v in zip(used, row[used].tolist()))

    def learn(self, rows, clock, until):
        """Learns the rows chunk by chunk; how many, if the clock reaches `until` before."""
        learned = 0
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            texts = self.texts(self.course.train_x[chunk])
            examples = [self.parsed(text, self.labels(row)) for text, row in zip(texts, chunk)]
            with clock:
                for example in examples:
                    for workspace, one in zip(self.workspaces, example):
                        workspace.learn(one)
                    learned += 1
                    if clock.running() >= until:
                        break
            self.finish(examples)
            if clock.seconds >= until:
                break
        return learned

    def labels(self, row):
        y = self.course.train_y[row]
        if self.course.has_labels:
            return [y + 1]
        return (y - self.y_shift) / self.y_scale

    def parsed(self, text, labels):
        return [
            workspace.parse(text if label is None else f"{label} {text}")
            for workspace, label in zip(self.workspaces, labels)
        ]

    def cues(self, x):
        return [self.parsed(text, [None] * len(self.workspaces)) for text in self.texts(x)]

    def finish(self, examples):
        for example in examples:
            for workspace, one in zip(self.workspaces, example):
                workspace.finish_example(one)

    def read(self, example):
        found = [workspace.predict(one) for workspace, one in zip(self.workspaces, example)]
        if self.course.has_labels:
            return found[0] - 1
        return np.asarray(found) * self.y_scale + self.y_shift

    def recall(self, x):
        recalled = []
        for start in range(0, len(x), CHUNK_ROWS):
            examples = self.cues(x[start : start + CHUNK_ROWS])
            recalled.extend(self.read(example) for example in examples)
            self.finish(examples)
        return np.asarray(recalled)

    def close(self):
        for workspace in self.workspaces:
            workspace.finish()


def spread(values):
    spreads = values.std(axis=0)
    return np.where(spreads > np.finfo(np.float32).eps, spreads, 1.0)


def forms(course):
    """Linear, a hidden layer, and products of inputs where they are few, each with the updates that
    suit it: products have long tails, by which VW's default updates divide."""
    found = ["", "--coin", "--nn 32"]
    if course.train_x.shape[1] <= 64:
        found += ["-q xx", "--adaptive -q xx"]
    return found


def choose(course):
    kept, held_out = course.held_out_tenth(course.spread_rows(SEARCH_ROWS))
    tried = []
    for form in forms(course):
        for rate in RATES:
            model = Model(course, form, rate)
            model.learn(kept, Clock(), float("inf"))
            recalled = model.recall(course.train_x[held_out])
            tried.append((course.measure(recalled, course.train_y[held_out]), (form, rate)))
            model.close()
    return course.best(tried)


def main():
    course = Course()
    started = time.perf_counter()
    form, rate = choose(course)
    print("search", time.perf_counter() - started)
    model = Model(course, form, rate)
    kind = f"--oaa {course.outputs}, logistic" if course.has_labels else f"{course.outputs} models"
    others = ", ".join(other or "linear" for other in forms(course) if other != form)
    print(f"setting {form or 'linear'}, -l {rate}, {kind}; worse: {others}", flush=True)
    # Parsed once: recalling comes often.
    examples = model.cues(course.test_x)
    race(course, model.learn, lambda: np.asarray([model.read(one) for one in examples]))
    time_reads(course, lambda cue: model.read(examples[cue]))
    model.finish(examples)
    model.close()


if __name__ == "__main__":
    main()
