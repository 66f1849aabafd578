//! A memory as bytes: everything but the slots in one block, the slots as lines.

use std::borrow::Cow;

use crate::config::{Config, Targets};
use crate::error::{Error, Result};
use crate::label::{Label, Labels};
use crate::model::{Model, weight_lines};
use crate::noise::Noise;
use crate::recall::Recall;
use crate::rehearsal::Rehearsal;
use crate::report::Rehearsing;
use crate::room::{self, Room};
use crate::slots::{Arena, Line, SlotLines, SlotTable};
use crate::structure::Structure;
use crate::temperature::Temperature;
use crate::told::Told;
use crate::warm_up::WarmUp;
use crate::window;
use crate::wire::{Reader, Writer};

/// The state of a model, for a store to keep. Together with the [`Config`] it is all there is:
/// a model restored from it gives the same bits, now and after any further writes.
#[derive(Debug)]
pub struct State<'a> {
    /// The sequence number of the last observation.
    pub sequence: u64,
    /// Labels, error statistics, warm-up observations, normaliser, views, gates.
    pub structure: Vec<u8>,
    /// The observations that are kept to be rehearsed, which only [`Model::write`] needs: four empty
    /// lists, of 4 bytes each, where none are. Up to the configuration's bytes of history.
    pub history: Vec<u8>,
    /// The packed key of every slot, slot 0 first.
    pub keys: Cow<'a, [u64]>,
    /// Lines of one slot's weights; 0 while there are no slots.
    pub weight_lines: usize,
    /// Lines of one slot's covariance; 0 while there are no slots.
    pub covariance_lines: usize,
    /// The weights of every slot, slot 0 first.
    pub weights: &'a [Line],
    /// The covariances of every slot, slot 0 first.
    pub covariances: &'a [Line],
}

impl Model {
    /// The state to keep.
    pub fn state(&self) -> State<'_> {
        let recall = &self.recall;
        let mut writer = Writer::default();
        writer.u64(recall.sequence);
        writer.u32(recall.labels.len() as u32);
        recall.labels.names().iter().for_each(|name| writer.text(name));
        recall.noise.encode(&mut writer);
        recall.temperature.encode(&mut writer);
        self.warm_up.encode(&mut writer);
        self.told.encode(&mut writer);
        self.rehearsal.encode(&mut writer);
        writer.u8(recall.structure.is_some().into());
        if let Some(structure) = &recall.structure {
            structure.encode(&mut writer);
        }
        if recall.config.max_bytes().is_some() {
            recall.room.encode(&mut writer);
        }
        let mut history = Writer::default();
        self.rehearsal.encode_kept(&mut history);
        State {
            sequence: recall.sequence,
            structure: writer.finish(),
            history: history.finish(),
            keys: Cow::Borrowed(recall.slots.keys()),
            weight_lines: recall.weights.stride(),
            covariance_lines: self.covariances.stride(),
            weights: recall.weights.lines(),
            covariances: self.covariances.lines(),
        }
    }

    /// The model whose state was kept: `structure`, `keys`, lines and `history` as [`State`] names
    /// them.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the parts cannot be the state of a memory of this configuration.
    pub fn restore(
        config: Config,
        structure: &[u8],
        keys: Vec<u64>,
        weights: Vec<Line>,
        covariances: Vec<Line>,
        history: &[u8],
    ) -> Result<Self> {
        let kept = SavedRecall::decode(config, structure, keys)?.with_history(history)?;
        kept.model(weights, covariances)
    }
}

/// The reading half of a saved memory that still lacks its weights.
#[derive(Debug)]
pub struct SavedRecall {
    config: Config,
    sequence: u64,
    labels: Labels,
    noise: Noise,
    temperature: Temperature,
    warm_up: WarmUp,
    told: Told,
    rehearsal: Rehearsal,
    structure: Option<Structure>,
    room: Room,
    slots: SlotTable,
}

impl SavedRecall {
    /// Reads the structure block and the keys of a [`State`].
    ///
    /// # Errors
    /// [`Error::Damaged`] where the bytes cannot be those of a memory of this configuration.
    pub fn decode(config: Config, structure: &[u8], keys: Vec<u64>) -> Result<Self> {
        let mut reader = Reader::new(structure);
        let sequence = reader.u64()?;
        let mut labels = Labels::default();
        for position in 0..reader.u32()? {
            let name = reader.text()?;
            if labels.insert(Label::Text(name))? != position as usize {
                return Err(reader.damaged("a label stands twice"));
            }
        }
        let outputs = match config.targets() {
            Targets::Numbers(_) if !labels.is_empty() => {
                return Err(reader.damaged("a memory of numbers has labels"));
            }
            Targets::Numbers(targets) => targets as usize,
            Targets::Labels => labels.len(),
        };
        // Before the first write there are no statistics yet, though observations may have been
        // skipped.
        let mut counted = if sequence == 0 { 0 } else { outputs };
        let mut before = reader.clone();
        let noise = match Noise::decode(&mut reader, config.targets(), counted, keys.len()) {
            Err(error) => {
                let none = Noise::decode(&mut before, config.targets(), 0, keys.len())
                    .map_err(|_| error)?;
                (counted, reader) = (0, before);
                none
            }
            noise => noise?,
        };
        let temperature = Temperature::decode(&mut reader)?;
        let warm_up = WarmUp::decode(&mut reader, &config, outputs)?;
        let told = Told::decode(&mut reader, &config, outputs, warm_up.count())?;
        let rehearsal = Rehearsal::decode(&mut reader, outputs)?;
        let structure = match reader.u8()? {
            0 => None,
            _ => Some(Structure::decode(&mut reader, &config)?),
        };
        let written = structure.is_some();
        let fits = match written {
            true => sequence > 0 && counted == outputs,
            false => counted == 0 && labels.is_empty() && keys.is_empty(),
        };
        if !fits {
            return Err(reader.damaged("slots or tables are missing"));
        }
        let room = match config.max_bytes() {
            Some(_) => Room::decode(&mut reader)?,
            None => Room::default(),
        };
        reader.end()?;
        let slots = SlotTable::from_keys(keys)?;
        Ok(Self {
            config,
            sequence,
            labels,
            noise,
            temperature,
            warm_up,
            told,
            rehearsal,
            structure,
            room,
            slots,
        })
    }

    /// Joins the observations that are kept to be rehearsed, the history of a [`State`]. Reading
    /// needs none of them.
    ///
    /// # Errors
    /// [`Error::Damaged`] where the bytes cannot be what this memory kept.
    pub fn with_history(mut self, history: &[u8]) -> Result<SavedModel> {
        let (mut reader, outputs) = (Reader::new(history), self.outputs());
        self.rehearsal.decode_kept(&mut reader, &self.config, outputs)?;
        reader.end()?;
        Ok(SavedModel { saved: self })
    }

    /// The sequence number of the last observation.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Observations gathered while the memory warms up; `None` once it has.
    pub fn warming_up(&self) -> Option<usize> {
        (!self.warm_up.done()).then(|| self.warm_up.count())
    }

    /// How many earlier observations the next write learns again.
    pub fn rehearsing(&self) -> Rehearsing {
        self.rehearsal.report(&self.config, self.noise.alike())
    }

    /// Slots there are.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    fn outputs(&self) -> usize {
        match self.config.targets() {
            Targets::Numbers(targets) => targets as usize,
            Targets::Labels => self.labels.len(),
        }
    }

    /// Lines of one slot's weights.
    pub fn weight_lines(&self) -> usize {
        let outputs = self.outputs();
        self.structure.as_ref().map_or(0, |structure| weight_lines(structure.width(), outputs))
    }

    /// Lines of one slot's covariance.
    pub fn covariance_lines(&self) -> usize {
        self.structure
            .as_ref()
            .map_or(0, |structure| window::covariance_lines(&self.config, structure.n()))
    }

    /// Joins the weights, for reading. They must give [`SavedRecall::slots`] slots of
    /// [`SavedRecall::weight_lines`] lines; a read of a slot that is shorter gives a wrong sum.
    pub fn with_weights<W: SlotLines>(self, weights: W) -> Recall<W> {
        self.with_parts(weights).0
    }

    fn with_parts<W>(self, weights: W) -> (Recall<W>, WarmUp, Told, Rehearsal) {
        let Self {
            config,
            sequence,
            labels,
            noise,
            temperature,
            warm_up,
            told,
            rehearsal,
            structure,
            room,
            slots,
        } = self;
        let recall = Recall {
            config,
            labels,
            sequence,
            noise,
            temperature,
            structure,
            slots,
            weights,
            room,
        };
        (recall, warm_up, told, rehearsal)
    }
}

/// A saved memory with the observations that it keeps to be rehearsed, which still lacks its slots.
#[derive(Debug)]
pub struct SavedModel {
    saved: SavedRecall,
}

impl SavedModel {
    /// Joins the lines of the slots, weights and covariances as [`State`] names them.
    ///
    /// # Errors
    /// [`Error::Damaged`] where they cannot be those of this memory.
    pub fn model(self, weights: Vec<Line>, covariances: Vec<Line>) -> Result<Model> {
        let Self { saved } = self;
        let slots = saved.slots.len();
        let weights = Arena::from_lines(weights, saved.weight_lines(), slots)?;
        let covariances = Arena::from_lines(covariances, saved.covariance_lines(), slots)?;
        let floats = weights.lines().iter().chain(covariances.lines()).flat_map(|line| line.0);
        if let Some(at) = floats.into_iter().position(|float| !float.is_finite()) {
            return Err(Error::Damaged {
                what: "a slot holds a number that is not finite",
                at: 4 * at,
            });
        }
        let (recall, warm_up, told, rehearsal) = saved.with_parts(weights);
        let mut model = Model::from_parts(recall, covariances, warm_up, told, rehearsal);
        if let Some(structure) = &model.recall.structure {
            let (config, outputs) = (&model.recall.config, model.recall.outputs());
            room::check(config, structure.n(), outputs, structure.active())?;
        }
        model.bound();
        Ok(model)
    }
}
