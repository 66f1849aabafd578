"""scikit-learn's multilayer perceptron in the race: 256 hidden units and otherwise its defaults, which
are ReLU, Adam at a rate of 0.001 and batches of 200 rows, shuffled anew in each pass.

Nothing is searched for. It makes a few passes, and is judged after each.
"""

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from peer import Clock, Course, core_count, judge, keep, time_reads

HIDDEN = 256
EPOCHS = 5


class Scale:
    """Mean 0 and spread 1, as on the training rows: of each column, or of all columns together."""

    def __init__(self, values, together):
        axis = None if together else 0
        # In f64, for the sums are long.
        self.shift = values.mean(axis=axis, dtype=np.float64).astype(np.float32)
        spread = values.std(axis=axis, dtype=np.float64)
        spread = np.where(spread > np.finfo(np.float32).eps, spread, 1.0)
        self.spread = spread.astype(np.float32)

    def apply(self, values):
        return (values - self.shift) / self.spread

    def invert(self, scaled):
        return scaled * self.spread + self.shift


class Labels:
    """Pixels and embeddings have one unit: all inputs have one mean and spread."""

    def __init__(self, course):
        self.scale = Scale(course.train_x, together=True)
        self.x, self.y = self.scale.apply(course.train_x), course.train_y
        self.net = MLPClassifier(hidden_layer_sizes=HIDDEN, random_state=0)
        self.classes = np.arange(course.outputs)

    def learn(self):
        """Makes one pass."""
        self.net.partial_fit(self.x, self.y, classes=self.classes)

    def recall(self, x):
        return self.net.predict(self.scale.apply(x))


class Values:
    """Each input and each output has a mean and spread of its own."""

    def __init__(self, course):
        self.scale = Scale(course.train_x, together=False)
        self.y_scale = Scale(course.train_y, together=False)
        self.x = self.scale.apply(course.train_x)
        self.y = self.y_scale.apply(course.train_y)
        if course.outputs == 1:
            self.y = self.y[:, 0]
        self.net = MLPRegressor(hidden_layer_sizes=HIDDEN, random_state=0)

    def learn(self):
        """Makes one pass."""
        self.net.partial_fit(self.x, self.y)

    def recall(self, x):
        recalled = self.net.predict(self.scale.apply(x)).reshape(len(x), -1)
        return self.y_scale.invert(recalled)


def main():
    course = Course()
    clock = Clock()
    print(
        f"setting {HIDDEN}, batch 200, shuffled, Adam, rate 0.001, {EPOCHS} passes at most;"
        f" {core_count()} threads",
        flush=True,
    )
    with clock:
        model = (Labels if course.has_labels else Values)(course)
    for epoch in range(1, min(EPOCHS, course.passes) + 1):
        with clock:
            model.learn()
        recalled = model.recall(course.test_x)
        reached = judge(course, epoch * len(course.train_x), clock, recalled)
        if reached or clock.seconds >= course.seconds:
            break
    keep(course, recalled)
    with threadpool_limits(1):
        time_reads(course, lambda cue: model.recall(course.test_x[cue : cue + 1]))


if __name__ == "__main__":
    main()
