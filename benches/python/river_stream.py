"""One of River's classifiers on a stream: predicts each row's label, then learns it, in time order.

The form of the files and of the printed lines is described in benches/src/race/stream_process.rs.
"""

import argparse
from pathlib import Path

import numpy as np
from river import ensemble, forest, linear_model, multiclass, tree

from peer import Clock, read_rows
from river_peer import as_dicts, scaled

WINDOW_ROWS = 500
TREES = 10


def logistic(label_count):
    one = linear_model.LogisticRegression()
    return scaled(one if label_count <= 2 else multiclass.OneVsRestClassifier(one))


MAKERS = {
    "hoeffding": lambda _: tree.HoeffdingAdaptiveTreeClassifier(seed=0),
    "arf": lambda _: forest.ARFClassifier(n_models=TREES, seed=0),
    "srp": lambda _: ensemble.SRPClassifier(n_models=TREES, seed=0),
    "logistic": logistic,
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--inputs", type=int, required=True)
    parser.add_argument("--model", choices=list(MAKERS), required=True)
    given = parser.parse_args()
    x = read_rows(given.folder / "x", given.inputs)
    labels = read_rows(given.folder / "y", 1)[:, 0].astype(int)
    model = MAKERS[given.model](labels.max() + 1)
    clock, recalled = Clock(), []
    for start in range(0, len(x), WINDOW_ROWS):
        # Rows are turned into dicts off the clock, in River's favour.
        cues = as_dicts(x[start : start + WINDOW_ROWS])
        truth = labels[start : start + WINDOW_ROWS].tolist()
        with clock:
            found = [predict_and_learn(model, cue, label) for cue, label in zip(cues, truth)]
        print("window", start, sum(map(int.__eq__, found, truth)), flush=True)
        recalled.extend(found)
    np.asarray(recalled, dtype="<f4").tofile(given.folder / "recalled")
    print("done", clock.seconds, flush=True)


def predict_and_learn(model, cue, label):
    found = model.predict_one(cue)
    model.learn_one(cue, label)
    # Before it has learned anything, a model may know no label.
    return int(found) if found is not None else 0


if __name__ == "__main__":
    main()
