"""LightGBM in the race: gradient-boosted trees, one model for labels, one an output for values.

Learning rate, leaves and rounds are chosen by the loss on a held-out tenth of the training rows, rounds
by early stopping; the trees are then grown anew on all rows. Search and learning share the seconds,
evenly over the outputs. Each rate and number of leaves has a small part of them; the best goes on until
it gains no more, or until there are just as many seconds left as growing its trees anew takes.
"""

import os
import time

# Threads that wait sleep: spinning, they slow each other down many times on cores that others use too.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import lightgbm
import numpy as np

from peer import Clock, Course, core_count, judge, keep, keep_scores, time_reads

RATES = [0.05, 0.1]
LEAVES = [15, 31, 63]
# Rounds without a gain on the held-out rows after which no more trees are grown.
PATIENCE = 50
# Of the seconds, for trying each rate and number of leaves.
TRIAL_SHARE = 0.05
# Where inputs are many, what LightGBM's guide advises for speed: fewer bins, a share of the inputs.
MANY_INPUTS = 64
FAST = {"max_bin": 63, "feature_fraction": 0.1}


class Trial:
    """Trees grown on nine tenths of the rows, as far as the rest gains from them."""

    def __init__(self, options, kept, held_out):
        self.options = options
        self.booster = lightgbm.Booster(options, kept)
        self.booster.add_valid(held_out, "held out")
        self.loss, self.rounds = np.inf, 0
        self.clock = Clock()

    def grow(self, seconds):
        """Grows on until it has had so many seconds; one round at least."""
        while self.gains() and (self.rounds == 0 or self.clock.seconds < seconds):
            with self.clock:
                self.booster.update()
                loss = self.booster.eval_valid()[0][2]
            if loss < self.loss:
                self.loss, self.rounds = loss, self.booster.current_iteration()

    def gains(self):
        return self.booster.current_iteration() - self.rounds < PATIENCE

    def recall(self, x):
        """What its best rounds recall: a value, or a score for each label."""
        return self.booster.predict(
            x, num_iteration=self.rounds, raw_score=True, num_threads=core_count()
        )


def options_of(course):
    found = {"verbosity": -1, "seed": 0, "num_threads": core_count()}
    if course.has_labels:
        found |= {"objective": "multiclass", "num_class": course.outputs}
    else:
        found |= {"objective": "regression"}
    return found | (FAST if course.train_x.shape[1] > MANY_INPUTS else {})


def choose(course, y, seconds):
    """The best of the trials, which leaves as many seconds as growing its trees anew will take."""
    started = time.perf_counter()
    kept, held_out = course.held_out_tenth(np.arange(len(y)))
    options = options_of(course)
    learned = lightgbm.Dataset(course.train_x[kept], y[kept], params=options).construct()
    judged = learned.create_valid(course.train_x[held_out], y[held_out], params=options).construct()
    binning = time.perf_counter() - started
    trials = []
    for rate in RATES:
        for leaves in LEAVES:
            tried = options | {"learning_rate": rate, "num_leaves": leaves}
            trials.append(Trial(tried, learned, judged))
            trials[-1].grow(TRIAL_SHARE * seconds)
    best = min(trials, key=lambda trial: trial.loss)
    # All rows are a ninth more than those of the trial, and are put into bins again.
    left = seconds - (time.perf_counter() - started) + best.clock.seconds - binning
    best.grow(left / (1 + 10 / 9))
    return best


def grown(course, y, trial, until):
    """As many rounds of the same trees, on all rows; fewer where the machine has become slower."""
    rows = lightgbm.Dataset(course.train_x, y, params=trial.options)
    booster = lightgbm.Booster(trial.options, rows)
    while booster.current_iteration() < trial.rounds:
        booster.update()
        if time.perf_counter() >= until:
            break
    return booster


def together(course, found):
    """Scores of the labels, or the values of all outputs, as f32, a row a cue."""
    return (found[0] if course.has_labels else np.stack(found, axis=1)).astype(np.float32)


def scores(course, boosters, x, threads):
    found = [booster.predict(x, raw_score=True, num_threads=threads) for booster in boosters]
    return together(course, found)


def recall(course, boosters, x, threads):
    found = scores(course, boosters, x, threads)
    return found.argmax(axis=1) if course.has_labels else found


def grown_as(trial, booster):
    rounds, options = booster.current_iteration(), trial.options
    clock = " by the clock" if trial.gains() or rounds < trial.rounds else ""
    return f"rate {options['learning_rate']} {options['num_leaves']} leaves {rounds} rounds{clock}"


def setting(course, trials, boosters):
    each = ", ".join(grown_as(trial, booster) for trial, booster in zip(trials, boosters))
    many = course.train_x.shape[1] > MANY_INPUTS
    fast = "".join(f", {name} {value}" for name, value in FAST.items()) if many else ""
    rest = f"early stopping within {course.seconds:g} s of search and learning"
    return f"{each}{fast}; {rest}; {core_count()} threads"


def main():
    course = Course()
    columns = [course.train_y] if course.has_labels else list(course.train_y.T.copy())
    boosters, trials, search, clock = [], [], 0.0, Clock()
    for done, y in enumerate(columns):
        started = time.perf_counter()
        share = (course.seconds - search - clock.seconds) / (len(columns) - done)
        trials.append(choose(course, y, share))
        search += time.perf_counter() - started
        with clock:
            boosters.append(grown(course, y, trials[-1], started + share))
    print("search", search)
    print("setting", setting(course, trials, boosters), flush=True)
    print("bytes", sum(len(booster.model_to_string()) for booster in boosters))
    found = scores(course, boosters, course.test_x, core_count())
    recalled = found.argmax(axis=1) if course.has_labels else found
    judge(course, len(course.train_x), clock, recalled)
    keep(course, recalled)
    _, held_out = course.held_out_tenth(np.arange(len(course.train_x)))
    held = [trial.recall(course.train_x[held_out]) for trial in trials]
    keep_scores(course, held_out, together(course, held), found)
    time_reads(course, lambda cue: recall(course, boosters, course.test_x[cue : cue + 1], 1))


if __name__ == "__main__":
    main()
