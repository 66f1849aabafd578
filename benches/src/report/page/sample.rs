//! Reports for the tests: one as it is published, and one that is made to break the page.

use crate::report::{
    Axis, Bars, Block, Cell, Chart, Drawing, Lines, Mark, Picture, Report, Section, Series, Strip,
    Table,
};

fn axis(label: &str, log: bool) -> Axis {
    Axis { label: label.into(), log, range: None }
}

fn series(name: &str, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.into(), ours: name.starts_with("GLAM"), points, spread: vec![] }
}

fn table(columns: &[&str], rows: &[&[&str]]) -> Table {
    let cell = |text: &&str| match text.strip_prefix('*') {
        Some(best) => Cell { text: best.into(), best: true },
        None => (*text).into(),
    };
    Table {
        caption: String::new(),
        columns: columns.iter().map(|&head| head.into()).collect(),
        rows: rows.iter().map(|row| row.iter().map(cell).collect()).collect(),
    }
}

const LEARNERS: [(&str, f64, f64); 8] = [
    ("GLAM", 0.94, 0.25),
    ("MLP, one pass", 0.91, 0.7),
    ("ridge regression", 0.83, 0.18),
    ("recursive least squares", 0.85, 0.22),
    ("random forest", 0.93, 0.5),
    ("nearest neighbour", 0.92, 0.45),
    ("MLP with replay", 0.925, 0.9),
    ("no change", 0.62, 0.0),
];

fn curves() -> Chart {
    let rows = [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4, 6e4];
    let of = |&(name, end, slow): &(&str, f64, f64)| {
        let curve = |x: &f64| (*x, end - (end - 0.1) * (-(x / 10.0).powf(0.6 - 0.4 * slow)).exp());
        let mut series = series(name, rows.iter().map(curve).collect());
        series.spread = rows.iter().map(|x| 0.06 / x.powf(0.2)).collect();
        series
    };
    Chart {
        title: "Accuracy on images never seen, by rows learned".into(),
        caption:
            "GLAM is ahead **below 500 rows**; from 5,000 on the forest is as good. Bars are one \
                  standard deviation over five seeds."
                .into(),
        drawing: Drawing::Lines(Lines {
            x: axis("rows learned", true),
            y: axis("share of test images named right", false),
            series: LEARNERS.iter().map(of).collect(),
            marks: vec![
                Mark { at: 1_000.0, label: "one minute of GLAM".into() },
                Mark { at: 3_000.0, label: "memory is full".into() },
            ],
        }),
        table: table(
            &[
                "learner",
                "10 rows",
                "100 rows",
                "1,000 rows",
                "10,000 rows",
                "60,000 rows",
                "seconds in all",
            ],
            &[
                &["GLAM", "*0.561", "*0.812", "*0.889", "0.921", "0.938", "12.4"],
                &["MLP, one pass", "0.182", "0.497", "0.741", "0.868", "0.911", "94.0"],
                &["ridge regression", "0.441", "0.702", "0.801", "0.826", "0.830", "*3.1"],
                &["random forest", "0.390", "0.744", "0.870", "*0.924", "*0.941", "61.8"],
                &[
                    "MLP with replay",
                    "failed: out of memory after 40 s, at row 20,000",
                    "",
                    "",
                    "",
                    "",
                    "",
                ],
            ],
        ),
    }
}

fn errors() -> Chart {
    let of = |&(name, end, slow): &(&str, f64, f64)| {
        let curve = |i: i32| {
            (f64::from(i), (1.0 - end) * (1.0 + 9.0 * (-f64::from(i) * (0.6 - slow * 0.5)).exp()))
        };
        series(name, (0..=40).map(curve).collect())
    };
    Chart {
        title: "Error of the recalled torque, by seconds of learning".into(),
        caption: "The same run against the clock.".into(),
        drawing: Drawing::Lines(Lines {
            x: axis("seconds", false),
            y: axis("root mean square error, Nm", true),
            series: LEARNERS[..4].iter().map(of).collect(),
            marks: vec![],
        }),
        table: table(
            &["learner", "1 s", "10 s", "40 s"],
            &[&["GLAM", "*0.31", "*0.062", "0.060"], &["MLP, one pass", "0.80", "0.21", "*0.059"]],
        ),
    }
}

fn costs() -> Chart {
    let groups = ["Fashion-MNIST", "robot arm, streamed in order", "covertype", "kin8nm"];
    let of = |&(name, end, slow): &(&str, f64, f64)| {
        let points = (0..4).filter(|i| !(name == "random forest" && *i == 1));
        let bar = |i: i32| (f64::from(i), 40.0 * (0.02 + slow) * 7f64.powi(i - 1) * end);
        series(name, points.map(bar).collect())
    };
    Chart {
        title: "Seconds to learn all rows".into(),
        caption: "Logarithmic; **shorter is better**. Where there is no bar, the learner failed."
            .into(),
        drawing: Drawing::Bars(Bars {
            value: axis("seconds", true),
            groups: groups.map(String::from).to_vec(),
            series: LEARNERS[..5].iter().map(of).collect(),
            marks: vec![Mark { at: 60.0, label: "one minute".into() }],
        }),
        table: table(
            &["data", "GLAM", "MLP, one pass", "ridge regression", "random forest"],
            &[
                &["Fashion-MNIST", "*1.45", "3.74", "1.51", "2.77"],
                &["robot arm, streamed in order", "10.2", "26.2", "*6.64", "failed: no order"],
            ],
        ),
    }
}

fn scores() -> Chart {
    let mut ours = series("GLAM", vec![(0.0, 0.938), (1.0, 0.871)]);
    ours.spread = vec![0.02, 0.03];
    let other = series("ridge regression", vec![(0.0, 0.83), (1.0, 0.69)]);
    Chart {
        title: "Share named right".into(),
        caption: String::new(),
        drawing: Drawing::Bars(Bars {
            value: Axis { range: Some((0.0, 1.0)), ..axis("share", false) },
            groups: vec!["digits".into(), "letters".into()],
            series: vec![ours, other],
            marks: vec![Mark { at: 0.1, label: "guessing".into() }],
        }),
        table: table(&["data", "GLAM", "ridge regression"], &[&["digits", "*0.938", "0.830"]]),
    }
}

fn strip() -> Strip {
    let picture = |seed: usize, noise: usize| {
        let pixel = |i: usize| {
            let (x, y) = ((i % 28) as f64 - 13.5, (i / 28) as f64 - 13.5);
            let ring = (x.hypot(y) - 4.0 - seed as f64 * 0.8).abs() < 2.0;
            let dirt = (i * 7919 + seed * 104_729) % 97 < noise;
            if ring != dirt { 230 } else { 20 }
        };
        Picture { width: 28, height: 28, pixels: (0..784).map(pixel).collect() }
    };
    let row = |noise| (0..10).map(|seed| picture(seed, noise)).collect();
    Strip {
        caption: "What each memory recalls from a picture with a third of its pixels wrong.".into(),
        rows: vec![
            ("cue".into(), row(33)),
            ("GLAM".into(), row(1)),
            ("nearest neighbour".into(), row(9)),
        ],
    }
}

/// A report with all that there is, as it would be published.
pub(super) fn sample() -> Report {
    let text = |text: &str| Block::Text(text.into());
    Report {
        title: "GLAM: what a memory recalls, and what that costs".into(),
        lead: vec![
            text("GLAM is an embedded database that learns a function while rows are put into it. \
                  Here it is held against what one would take instead."),
            Block::List(vec![
                "**Better** where rows come one at a time and are asked for at once.".into(),
                "**Worse** where all rows are there from the start and there is an hour to train.".into(),
                "**Costs** one file, `memory.glam`, of 400 bytes a row.".into(),
            ]),
        ],
        sections: vec![
            Section {
                id: "few".into(),
                title: "How good is it after few rows?".into(),
                blocks: vec![
                    text("Each learner sees the same rows in the same order and is asked for images \
                          that it has never seen. `glam put` is called once a row."),
                    Block::Chart(curves()),
                    Block::Heading("By the clock".into()),
                    Block::Chart(errors()),
                ],
            },
            Section {
                id: "cost".into(),
                title: "What does it cost?".into(),
                blocks: vec![
                    Block::Chart(costs()),
                    Block::Chart(scores()),
                    Block::Table(Table {
                        caption: "Bytes on disk after **all** rows.".into(),
                        ..table(&["data", "rows", "GLAM", "LMDB"], &[&["covertype", "581,012", "*231 MB", "402 MB"]])
                    }),
                ],
            },
            Section {
                id: "recall".into(),
                title: "What does a damaged cue bring back?".into(),
                blocks: vec![Block::Strip(strip()), Block::Chart(empty())],
            },
        ],
        colophon: vec![
            "Every number on this page is printed by one command:".into(),
            "`cargo run --release -p glam-benches --bin report -- --plan full --out report --suite few --suite cost --suite recall`".into(),
            "Measured on 2 cores, 8 GiB, linux x86_64; GLAM 0.1.0.".into(),
        ],
    }
}

fn empty() -> Chart {
    Chart {
        title: "Recall of letters".into(),
        caption: "Needs the data set of letters.".into(),
        drawing: Drawing::Lines(Lines {
            x: axis("pixels wrong", false),
            y: axis("share", false),
            series: vec![series("GLAM", vec![])],
            marks: vec![Mark { at: 1.0, label: "half".into() }],
        }),
        table: table(&["learner", "share"], &[&["GLAM", "not measured"]]),
    }
}

/// Names that are markup, numbers that are none, and shapes that do not fit.
pub(super) fn hostile() -> Report {
    let numbers = [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::MAX,
        f64::MIN,
        5e-324,
        1e300,
        -1e300,
        1e-300,
        0.0,
        -0.0,
        -1.0,
        1.0,
        1.0 + f64::EPSILON,
    ];
    let names =
        ["<b>&\"'</b>", "]]></svg></style><script>", "a|b `c` **d**\n\u{0}\u{1b}e", "", "GLAM <x>"];
    let long = "averylongnamewithoutanyspace".repeat(40);
    let names: Vec<&str> = names.into_iter().chain([long.as_str()]).collect();
    let pairs: Vec<Vec<(f64, f64)>> = [
        numbers.iter().flat_map(|x| numbers.map(|y| (*x, y))).collect(),
        vec![(1.0, 1.0)],
        vec![(f64::NAN, 1.0), (2.0, f64::NAN)],
        vec![(3.0, 5.0), (3.0, 5.0), (3.0, 5.0)],
        vec![(0.0, 0.9999), (1.0, 1.0)],
        vec![],
    ]
    .to_vec();
    let ranges = [
        None,
        Some((0.0, 0.0)),
        Some((1.0, 0.0)),
        Some((f64::NAN, 1.0)),
        Some((0.4, 0.6)),
        Some((-1e308, 1e308)),
        Some((1e-300, 1e300)),
        Some((2.1, 2.2)),
    ];
    let mut blocks = Vec::new();
    for log in [false, true] {
        for range in ranges {
            for points in &pairs {
                let all: Vec<Series> = names
                    .iter()
                    .map(|name| Series { spread: numbers.to_vec(), ..series(name, points.clone()) })
                    .collect();
                let ends = Axis { label: names[0].into(), log, range };
                let marks: Vec<Mark> = numbers
                    .iter()
                    .zip(names.iter().cycle())
                    .map(|(at, label)| Mark { at: *at, label: (*label).into() })
                    .collect();
                let lines = Lines {
                    x: ends.clone(),
                    y: ends.clone(),
                    series: all.clone(),
                    marks: marks.clone(),
                };
                let groups = names.iter().map(|&name| name.into()).collect();
                let bars = Bars { value: ends, groups, series: all, marks };
                for drawing in [Drawing::Lines(lines), Drawing::Bars(bars)] {
                    blocks.push(Block::Chart(Chart {
                        title: names[1].into(),
                        caption: names[2].into(),
                        drawing,
                        table: table(&names[..3], &[&names, &names[..1], &[]]),
                    }));
                }
            }
        }
    }
    blocks.extend(names.iter().map(|&name| Block::Text(name.into())));
    blocks.push(Block::Table(Table::default()));
    blocks
        .push(Block::Strip(Strip { caption: names[0].into(), rows: vec![(long.clone(), vec![])] }));
    let section = Section { id: "a b\"<".into(), title: names[1].into(), blocks };
    Report { title: names[0].into(), lead: vec![], sections: vec![section], colophon: vec![long] }
}
