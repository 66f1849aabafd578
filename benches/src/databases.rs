//! Stores that keep observations, each on the disk before a write returns: plain files, GLAM, and
//! key-value stores at their default settings, a commit a write.
//!
//! All get the same observation. A plain file gets as many bytes as GLAM's log: 24 before the floats and
//! the label. A key-value store gets the floats and the label as a value, under the observation's
//! number in eight bytes, most significant first.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use glam_memory::core::{Config, Label, Target, Targets};
use glam_memory::store::Store;
use glam_memory::{Durability, History, Memory};
use heed::types::{Bytes, U64};
use heed::{Env, EnvOpenOptions, WithoutTls};
use redb::ReadableDatabase;

use crate::stream::Stream;

/// What goes wrong, on any thread.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Bytes before the floats of a frame in GLAM's log.
const FIXED: usize = 24;
/// What a key-value store is given to map; the file grows as it is filled.
const MAP_BYTES: usize = 8 << 30;
const TABLE: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("rows");

/// The width of a row: numbers in, and numbers out or, where there are none, one label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Numbers in.
    pub inputs: usize,
    /// Numbers out; 0 for a label of one letter.
    pub outputs: usize,
}

/// A row, and its bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    x: Vec<f32>,
    y: Vec<f32>,
    label: &'static str,
    /// Floats and label.
    value: Vec<u8>,
}

impl Shape {
    /// Rows `first` to `first + count` - 1 of a stream.
    #[must_use]
    pub fn rows(self, first: usize, count: usize) -> Vec<Row> {
        const LABELS: [&str; 2] = ["a", "b"];
        let stream = Stream::new(self.inputs, self.outputs.max(1));
        let row = |(x, y): (Vec<f32>, Vec<f32>)| {
            let label = if self.outputs > 0 { "" } else { LABELS[usize::from(y[0] > 0.0)] };
            let y = if self.outputs > 0 { y } else { Vec::new() };
            let floats = x.iter().chain(&y).flat_map(|float| float.to_le_bytes());
            let value = floats.chain(label.bytes()).collect();
            Row { x, y, label, value }
        };
        stream.rows(first, count).into_iter().map(row).collect()
    }

    fn targets(self) -> Targets {
        match self.outputs {
            0 => Targets::Labels,
            // A program's argument, far below the limit.
            outputs => Targets::Numbers(outputs as u32),
        }
    }
}

impl Row {
    /// Floats and label.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// Bytes of it in GLAM's log.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        FIXED + self.value.len()
    }

    fn target(&self) -> Target<'_> {
        if self.label.is_empty() {
            Target::Numbers(&self.y)
        } else {
            Target::Label(Label::Text(self.label))
        }
    }
}

/// An open store.
pub trait Durable: Sync {
    /// Keeps a row under its number, counted from 0; it is on the disk when this returns. Numbers
    /// come once each; in order, where one thread writes.
    ///
    /// # Errors
    /// What the store says.
    fn write(&self, number: u64, row: &Row) -> Result<(), Failure>;

    /// Seconds of each `fdatasync` so far, where the store is a plain file.
    fn syncs(&self) -> Vec<f64> {
        Vec::new()
    }
}

/// The stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A file that grows by each write.
    Grown,
    /// A file of zeros that were on the disk before the first write.
    Zeros,
    /// GLAM's log, without a model.
    Log,
    /// A GLAM memory, which learns each row; warmed up before the first.
    Memory,
    /// redb, a B-tree that copies pages.
    Redb,
    /// LMDB, a B-tree that copies pages, in C.
    Lmdb,
    /// fjall, a log-structured merge tree with a journal.
    Fjall,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::Grown, Self::Zeros, Self::Log, Self::Memory, Self::Redb, Self::Lmdb, Self::Fjall];

    /// What tables call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Grown => "file, growing",
            Self::Zeros => "file, zeros",
            Self::Log => "GLAM, log alone",
            Self::Memory => "GLAM, learning",
            Self::Redb => "redb",
            Self::Lmdb => "LMDB",
            Self::Fjall => "fjall",
        }
    }

    /// Makes the store in the empty directory `dir`, for at most `most` writes; a memory learns `warm`
    /// first.
    ///
    /// # Errors
    /// What the store says.
    pub fn make(
        self,
        dir: &Path,
        shape: Shape,
        warm: &[Row],
        most: usize,
    ) -> Result<Box<dyn Durable>, Failure> {
        Ok(match self {
            Self::Grown | Self::Zeros => {
                let mut open = OpenOptions::new();
                let file = open.read(true).write(true).create_new(true).open(dir.join("rows"))?;
                if let (Self::Zeros, Some(row)) = (self, warm.first()) {
                    let zeros = vec![0; 1 << 20];
                    let bytes = (most * row.frame_bytes()) as u64;
                    for start in (0..bytes).step_by(zeros.len()) {
                        file.write_all_at(&zeros, start)?;
                    }
                }
                file.sync_all()?;
                File::open(dir)?.sync_all()?;
                Box::new(Plain(Mutex::new(Written { file, end: 0, syncs: Vec::new() })))
            }
            Self::Log => {
                let config = Config::builder(shape.inputs, shape.targets()).build()?;
                let (mut store, _) = Store::create(&dir.join("log"), config)?;
                store.set_durability(Durability::Synced)?;
                Box::new(Mutex::new(store))
            }
            Self::Memory => {
                let builder = Memory::builder(shape.inputs);
                let builder = match shape.outputs {
                    0 => builder.labels(),
                    outputs => builder.targets(outputs),
                };
                let memory = builder.create(dir.join("memory"))?;
                for row in warm {
                    memory.write(&row.x, row.target())?;
                }
                memory.set_durability(Durability::Synced)?;
                Box::new(memory)
            }
            Self::Redb => Box::new(redb::Database::create(dir.join("rows.redb"))?),
            Self::Lmdb => {
                let env = lmdb(dir)?;
                let mut transaction = env.write_txn()?;
                let rows = env.create_database(&mut transaction, None)?;
                transaction.commit()?;
                Box::new(Lmdb { env, rows })
            }
            Self::Fjall => {
                let keyspace = fjall::Config::new(dir.join("fjall")).open()?;
                let rows = keyspace.open_partition("rows", Default::default())?;
                Box::new(Fjall { keyspace, rows })
            }
        })
    }

    /// Opens the store in `dir` anew and gives the first `count` values and, in case there are any, those behind
    /// them, in their order; a memory's without the first `warm` rows.
    ///
    /// # Errors
    /// What the store says.
    pub fn values(
        self,
        dir: &Path,
        frame_bytes: usize,
        count: usize,
        warm: usize,
    ) -> Result<Vec<Vec<u8>>, Failure> {
        Ok(match self {
            Self::Grown | Self::Zeros => {
                let mut bytes = std::fs::read(dir.join("rows"))?;
                let end = count * frame_bytes;
                if self == Self::Zeros && bytes[end..].iter().all(|&byte| byte == 0) {
                    bytes.truncate(end);
                }
                bytes.chunks(frame_bytes).map(|frame| frame[FIXED..].to_vec()).collect()
            }
            Self::Log => history(Store::open(&dir.join("log"))?.0.history()?)?,
            Self::Memory => history(Memory::open(dir.join("memory"))?.history()?)?.split_off(warm),
            Self::Redb => {
                let database = redb::Database::open(dir.join("rows.redb"))?;
                let rows = database.begin_read()?.open_table(TABLE)?;
                let values = rows.range::<u64>(..)?.map(|row| Ok(row?.1.value().to_vec()));
                values.collect::<Result<_, redb::StorageError>>()?
            }
            Self::Lmdb => {
                let env = lmdb(dir)?;
                let transaction = env.read_txn()?;
                let rows = env.open_database::<Key, Bytes>(&transaction, None)?;
                let rows = rows.ok_or("LMDB has no table")?;
                let values = rows.iter(&transaction)?.map(|row| Ok(row?.1.to_vec()));
                values.collect::<Result<_, heed::Error>>()?
            }
            Self::Fjall => {
                let keyspace = fjall::Config::new(dir.join("fjall")).open()?;
                let rows = keyspace.open_partition("rows", Default::default())?;
                rows.iter().map(|row| Ok(row?.1.to_vec())).collect::<Result<_, fjall::Error>>()?
            }
        })
    }
}

/// The values of a history.
fn history(mut history: History) -> Result<Vec<Vec<u8>>, Failure> {
    let mut values = Vec::new();
    while let Some(observation) = history.next()? {
        let floats = |floats: &[f32]| {
            floats.iter().flat_map(|float| float.to_le_bytes()).collect::<Vec<u8>>()
        };
        let mut value = floats(observation.x);
        match observation.target {
            Target::Numbers(numbers) => value.extend(floats(numbers)),
            Target::Label(Label::Text(text)) => value.extend(text.bytes()),
            Target::Label(Label::Integer(integer)) => value.extend(integer.to_string().bytes()),
            _ => return Err("a target of an unknown kind".into()),
        }
        values.push(value);
    }
    Ok(values)
}

/// A file that frames are written to.
struct Plain(Mutex<Written>);

struct Written {
    file: File,
    end: u64,
    syncs: Vec<f64>,
}

/// Another thread failed while it wrote.
const POISONED: &str = "another thread has failed";

impl Durable for Plain {
    fn write(&self, number: u64, row: &Row) -> Result<(), Failure> {
        let mut frame = Vec::with_capacity(row.frame_bytes());
        frame.extend([1; FIXED - 8]);
        frame.extend(number.to_le_bytes());
        frame.extend(&row.value);
        let mut written = self.0.lock().map_err(|_| POISONED)?;
        written.file.write_all_at(&frame, written.end)?;
        written.end += frame.len() as u64;
        let start = Instant::now();
        written.file.sync_data()?;
        written.syncs.push(start.elapsed().as_secs_f64());
        Ok(())
    }

    fn syncs(&self) -> Vec<f64> {
        self.0.lock().map(|written| written.syncs.clone()).unwrap_or_default()
    }
}

impl Durable for Mutex<Store> {
    fn write(&self, number: u64, row: &Row) -> Result<(), Failure> {
        let mut store = self.lock().map_err(|_| POISONED)?;
        store.append(number + 1, &row.x, row.target(), 1.0)?;
        Ok(store.flush()?)
    }
}

impl Durable for Memory {
    fn write(&self, _: u64, row: &Row) -> Result<(), Failure> {
        Ok(Self::write(self, &row.x, row.target())?)
    }
}

impl Durable for redb::Database {
    fn write(&self, number: u64, row: &Row) -> Result<(), Failure> {
        // Its default durability: on the disk once the commit returns.
        let transaction = self.begin_write()?;
        transaction.open_table(TABLE)?.insert(number, row.value())?;
        Ok(transaction.commit()?)
    }
}

type Key = U64<heed::byteorder::BE>;

struct Lmdb {
    env: Env<WithoutTls>,
    rows: heed::Database<Key, Bytes>,
}

fn lmdb(dir: &Path) -> Result<Env<WithoutTls>, Failure> {
    let mut options = EnvOpenOptions::new().read_txn_without_tls();
    options.map_size(MAP_BYTES);
    // SAFETY: the directory is this process's own, and no other changes its files.
    Ok(unsafe { options.open(dir) }?)
}

impl Durable for Lmdb {
    fn write(&self, number: u64, row: &Row) -> Result<(), Failure> {
        // Its default flags: on the disk once the commit returns.
        let mut transaction = self.env.write_txn()?;
        self.rows.put(&mut transaction, &number, row.value())?;
        Ok(transaction.commit()?)
    }
}

struct Fjall {
    keyspace: fjall::Keyspace,
    rows: fjall::PartitionHandle,
}

impl Durable for Fjall {
    fn write(&self, number: u64, row: &Row) -> Result<(), Failure> {
        self.rows.insert(number.to_be_bytes(), row.value())?;
        // Its default hands rows to the system only; this is its `fdatasync`.
        Ok(self.keyspace.persist(fjall::PersistMode::SyncData)?)
    }
}

/// Writes `rows` on `threads` threads, each taking the next row that none has taken; the first gets
/// number `first`. Gives seconds.
///
/// # Errors
/// What the first thread that failed says.
pub fn write_all(
    store: &dyn Durable,
    first: u64,
    rows: &[Row],
    threads: usize,
) -> Result<f64, Failure> {
    let next = AtomicU64::new(0);
    let write = || {
        loop {
            let taken = next.fetch_add(1, Ordering::Relaxed);
            match rows.get(taken as usize) {
                Some(row) => store.write(first + taken, row)?,
                None => return Ok::<(), Failure>(()),
            }
        }
    };
    let start = Instant::now();
    let ended: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(write)).collect();
        running.into_iter().map(|thread| thread.join().map_err(|_| POISONED)).collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    for ended in ended {
        ended??;
    }
    Ok(seconds)
}
