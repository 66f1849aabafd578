"""River in the race: the best of several of its online learners, chosen on a held-out tenth of the
first training rows within a few seconds each.

Rows are turned into dicts off the clock, in its favour: only `learn_one` is timed. Recalling all test
rows takes River longer than learning, so that at most checkpoints a sample of them tells whether the
goal may have been reached; only measures on all test rows are printed.
"""

import time

import numpy as np
from river import compose, forest, linear_model, multiclass, optim, preprocessing, tree

from peer import Clock, Course, race, time_reads

CHUNK_ROWS = 500
SEARCH_SECONDS = 15.0
SEARCH_CUES = 300
GATE_CUES = 1_000


def candidates(course):
    """Names and makers of learners of labels, or of one output."""
    scaled = lambda learner: compose.Pipeline(preprocessing.StandardScaler(), learner)
    if course.has_labels:
        logistic = lambda rate: linear_model.LogisticRegression(optim.SGD(rate))
        against_all = lambda rate: scaled(multiclass.OneVsRestClassifier(logistic(rate)))
        found = {f"one against all LogisticRegression, rate {rate}": (lambda rate=rate: against_all(rate)) for rate in (0.001, 0.01)}
        found |= {f"SoftmaxRegression, rate {rate}": (lambda rate=rate: scaled(linear_model.SoftmaxRegression(optim.SGD(rate)))) for rate in (0.001, 0.01)}
        found["HoeffdingAdaptiveTreeClassifier"] = lambda: tree.HoeffdingAdaptiveTreeClassifier(seed=0)
        found["ARFClassifier of 10"] = lambda: forest.ARFClassifier(seed=0)
        return found
    linear = lambda rate: scaled(linear_model.LinearRegression(optim.SGD(rate)))
    found = {f"LinearRegression, rate {rate}": (lambda rate=rate: linear(rate)) for rate in (0.001, 0.01)}
    found["HoeffdingAdaptiveTreeRegressor"] = lambda: scaled(tree.HoeffdingAdaptiveTreeRegressor(seed=0))
    found["ARFRegressor of 10"] = lambda: scaled(forest.ARFRegressor(seed=0))
    return found


class Model:
    """One learner of labels, or one an output."""

    def __init__(self, course, make):
        self.course = course
        self.learners = [make() for _ in range(1 if course.has_labels else course.outputs)]
        if not course.has_labels:
            # Targets of mean 0 and spread 1, as the other learners get them.
            self.shift, self.scale = course.train_y.mean(axis=0), course.train_y.std(axis=0)
            self.scale = np.where(self.scale > 0, self.scale, 1.0)

    def learn(self, rows, clock, until):
        """Learns the rows; how many, if the clock reaches `until` before."""
        learned = 0
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            dicts, answers = as_dicts(self.course.train_x[chunk]), self.answers(chunk)
            with clock:
                for x, y in zip(dicts, answers):
                    for learner, value in zip(self.learners, y):
                        learner.learn_one(x, value)
                    learned += 1
                    if clock.running() >= until:
                        return learned
        return learned

    def answers(self, rows):
        y = self.course.train_y[rows]
        if self.course.has_labels:
            return [[label] for label in y.tolist()]
        return ((y - self.shift) / self.scale).tolist()

    def read(self, x):
        found = [learner.predict_one(x) for learner in self.learners]
        if self.course.has_labels:
            return found[0] if found[0] is not None else 0
        return np.asarray(found) * self.scale + self.shift

    def recall(self, x):
        recalled = []
        for start in range(0, len(x), CHUNK_ROWS):
            recalled.extend(self.read(cue) for cue in as_dicts(x[start : start + CHUNK_ROWS]))
        return np.asarray(recalled)


def as_dicts(x):
    return [dict(enumerate(row)) for row in x.tolist()]


def choose(course):
    """The candidate that is best on held-out rows after some seconds of learning."""
    kept, held_out = course.held_out_tenth(np.arange(len(course.train_x)))
    held_out = held_out[:: max(1, len(held_out) // SEARCH_CUES)]
    seconds = min(SEARCH_SECONDS, course.seconds)
    tried = []
    for name, make in candidates(course).items():
        model = Model(course, make)
        model.learn(kept, Clock(), seconds)
        measure = course.measure(model.recall(course.train_x[held_out]), course.train_y[held_out])
        tried.append((measure, (name, make)))
    return course.best(tried)


def near(course, model):
    """Whether a sample of the test rows is within four standard errors of the goal, or beyond."""
    cues = np.unique(np.linspace(0, len(course.test_x) - 1, min(GATE_CUES, len(course.test_x))).astype(int))
    measure = course.measure(model.recall(course.test_x[cues]), course.test_y[cues])
    if course.has_labels:
        return measure >= course.goal - 4 * (0.25 / len(cues)) ** 0.5
    return measure <= 2 * course.goal


def main():
    course = Course()
    # One pass of the best learners takes longer than the budget; more passes are allowed.
    started = time.perf_counter()
    name, make = choose(course)
    print("search", time.perf_counter() - started)
    tried = ", ".join(candidates(course))
    print(f"setting {name}, of {tried}", flush=True)
    model = Model(course, make)
    race(course, model.learn, lambda: model.recall(course.test_x), lambda: near(course, model))
    cues = as_dicts(course.test_x[:1_000])
    time_reads(course, lambda cue: model.read(cues[cue]))


if __name__ == "__main__":
    main()
