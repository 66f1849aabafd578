//! What is fixed once the memory has warmed up: the normaliser, the features, the tables.

use std::sync::Arc;

use crate::basis::{Basis, LiftedRows, Units, fit_normaliser};
use crate::config::{Config, MAX_DEPTH, MAX_TABLES, Targets};
use crate::consolidate::{Decision, Serial, Workers, collect};
use crate::error::Result;
use crate::feature::{Feature, width};
use crate::gate::{self, Abreast, Gate, Sample};
use crate::kernel::simd::{Kernel, dispatch};
use crate::kernel::{LANES, Simd};
use crate::normaliser::Normaliser;
use crate::picks::{Deal, Picks};
use crate::rng::Rng;
use crate::slopes::Slopes;
use crate::slots::Key;
use crate::views::Views;
use crate::wire::{Reader, Writer};

/// A table: a gate, the levels at which it has slots, and the feature its slots see.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    gate: Arc<dyn Gate>,
    /// Of the gate.
    depth: u8,
    levels: Vec<u8>,
    feature: u32,
}

impl Table {
    fn new(gate: Arc<dyn Gate>, levels: Vec<u8>, feature: u32) -> Self {
        Self { depth: gate.depth(), gate, levels, feature }
    }

    pub(crate) fn feature(&self) -> u32 {
        self.feature
    }

    pub(crate) fn levels(&self) -> &[u8] {
        &self.levels
    }

    /// Calls `each` with the packed key of every level of table number `table` at `z`: one gate by
    /// itself, for tests to compare with.
    #[cfg(test)]
    pub(crate) fn keys(&self, table: usize, z: &[f32], each: impl FnMut(u64)) {
        self.keys_on(self.gate.path(z), table, each);
    }

    /// Calls `each` with the packed key of every level of table number `table`, whose gate gave `path`.
    #[inline(always)]
    pub(crate) fn keys_on(&self, path: u32, table: usize, mut each: impl FnMut(u64)) {
        for &level in &self.levels {
            let bits = path >> (self.depth - level);
            each(Key { table: table as u32, level, bits }.pack());
        }
    }
}

/// The paths of all tables' gates, found outside of a kernel.
#[derive(Debug, Default)]
pub(crate) struct Paths {
    z: Vec<f32>,
    found: Vec<u32>,
    by_table: Vec<u32>,
}

impl Paths {
    /// The paths at `z`, table by table.
    pub(crate) fn find(&mut self, structure: &Structure, z: &[f32]) -> &[u32] {
        struct Find<'a>(&'a Structure, &'a [f32], &'a mut [u32]);
        impl Kernel for Find<'_> {
            type Output = ();

            #[inline(always)]
            fn run<S: Simd>(self, simd: S) {
                self.0.paths(simd, self.1, self.2);
            }
        }
        self.z.clear();
        self.z.extend_from_slice(z);
        self.z.resize(z.len().next_multiple_of(LANES), 0.0);
        self.found.resize(structure.tables.len(), 0);
        dispatch(Find(structure, &self.z, &mut self.found));
        self.by_table.clear();
        let places = structure.places.iter();
        self.by_table.extend(places.map(|&place| self.found[place as usize]));
        &self.by_table
    }
}

/// Everything about a memory that its writes do not change.
#[derive(Debug, Clone)]
pub(crate) struct Structure {
    picks: Picks,
    normaliser: Normaliser,
    features: Vec<Feature>,
    tables: Vec<Table>,
    /// Gates that are walked at once; a clone shares them.
    abreast: Arc<[Abreast]>,
    /// The tables in the order in which their paths are found: those of the gates walked at once, then
    /// the others.
    order: Vec<u32>,
    /// Where in that order each table is.
    places: Vec<u32>,
    decision: Decision,
    basis: Option<Arc<Basis>>,
}

impl Structure {
    /// Fits the normaliser and draws views and gates from the first observations: `rows` flat
    /// inputs, `targets` flat numbers (empty for labels).
    pub(crate) fn fit(config: &Config, rows: &[f32], targets: &[f32], outputs: usize) -> Self {
        let picks = Picks::choose(config, outputs);
        let normaliser = fit_normaliser(config, rows, targets, outputs);
        Self::draw_from(config, picks, normaliser, rows, None)
    }

    /// The same picks and normaliser, with views and gates drawn from `rows` and by `slopes`.
    pub(crate) fn redrawn(&self, config: &Config, rows: &[f32], slopes: Option<&Slopes>) -> Self {
        Self::draw_from(config, self.picks.clone(), self.normaliser.clone(), rows, slopes)
    }

    /// [`Structure::redrawn`] by the slopes that these gates were drawn by, so that only what depends on
    /// the rows has to be found again.
    pub(crate) fn placed_again(
        &self,
        config: &Config,
        rows: &[f32],
        slopes: Option<&Slopes>,
    ) -> Self {
        if self.picks.view != config.seen().len() {
            // Views are drawn from the rows.
            return self.redrawn(config, rows, slopes);
        }
        let z = normalised(config, &self.normaliser, rows);
        let units = Units::of(config.basis(), &self.normaliser);
        let units = units.as_ref();
        let sample = Sample { rows: &z, inputs: config.lifted(), slopes, units };
        let picks = self.picks.clone();
        let everything: Vec<u32> = config.seen().map(|input| input as u32).collect();
        let mut tables = self.tables.clone();
        for (number, table) in tables.iter_mut().take(picks.tables).enumerate() {
            let stream = || Rng::new(config.seed(), number as u64);
            let deal = picks.deal(number);
            table.gate = table.gate.placed_again(sample, &mut stream()).unwrap_or_else(|| {
                gate::draw(deal.family, deal.depth(), &everything, sample, &mut stream()).into()
            });
        }
        let features = self.features.clone();
        let (normaliser, basis) = (self.normaliser.clone(), self.basis.clone());
        Self::of(picks, normaliser, features, tables, Decision::default(), basis)
    }

    /// The same with gates whose thresholds halve `rows`, of `inputs` normalised floats each.
    pub(crate) fn evened(&self, rows: &[f32], inputs: usize, workers: &dyn Workers) -> Self {
        let sample = Sample { rows, inputs: inputs.max(1), slopes: None, units: None };
        let mut tables = self.tables.clone();
        let evened = |table: usize| self.tables[table].gate.evened(sample);
        for (table, gate) in tables.iter_mut().zip(collect(workers, self.tables.len(), evened)) {
            table.gate = gate.unwrap_or(Arc::clone(&table.gate));
        }
        let (picks, features) = (self.picks.clone(), self.features.clone());
        let (normaliser, basis) = (self.normaliser.clone(), self.basis.clone());
        Self::of(picks, normaliser, features, tables, Decision::default(), basis)
    }

    fn draw_from(
        config: &Config,
        picks: Picks,
        normaliser: Normaliser,
        rows: &[f32],
        slopes: Option<&Slopes>,
    ) -> Self {
        let z = normalised(config, &normaliser, rows);
        let units = Units::of(config.basis(), &normaliser);
        let units = units.as_ref();
        let sample = Sample { rows: &z, inputs: config.lifted(), slopes, units };
        Self::draw(config.seed(), picks, normaliser, sample, &Serial)
    }

    /// Draws views and gates: by the sample's slopes where it has some. Every table has a stream of
    /// random numbers of its own, so that it does not matter who draws which gate.
    pub(crate) fn draw(
        seed: u64,
        picks: Picks,
        normaliser: Normaliser,
        sample: Sample<'_>,
        workers: &dyn Workers,
    ) -> Self {
        let seen = sample.seen();
        let everything: Vec<u32> = seen.clone().map(|input| input as u32).collect();
        let (mut features, mut tables) = (Vec::<Feature>::new(), Vec::new());
        let spread: Vec<f32> = match sample.slopes {
            Some(slopes) => slopes.shares().iter().map(|share| share * share).collect(),
            None => normaliser.input_spread().to_vec(),
        };
        let views = Views::new(seed, &spread[seen], picks.tables, picks.view);
        let drawn = collect(workers, picks.tables, |table| {
            let (places, mut rng) = views.draw(table);
            let view: Vec<u32> =
                places.into_iter().map(|place| everything[place as usize]).collect();
            let deal = picks.deal(table);
            let gate = gate::draw(deal.family, deal.depth(), &view, sample, &mut rng);
            (view, gate)
        });
        for (table, (view, gate)) in drawn.into_iter().enumerate() {
            let feature = Feature::new(view, picks.table_scale(table));
            let known = features.iter().position(|known| *known == feature);
            let feature = known.unwrap_or_else(|| {
                features.push(feature);
                features.len() - 1
            });
            let levels = picks.deal(table).levels.clone();
            tables.push(Table::new(gate.into(), levels, feature as u32));
        }
        if picks.root {
            let feature = features.len() as u32;
            features.push(Feature::new(everything, 1.0));
            tables.push(Table::new(Arc::new(gate::Root), vec![0], feature));
        }
        let basis = sample.units.map(|units| Arc::clone(&units.basis));
        Self::of(picks, normaliser, features, tables, Decision::default(), basis)
    }

    fn of(
        picks: Picks,
        normaliser: Normaliser,
        features: Vec<Feature>,
        tables: Vec<Table>,
        decision: Decision,
        basis: Option<Arc<Basis>>,
    ) -> Self {
        let kind = |table: u32| tables[table as usize].gate.walk().map(|walk| walk.kind());
        let mut alike: Vec<u32> = (0..tables.len() as u32).collect();
        // Stable: tables of one kind stay in order.
        alike.sort_by_key(|&table| kind(table));
        let (mut abreast, mut order, mut alone) = (Vec::new(), Vec::new(), Vec::new());
        for alike in alike.chunk_by(|&one, &other| kind(one) == kind(other)) {
            let (whole, rest) = alike.split_at(alike.len() / LANES * LANES);
            let gates: Vec<_> =
                whole.iter().map(|&table| Arc::clone(&tables[table as usize].gate)).collect();
            match Abreast::of(&gates) {
                Some(gates) => {
                    abreast.push(gates);
                    order.extend(whole);
                    alone.extend(rest);
                }
                None => alone.extend(alike),
            }
        }
        order.append(&mut alone);
        let mut places = vec![0; order.len()];
        for (place, &table) in (0..).zip(&order) {
            places[table as usize] = place;
        }
        Self {
            picks,
            normaliser,
            features,
            tables,
            abreast: abreast.into(),
            order,
            places,
            decision,
            basis,
        }
    }

    /// The path of every table's gate at `z`, which is padded with zeros to whole groups. Table t's
    /// stands at [`Structure::place`] of t.
    #[inline(always)]
    pub(crate) fn paths<S: Simd>(&self, simd: S, z: &[f32], paths: &mut [u32]) {
        let mut done = 0;
        for gates in self.abreast.iter() {
            let blocks = paths[done..done + gates.len()].as_chunks_mut::<LANES>().0;
            gates.paths(simd, z, blocks);
            done += gates.len();
        }
        for (path, &table) in paths[done..].iter_mut().zip(&self.order[done..]) {
            *path = self.tables[table as usize].gate.path(z);
        }
    }

    /// Where among the paths that of table number `table` stands.
    #[inline(always)]
    pub(crate) fn place(&self, table: usize) -> usize {
        self.places[table] as usize
    }

    /// The same with what it was chosen by.
    pub(crate) fn with_decision(self, decision: Decision) -> Self {
        Self { decision, ..self }
    }

    pub(crate) fn decision(&self) -> &Decision {
        &self.decision
    }

    pub(crate) fn picks(&self) -> &Picks {
        &self.picks
    }

    pub(crate) fn normaliser(&self) -> &Normaliser {
        &self.normaliser
    }

    pub(crate) fn features(&self) -> &[Feature] {
        &self.features
    }

    pub(crate) fn tables(&self) -> &[Table] {
        &self.tables
    }

    /// The net that the memory is built on.
    #[inline(always)]
    pub(crate) fn basis(&self) -> Option<&Basis> {
        self.basis.as_deref()
    }

    /// Numbers that a gradient has: up to the last input that views see.
    pub(crate) fn slope_inputs(&self) -> usize {
        self.basis().map_or(self.normaliser.input_mean().len(), |basis| basis.seen().end)
    }

    /// Features of a slot: the inputs of a view and the bias.
    pub(crate) fn n(&self) -> usize {
        self.picks.view + 1
    }

    /// Groups of eight floats of a feature, its padding included.
    pub(crate) fn width(&self) -> usize {
        width(self.picks.view)
    }

    /// Slots that one input can have active.
    pub(crate) fn active(&self) -> usize {
        self.tables.iter().map(|table| table.levels.len()).sum()
    }

    pub(crate) fn encode(&self, writer: &mut Writer) {
        writer.u32(self.picks.view as u32);
        writer.u32(self.picks.tables as u32);
        writer.u32(self.picks.deals.len() as u32);
        for deal in &self.picks.deals {
            gate::encode_family(deal.family, writer);
            encode_levels(&deal.levels, writer);
        }
        writer.u8(self.picks.root.into());
        self.normaliser.encode(writer);
        writer.u32(self.features.len() as u32);
        for feature in &self.features {
            feature.encode(writer);
        }
        writer.u32(self.tables.len() as u32);
        for table in &self.tables {
            writer.u32(table.feature);
            encode_levels(&table.levels, writer);
            gate::encode(table.gate.as_ref(), writer);
        }
        self.decision.encode(writer);
    }

    pub(crate) fn decode(reader: &mut Reader<'_>, config: &Config) -> Result<Self> {
        let inputs = config.lifted();
        let view = reader.u32()? as usize;
        let tables = reader.u32()? as usize;
        let mut deals = Vec::new();
        for _ in 0..reader.u32()? {
            let (family, levels) = (gate::decode_family(reader)?, decode_levels(reader)?);
            deals.push(Deal { family, levels });
        }
        let root = reader.u8()? != 0;
        if !(1..=config.seen().len()).contains(&view)
            || !(1..=MAX_TABLES).contains(&tables)
            || deals.is_empty()
        {
            return Err(reader.damaged("a view or the number of tables is out of range"));
        }
        let picks = Picks { tables, view, deals, root };
        let targets = match config.targets() {
            Targets::Numbers(targets) => targets as usize,
            Targets::Labels => 0,
        };
        let mut normaliser = Normaliser::decode(reader, inputs, targets)?;
        if targets > 0 && config.basis().is_some_and(|basis| basis.starts()) {
            normaliser = normaliser.unlimited();
        }
        let feature_count = reader.u32()? as usize;
        if feature_count > MAX_TABLES + 1 {
            return Err(reader.damaged("there are too many features"));
        }
        let features = (0..feature_count)
            .map(|_| Feature::decode(reader, inputs, view))
            .collect::<Result<Vec<_>>>()?;
        let seen = config.seen();
        let of_seen = |feature: &Feature| {
            feature.view().iter().all(|&input| seen.contains(&(input as usize)))
        };
        if !features.iter().all(of_seen) {
            return Err(reader.damaged("a view holds what views do not see"));
        }
        let table_count = reader.u32()? as usize;
        if table_count != picks.tables + usize::from(root) {
            return Err(reader.damaged("there are tables missing or too many"));
        }
        let tables = (0..table_count)
            .map(|_| {
                let feature = reader.u32()?;
                let levels = decode_levels(reader)?;
                let gate = gate::decode(reader, inputs)?;
                let reachable = levels.iter().all(|&level| level <= gate.depth());
                if (feature as usize) < features.len() && reachable {
                    Ok(Table::new(gate.into(), levels, feature))
                } else {
                    Err(reader.damaged("a table names a feature or a level that is not there"))
                }
            })
            .collect::<Result<Vec<_>>>()?;
        let decision = Decision::decode(reader)?;
        let basis = config.basis().cloned();
        Ok(Self::of(picks, normaliser, features, tables, decision, basis))
    }
}

/// `rows` flat inputs, lifted over the net where there is one, in units of their spread.
fn normalised(config: &Config, normaliser: &Normaliser, rows: &[f32]) -> Vec<f32> {
    let lifted = config.basis().map(|basis| LiftedRows::of(basis, rows, 0).rows);
    let (rows, inputs) = (lifted.as_deref().unwrap_or(rows), config.lifted());
    let mut z = vec![0.0; rows.len()];
    for (x, z) in rows.chunks_exact(inputs).zip(z.chunks_exact_mut(inputs)) {
        normaliser.inputs(x, z);
    }
    z
}

fn encode_levels(levels: &[u8], writer: &mut Writer) {
    writer.u32s(&levels.iter().map(|&level| level.into()).collect::<Vec<_>>());
}

fn decode_levels(reader: &mut Reader<'_>) -> Result<Vec<u8>> {
    let levels = reader.u32s()?;
    let rising = levels.windows(2).all(|pair| pair[0] < pair[1]);
    if levels.is_empty() || !rising || levels.iter().any(|&level| level > MAX_DEPTH.into()) {
        return Err(reader.damaged("levels are out of range"));
    }
    Ok(levels.into_iter().map(|level| level as u8).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_structure_survives_its_bytes_and_no_truncation_passes() {
        let config = Config::builder(30, Targets::Numbers(2)).tables(5).build().unwrap();
        let mut rng = Rng::new(2, 2);
        let rows: Vec<f32> = (0..30 * 64).map(|_| rng.normal()).collect();
        let targets: Vec<f32> = (0..2 * 64).map(|_| rng.normal()).collect();
        let structure = Structure::fit(&config, &rows, &targets, 2);
        let mut writer = Writer::default();
        structure.encode(&mut writer);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes);
        let back = Structure::decode(&mut reader, &config).unwrap();
        reader.end().unwrap();
        let mut writer = Writer::default();
        back.encode(&mut writer);
        assert_eq!(writer.finish(), bytes);
        for end in 0..bytes.len() {
            assert!(Structure::decode(&mut Reader::new(&bytes[..end]), &config).is_err());
        }
    }
}
