//! One change each.

use glam_memory::{Builder, Family, Picks, Precision, Rehearse};

use super::Failure;

/// What is changed against the default settings, or done on top of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    None,
    FewerTables,
    MoreTables,
    Shallower,
    Deeper,
    HalfTheView,
    TwiceTheView,
    /// One gate family for all tables.
    Family(Family),
    Diagonal,
    NoRehearsal,
    ShortWarmUp,
    /// One linear map.
    RootAlone,
    /// Consolidated with the structure that there is, the gates drawn anew so often.
    AsItIs(usize),
    /// Consolidated as by default.
    Consolidated,
    /// Consolidated until what was written is recalled.
    ForRecall,
}

/// How many times fewer or more tables.
const TABLES: usize = 4;
/// How many levels less or more.
const LEVELS: u8 = 2;
/// The observations of a short warm-up.
const WARM_UP: usize = 64;

impl Change {
    /// Those of sets of few inputs, each of which every table sees.
    pub(super) const NARROW: &'static [Self] = &[
        Self::FewerTables,
        Self::MoreTables,
        Self::Shallower,
        Self::Deeper,
        Self::Family(Family::Tree { inputs: 1 }),
        Self::Family(Family::Tree { inputs: 0 }),
        Self::Family(Family::Hyperplane { inputs: 4 }),
        Self::Family(Family::Hadamard),
        Self::Family(Family::WinnerTakeAll { inputs: 4 }),
        Self::Diagonal,
        Self::ShortWarmUp,
        Self::RootAlone,
    ];
    /// Those of a quick run.
    pub(super) const SOME: &'static [Self] = &[
        Self::FewerTables,
        Self::Shallower,
        Self::Family(Family::Hadamard),
        Self::Diagonal,
        Self::RootAlone,
    ];
    /// Those that take the least time.
    pub(super) const FEW: &'static [Self] =
        &[Self::FewerTables, Self::Diagonal, Self::ShortWarmUp, Self::RootAlone, Self::NoRehearsal];
    /// Those of sets of many inputs. Their tables are dealt hyperplanes on 4 inputs by default.
    pub(super) const WIDE: &'static [Self] = &[
        Self::FewerTables,
        Self::MoreTables,
        Self::Shallower,
        Self::Deeper,
        Self::HalfTheView,
        Self::TwiceTheView,
        Self::Family(Family::Tree { inputs: 1 }),
        Self::Family(Family::Tree { inputs: 0 }),
        Self::Family(Family::Hadamard),
        Self::Family(Family::WinnerTakeAll { inputs: 4 }),
        Self::Diagonal,
        Self::ShortWarmUp,
        Self::RootAlone,
    ];
    /// What is done on top.
    pub(super) const CONSOLIDATED: [Self; 4] =
        [Self::AsItIs(0), Self::AsItIs(3), Self::Consolidated, Self::ForRecall];

    pub(super) fn name(self) -> String {
        match self {
            Self::None => DEFAULT.to_owned(),
            Self::FewerTables => "a quarter of the tables".to_owned(),
            Self::MoreTables => "four times the tables".to_owned(),
            Self::Shallower => "two levels less".to_owned(),
            Self::Deeper => "two levels more".to_owned(),
            Self::HalfTheView => "half the view".to_owned(),
            Self::TwiceTheView => "twice the view".to_owned(),
            Self::Family(family) => match family.inputs() {
                None => format!("{} alone", family.name()),
                Some(0) => format!("{} on all inputs alone", family.name()),
                Some(1) => format!("{} on 1 input alone", family.name()),
                Some(inputs) => format!("{} on {inputs} inputs alone", family.name()),
            },
            Self::Diagonal => "one variance an input".to_owned(),
            Self::NoRehearsal => "nothing rehearsed".to_owned(),
            Self::ShortWarmUp => format!("warm-up of {WARM_UP} rows"),
            Self::RootAlone => "one linear map".to_owned(),
            Self::AsItIs(0) => "consolidated, its own gates".to_owned(),
            Self::AsItIs(1) => "consolidated, gates drawn anew once".to_owned(),
            Self::AsItIs(times) => format!("consolidated, gates drawn anew {times} times"),
            Self::Consolidated => "consolidated, as by default".to_owned(),
            Self::ForRecall => "consolidated, not stopped early".to_owned(),
        }
    }

    /// Whether something is done once all is written, which needs files.
    pub(super) fn is_on_top(self) -> bool {
        matches!(self, Self::AsItIs(_) | Self::Consolidated | Self::ForRecall)
    }

    /// Makes the change, against what the memory picks by itself on a set of so many inputs.
    pub(super) fn apply(
        self,
        builder: Builder,
        inputs: usize,
        picks: &Picks,
    ) -> Result<Builder, Failure> {
        let level = || -> Result<u8, Failure> {
            let levels = picks.deals.first().map(|deal| deal.levels.as_slice());
            match levels {
                Some([level]) => Ok(*level),
                other => Err(format!("one level was expected: {other:?}").into()),
            }
        };
        // With the bias a view fills groups of lanes, halved or doubled too.
        let lanes = picks.view + 1;
        Ok(match self {
            Self::None | Self::AsItIs(_) | Self::Consolidated | Self::ForRecall => builder,
            Self::FewerTables => builder.tables((picks.tables / TABLES).max(1)),
            Self::MoreTables => builder.tables(picks.tables * TABLES),
            Self::Shallower => builder.levels([level()?.saturating_sub(LEVELS)]),
            Self::Deeper => builder.levels([level()? + LEVELS]),
            Self::HalfTheView => builder.view((lanes / 2 - 1).max(1)),
            Self::TwiceTheView => builder.view((2 * lanes - 1).min(inputs)),
            Self::Family(family) => builder.families([family]),
            Self::Diagonal => builder.precision(Precision::Diagonal),
            Self::NoRehearsal => builder.rehearse(Rehearse::Fixed(0)),
            Self::ShortWarmUp => builder.warm_up(WARM_UP),
            // A table of level 0 is a second root.
            Self::RootAlone => builder.tables(1).levels([0]).view(inputs),
        })
    }
}

/// The name of the memory without a change.
pub(super) const DEFAULT: &str = "default";
