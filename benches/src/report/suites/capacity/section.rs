//! What is shown of recall and capacity.

use super::super::common::{percent, short};
use super::super::tally::{distinct, failure_row};
use super::learners::{RIGHT, noise_name};
use super::pictures::{CUE, Damage, SHOWN, STORED, STORED_NAME};
use super::{CAPACITY, ID, NOISE, PICTURES};
use crate::report::{
    Axis, Block, Cell, Chart, Drawing, Lines, Mark, Picture, Results, Section, Series, Spread,
    Strip, Table, Trial,
};

/// What is shown.
#[must_use]
pub fn section(results: &Results) -> Section {
    let mut blocks = vec![Block::Text(
        "Random cues, and for each one normal number that nothing but the pair tells: what is recalled \
         was stored. GLAM's memory has a fixed number of floats in its maps (`Hadamard` gates, views of 15 \
         of 512 inputs); the values of pairs, one each but where it is said, are counted against them, so \
         that **1** is as many as floats: the most that as many unknowns can meet. Its shape is chosen for \
         that: what tables see alike, the offset and inputs that views share, only one of them can use, so \
         tables are few (8; 16 for cues of signs, 4 for 8 values a pair), and cues have inputs enough for no \
         two views to share one. Nets and hash memories have as many floats (a memory that is written to \
         has its covariances beside them, here thirteen times as many where a pair has one value, and a log of the pairs); the nearest \
         row and the Hopfield network keep every row, which takes as many floats a pair as a cue has \
         inputs. Recall counts as exact within 1 % of the range from the smallest to the largest value. Bits are what a \
         value and its recall have at least in common, -1/2 log2(1 - r²) with their correlation r, over \
         the floats; ± is \
         the standard deviation over three seeds."
            .to_owned(),
    )];
    for cues in distinct(of(results, CAPACITY).iter().map(|trial| trial.key.set.as_str())) {
        let trials: Vec<&Trial> =
            of(results, CAPACITY).into_iter().filter(|trial| trial.key.set == cues).collect();
        blocks.push(Block::Heading(format!("Capacity: cues of {cues}")));
        let within = ("recalled within 1 % of the range", "within 1 %", false);
        blocks.push(Block::Chart(chart(
            &trials,
            within,
            &format!("{cues}: values recalled exactly"),
            "The share of values recalled within 1 % of their range; more is better. Settled: trained until \
             a falling rate gains nothing more, 500 passes at most.",
        )));
        let error = ("RMSE, in standard deviations of the values", "rmse", true);
        blocks.push(Block::Chart(chart(
            &trials,
            error,
            &format!("{cues}: error of recall"),
            "RMSE in standard deviations of the values; less is better, 1 is as good as their mean.",
        )));
        let bits = ("bits for each stored float", "bits a float", false);
        blocks.push(Block::Chart(chart(
            &trials,
            bits,
            &format!("{cues}: bits for each stored float"),
            "Of maps, weights or rows, whichever the learner keeps, without covariances and log; more is better.",
        )));
    }
    let about = of(results, CAPACITY).into_iter().filter(|trial| {
        trial.key.learner == RIGHT && trial.key.at.is_some_and(|at| (0.9..=1.1).contains(&at))
    });
    let about: Vec<&Trial> = about.collect();
    if !about.is_empty() {
        blocks.push(Block::Heading("About as many values as floats".to_owned()));
        blocks.push(Block::Table(at_capacity(&about)));
    }
    for cues in distinct(of(results, NOISE).iter().map(|trial| trial.key.set.as_str())) {
        let trials: Vec<&Trial> =
            of(results, NOISE).into_iter().filter(|trial| trial.key.set == cues).collect();
        blocks.push(Block::Heading(format!("Cues that are not those that were written: {cues}")));
        blocks.push(Block::Table(noise(&trials, noise_name(cues))));
    }
    blocks.extend(pictures(&of(results, PICTURES)));
    Section { id: ID.to_owned(), title: "Recall and capacity".to_owned(), blocks }
}

fn of<'a>(results: &'a Results, part: &'a str) -> Vec<&'a Trial> {
    results.of(ID, part).collect()
}

/// A figure of a learner at a place, over seeds.
fn at(trials: &[&Trial], learner: &str, place: f64, figure: &str) -> Option<Spread> {
    let same = trials.iter().filter(|t| t.key.learner == learner && t.key.at == Some(place));
    Spread::of(same.filter_map(|trial| trial.found.figures.get(figure).copied()))
}

fn places(trials: &[&Trial]) -> Vec<f64> {
    let mut places = distinct(trials.iter().filter_map(|trial| trial.key.at));
    places.sort_by(f64::total_cmp);
    places
}

fn chart(
    trials: &[&Trial],
    (label, figure, log): (&str, &str, bool),
    title: &str,
    caption: &str,
) -> Chart {
    let learners = distinct(trials.iter().map(|trial| trial.key.learner.as_str()));
    let places = places(trials);
    let series = learners.iter().map(|learner| {
        let found: Vec<(f64, Spread)> = places
            .iter()
            .filter_map(|&place| Some((place, at(trials, learner, place, figure)?)))
            .collect();
        Series {
            name: (*learner).to_owned(),
            ours: *learner == RIGHT,
            spread: found.iter().map(|(_, spread)| spread.std).collect(),
            points: found.into_iter().map(|(place, spread)| (place, spread.mean)).collect(),
        }
    });
    let marks = [(0.3, "under"), (1.0, "at capacity"), (2.0, "over")];
    let shown = |value: f64| if figure == "within 1 %" { percent(value) } else { short(value) };
    let mut columns = vec!["learner, by values for each float".to_owned()];
    columns.extend(places.iter().map(|&place| short(place)));
    Chart {
        title: title.to_owned(),
        caption: caption.to_owned(),
        drawing: Drawing::Lines(Lines {
            x: Axis { label: "values for each float".to_owned(), log: true, range: None },
            y: Axis { label: label.to_owned(), log, range: None },
            series: series.collect(),
            marks: marks.map(|(at, label)| Mark { at, label: label.to_owned() }).to_vec(),
        }),
        table: Table {
            caption: String::new(),
            rows: rows(trials, &learners, &places, &columns, |trials, learner, place| {
                at(trials, learner, place, figure).map(|spread| shown(spread.mean))
            }),
            columns,
        },
    }
}

/// One row a learner, one column a place; a learner that failed everywhere says why.
fn rows(
    trials: &[&Trial],
    learners: &[&str],
    places: &[f64],
    columns: &[String],
    value: impl Fn(&[&Trial], &str, f64) -> Option<String>,
) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    for learner in learners {
        let values: Vec<Option<String>> =
            places.iter().map(|&place| value(trials, learner, place)).collect();
        if values.iter().any(Option::is_some) {
            let mut row: Vec<Cell> = vec![(*learner).into()];
            row.extend(values.into_iter().map(|value| value.unwrap_or_default().into()));
            rows.push(row);
        }
        let failed = trials.iter().filter(|trial| trial.key.learner == *learner);
        let why = distinct(failed.filter_map(|trial| trial.failure.as_deref()));
        rows.extend(
            why.into_iter().map(|why| failure_row((*learner).to_owned(), why, columns.len())),
        );
    }
    rows
}

fn at_capacity(trials: &[&Trial]) -> Table {
    let columns = [
        "cues",
        "floats",
        "values for each float",
        "within 1 %",
        "RMSE",
        "bits for each float",
        "seconds",
    ];
    let columns: Vec<String> = columns.map(str::to_owned).to_vec();
    let mut rows: Vec<Vec<Cell>> = Vec::new();
    for cues in distinct(trials.iter().map(|trial| trial.key.set.as_str())) {
        let trials: Vec<&Trial> =
            trials.iter().copied().filter(|trial| trial.key.set == cues).collect();
        for place in places(&trials) {
            let of = |figure: &str| at(&trials, RIGHT, place, figure);
            let mean = |figure: &str| {
                of(figure).map_or("-".to_owned(), |spread| short(spread.mean)).into()
            };
            let within = of("within 1 %").map_or("-".to_owned(), |spread| {
                format!("{} ± {}", percent(spread.mean), percent(spread.std))
            });
            rows.push(vec![
                cues.into(),
                mean("floats"),
                short(place).into(),
                within.into(),
                mean("rmse"),
                mean("bits a float"),
                mean("seconds"),
            ]);
        }
        let why = distinct(trials.iter().filter_map(|trial| trial.failure.as_deref()));
        rows.extend(why.into_iter().map(|why| failure_row(cues.to_owned(), why, columns.len())));
    }
    Table {
        caption: format!(
            "{RIGHT}. As many unknowns as values is where solving is slowest: a random square \
             matrix is all but singular."
        ),
        columns,
        rows,
    }
}

fn noise(trials: &[&Trial], name: &str) -> Table {
    let learners = distinct(trials.iter().map(|trial| trial.key.learner.as_str()));
    let places = places(trials);
    let mut columns = vec![format!("learner, by {name}")];
    columns.extend(places.iter().map(|&place| short(place)));
    let rows = rows(trials, &learners, &places, &columns, |trials, learner, place| {
        at(trials, learner, place, "rmse").map(|spread| short(spread.mean))
    });
    Table {
        caption:
            "RMSE in standard deviations of the values, at 0.1 pair for each float; 1 is as good as \
                  their mean."
                .to_owned(),
        columns,
        rows,
    }
}

fn pictures(trials: &[&Trial]) -> Vec<Block> {
    if trials.is_empty() {
        return Vec::new();
    }
    let set = trials[0].key.set.clone();
    let learners = distinct(trials.iter().map(|trial| trial.key.learner.as_str()));
    let mut columns = vec!["recalled by".to_owned()];
    for damage in Damage::ALL {
        columns.push(format!("RMSE, {}", damage.name()));
        columns.push(format!("named, {}", damage.name()));
    }
    columns.push("floats".to_owned());
    columns.push("seconds".to_owned());
    let mut rows = Vec::new();
    for learner in learners.iter().filter(|learner| **learner != STORED_NAME) {
        let of = |figure: &str| {
            let same = trials.iter().filter(|trial| trial.key.learner == *learner);
            Spread::of(same.filter_map(|trial| trial.found.figures.get(figure).copied()))
        };
        if of("rmse noisy").is_some() {
            let mut row: Vec<Cell> = vec![(*learner).into()];
            for damage in Damage::ALL {
                let text = |spread: Option<Spread>, form: fn(f64) -> String| {
                    spread.map_or("-".to_owned(), |spread| form(spread.mean))
                };
                row.push(text(of(&format!("rmse {}", damage.name())), short).into());
                row.push(text(of(&format!("named {}", damage.name())), percent).into());
            }
            for figure in ["floats", "seconds"] {
                row.push(of(figure).map_or("-".to_owned(), |spread| short(spread.mean)).into());
            }
            rows.push(row);
        }
        let failed = trials.iter().filter(|trial| trial.key.learner == *learner);
        let why = distinct(failed.filter_map(|trial| trial.failure.as_deref()));
        rows.extend(
            why.into_iter().map(|why| failure_row((*learner).to_owned(), why, columns.len())),
        );
    }
    let mut blocks = vec![
        Block::Heading("Pictures from parts of them".to_owned()),
        Block::Text(format!(
            "{STORED} pictures ({set}) are stored, each written four times: as it is, masked, half, and noisy. \
             They are recalled from cues with normal noise of 0.3 of the range on every pixel or half of the pixels \
             gone at random, both drawn anew, or with the lower half gone, as one of the four had it. Only GLAM and \
             the net are given the four; the nearest picture and the Hopfield network keep the pictures as they are, \
             and would find a half cue among all four. Named: the \
             share of recalled pictures that are nearer to the right stored one than to any other."
        )),
        Block::Table(Table {
            caption: "RMSE of pixels from 0 to 1; means over three sets of pictures.".to_owned(),
            columns,
            rows,
        }),
    ];
    for (place, damage) in Damage::ALL.into_iter().enumerate() {
        let mut rows = Vec::new();
        let order = [CUE].into_iter().chain(learners.iter().copied().filter(|name| *name != CUE));
        for learner in order {
            let with =
                |trial: &&&Trial| trial.key.learner == learner && !trial.found.pictures.is_empty();
            let Some(trial) = trials.iter().find(with) else { continue };
            let all = trial.found.pictures.iter().skip(place * SHOWN).take(SHOWN);
            rows.push((learner.to_owned(), all.filter_map(|bytes| square(bytes)).collect()));
        }
        if !rows.is_empty() {
            let caption = format!("The first six pictures, from {} cues.", damage.name());
            blocks.push(Block::Strip(Strip { caption, rows }));
        }
    }
    blocks
}

/// A square picture; nothing of bytes that are none.
fn square(bytes: &[u8]) -> Option<Picture> {
    let side = bytes.len().isqrt();
    let size = u32::try_from(side).ok()?;
    (side > 0 && side * side == bytes.len()).then(|| Picture {
        width: size,
        height: size,
        pixels: bytes.to_vec(),
    })
}
