//! A memory as bytes: everything but the slots in one block, the slots as lines.

use std::borrow::Cow;
use std::sync::Arc;

use crate::config::{Config, Targets};
use crate::error::Result;
use crate::label::{Label, Labels};
use crate::model::{Model, weight_lines};
use crate::noise::Noise;
use crate::recall::{Recall, prior_variance};
use crate::rehearsal::Rehearsal;
use crate::report::Rehearsing;
use crate::room::{self, Room};
use crate::slots::{Arena, Changes, Line, SlotLines, SlotTable, Slots, check_slot_floats};
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
    pub weights: Slots<'a>,
    /// The covariances of every slot, slot 0 first.
    pub covariances: Slots<'a>,
}

impl State<'_> {
    /// The numbers of the slots whose weights or covariances may differ from those that were saved
    /// last, rising: all of a model that was made or restored from lines, none of one over a base
    /// ([`SavedModel::model_over`]), and those that were written since [`Model::take_changes`]. A slot
    /// that took another's number or came anew is one of them; a number that no slot has any more
    /// is not. Costs one pass over a bit a slot.
    pub fn changed(&self) -> impl Iterator<Item = u32> + '_ {
        self.weights.changed().either(self.covariances.changed())
    }
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
            weights: Slots::new(&recall.weights),
            covariances: Slots::new(&self.covariances),
        }
    }

    /// What changed since it was saved last, as [`State::changed`] tells it, for a checkpoint of the
    /// state that the model has now: from here on every slot counts as saved. Where the checkpoint
    /// fails, [`Model::put_back`] takes that back. Costs a pass over a bit a slot and an allocation of
    /// as much.
    ///
    /// ```
    /// use glam_core::{Config, Model, Targets};
    ///
    /// let mut model = Model::new(Config::builder(1, Targets::Numbers(1)).build()?);
    /// model.write(&[1.0], (&[2.0]).into())?;
    /// let saved = model.take_changes();
    /// assert_eq!(saved.iter().count(), model.state().keys.len());
    /// assert_eq!(model.state().changed().count(), 0);
    /// model.put_back(saved);
    /// assert_eq!(model.state().changed().count(), model.state().keys.len());
    /// # Ok::<(), glam_core::Error>(())
    /// ```
    pub fn take_changes(&mut self) -> Changes {
        let (weights, covariances) = (&mut self.recall.weights, &mut self.covariances);
        let mut marks = weights.changed().clone();
        marks.add(covariances.changed());
        weights.changed_mut().clear();
        covariances.changed_mut().clear();
        Changes::new(marks)
    }

    /// The checkpoint that `changes` were taken for failed: they count as changed again, beside what
    /// changed meanwhile. Numbers that no slot has any more are left out.
    pub fn put_back(&mut self, changes: Changes) {
        self.recall.weights.changed_mut().add(changes.marks());
    }

    /// After a checkpoint: slots that were not written to since the model was opened over a base
    /// stand in `weights` and `covariances` from now on, and the base before is let go. These must
    /// hold every slot of this model that [`Model::take_changes`] did not name with the bits that the
    /// base before held. Does nothing where the model has all slots in its own memory, and costs
    /// nothing: no slot is touched.
    pub fn rebase(&mut self, weights: Arc<dyn SlotLines>, covariances: Arc<dyn SlotLines>) {
        self.recall.weights.rebase(weights);
        self.covariances.rebase(covariances);
    }

    /// Whether some of its slots still stand where they were saved ([`SavedModel::model_over`]), so that
    /// [`Model::rebase`] has something to do.
    pub fn is_lent(&self) -> bool {
        self.recall.weights.is_lent() || self.covariances.is_lent()
    }

    /// The model whose state was kept: `structure`, `keys`, lines and `history` as [`State`] names
    /// them.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged) where the parts cannot be the state of a memory of this configuration.
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
    /// [`Error::Damaged`](crate::Error::Damaged) where the bytes cannot be those of a memory of this configuration.
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
        let first = Labels::of_basis(&config);
        if !labels.names().starts_with(first.names()) {
            return Err(reader.damaged("the labels are not those of the net"));
        }
        let structure = match reader.u8()? {
            0 => None,
            _ => Some(Structure::decode(&mut reader, &config)?),
        };
        let written = structure.is_some();
        let fits = match written {
            true => sequence > 0 && counted == outputs,
            false => counted == 0 && labels.names() == first.names() && keys.is_empty(),
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
    /// [`Error::Damaged`](crate::Error::Damaged) where the bytes cannot be what this memory kept.
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

    /// The weights and the covariance of a slot that has learned nothing, for a repair to put in the
    /// place of one that is lost: [`SavedRecall::weight_lines`] and [`SavedRecall::covariance_lines`]
    /// lines.
    pub fn fresh_slot(&self) -> (Vec<Line>, Vec<Line>) {
        let weights = vec![Line::default(); self.weight_lines()];
        let mut covariance = vec![Line::default(); self.covariance_lines()];
        if let Some(structure) = &self.structure {
            let (n, floats) = (structure.n(), bytemuck::cast_slice_mut(&mut covariance));
            self.config.precision().reset(floats, n, prior_variance(n));
            window::stamp(&self.config, floats, n, self.sequence);
        }
        (weights, covariance)
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
    /// [`Error::Damaged`](crate::Error::Damaged) where they cannot be those of this memory.
    pub fn model(self, weights: Vec<Line>, covariances: Vec<Line>) -> Result<Model> {
        let Self { saved } = self;
        let slots = saved.slots.len();
        let weights = Arena::from_lines(weights, saved.weight_lines(), slots)?;
        let covariances = Arena::from_lines(covariances, saved.covariance_lines(), slots)?;
        for slots in [Slots::new(&weights), Slots::new(&covariances)] {
            for (number, lines) in (0..).zip(slots.iter()) {
                check_slot_floats(number, lines?)?;
            }
        }
        Self::join(saved, weights, covariances)
    }

    /// Puts the model over its slots as they were saved, in a *base*: [`SavedRecall::slots`] slots of
    /// [`SavedRecall::weight_lines`] and [`SavedRecall::covariance_lines`] lines each. Every slot is
    /// read where it is until it is first written to; then it is copied into the model's own memory.
    /// The model learns and answers with the same bits as one with all slots in memory.
    ///
    /// Costs a pass over the keys and memory of 8 bytes a slot, and touches no slot, unless a byte limit
    /// leaves less room than it did when the state was saved. The base must refuse slots that are
    /// damaged, those that fail [`check_slot_floats`] among them, at the first touch: a read or a
    /// write that meets one fails with the base's error, and a write leaves the model as it was.
    ///
    /// # Errors
    /// [`Error::TooLittleRoom`](crate::Error::TooLittleRoom); those of the base where slots have to give way.
    pub fn model_over(
        self,
        weights: Arc<dyn SlotLines>,
        covariances: Arc<dyn SlotLines>,
    ) -> Result<Model> {
        let Self { saved } = self;
        let slots = saved.slots.len();
        let weights = Arena::over(weights, saved.weight_lines(), slots);
        let covariances = Arena::over(covariances, saved.covariance_lines(), slots);
        Self::join(saved, weights, covariances)
    }

    fn join(saved: SavedRecall, weights: Arena, covariances: Arena) -> Result<Model> {
        let (recall, warm_up, told, rehearsal) = saved.with_parts(weights);
        let mut model = Model::from_parts(recall, covariances, warm_up, told, rehearsal);
        if let Some(structure) = &model.recall.structure {
            let (config, outputs) = (&model.recall.config, model.recall.outputs());
            room::check(config, structure.n(), outputs, structure.active())?;
        }
        model.bound()?;
        Ok(model)
    }
}
