"""River in the race: the best of several of its online learners, one an output for values. Each is
given a quarter of the seconds on nine tenths of the training rows; a held-out tenth chooses.

Rows are turned into dicts off the clock, in its favour: only `learn_one` is timed. Recalling all test
rows takes River longer than learning, so that at most checkpoints a sample of them tells whether the
goal may have been reached; only measures on all test rows are printed.
"""

import time
from functools import partial

import numpy as np
from river import compose, forest, linear_model, multiclass, optim, preprocessing, tree

from peer import Clock, Course, race, time_reads

CHUNK_ROWS = 500
# Of the seconds of learning, for each candidate.
SEARCH_SHARE = 0.25
SEARCH_CUES = 300
GATE_CUES = 1_000


RATES = (0.001, 0.01)


def scaled(learner):
    return compose.Pipeline(preprocessing.StandardScaler(), learner)


def logistic(rate):
    one = linear_model.LogisticRegression(optim.SGD(rate))
    return scaled(multiclass.OneVsRestClassifier(one))


def softmax(rate):
    return scaled(linear_model.SoftmaxRegression(optim.SGD(rate)))


def linear(rate):
    return scaled(linear_model.LinearRegression(optim.SGD(rate)))


def candidates(course):
    """Makers of learners of labels, or of one output, by name."""
    found = {}
    for rate in RATES:
        if course.has_labels:
            found[f"LogisticRegression one against all, rate {rate}"] = partial(logistic, rate)
            found[f"SoftmaxRegression, rate {rate}"] = partial(softmax, rate)
        else:
            found[f"LinearRegression, rate {rate}"] = partial(linear, rate)
    if course.has_labels:
        found["HoeffdingAdaptiveTreeClassifier"] = partial(tree.HoeffdingAdaptiveTreeClassifier, seed=0)
        found["ARFClassifier"] = partial(forest.ARFClassifier, seed=0)
    else:
        found["HoeffdingAdaptiveTreeRegressor"] = lambda: scaled(
            tree.HoeffdingAdaptiveTreeRegressor(seed=0)
        )
        found["ARFRegressor"] = lambda: scaled(forest.ARFRegressor(seed=0))
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
    seconds = SEARCH_SHARE * course.seconds
    tried = []
    for name, make in candidates(course).items():
        model = Model(course, make)
        model.learn(kept, Clock(), seconds)
        recalled = model.recall(course.train_x[held_out])
        tried.append((course.measure(recalled, course.train_y[held_out]), (name, make)))
    return course.best(tried)


def near(course, model):
    """Whether a sample of the test rows is within four standard errors of the goal, or beyond."""
    rows = len(course.test_x)
    cues = np.unique(np.linspace(0, rows - 1, min(GATE_CUES, rows)).astype(int))
    measure = course.measure(model.recall(course.test_x[cues]), course.test_y[cues])
    if course.has_labels:
        return measure >= course.goal - 4 * (0.25 / len(cues)) ** 0.5
    return measure <= 2 * course.goal


def main():
    course = Course()
    started = time.perf_counter()
    name, make = choose(course)
    print("search", time.perf_counter() - started)
    others = "; ".join(other for other in candidates(course) if other != name)
    print(f"setting {name}; worse: {others}", flush=True)
    model = Model(course, make)
    race(course, model.learn, lambda: model.recall(course.test_x), lambda: near(course, model))
    cues = as_dicts(course.test_x[:1_000])
    time_reads(course, lambda cue: model.read(cues[cue]))


if __name__ == "__main__":
    main()
