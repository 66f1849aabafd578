//! A process that a test starts, and kills. It says on its standard output, line by line, what was
//! acknowledged.
//!
//!     glam-child synced|buffered|several DIRECTORY
//!     glam-child read DIRECTORY OBSERVATIONS
//!
//! The writers go on until they are killed, or until nobody reads what they say.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use glam_memory::{Durability, Flow, Memory};
use glam_tests::stream::{
    WRITERS, builder, observation, observation_of, options, recalled, recalls,
};

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Says that something was acknowledged. One write of a few bytes, so that no line is ever half there.
fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(format!("{line}\n").as_bytes())?;
    out.flush()
}

/// Waits for the disk at every write.
fn synced(directory: &Path) -> Outcome {
    let memory = builder().durability(Durability::Synced).open_or_create(directory)?;
    say("open")?;
    for sequence in memory.sequence() + 1.. {
        let (x, y) = observation(sequence);
        memory.write(&x, y)?;
        say(&format!("ack {sequence}"))?;
        match sequence {
            _ if sequence % 211 == 0 => memory.compact()?,
            _ if sequence % 61 == 0 => memory.checkpoint()?,
            _ => {}
        }
    }
    Ok(())
}

/// Flushes, checkpoints, compacts and consolidates now and then: only that acknowledges.
fn buffered(directory: &Path) -> Outcome {
    let memory = builder().open_or_create(directory)?;
    say("open")?;
    for sequence in memory.sequence() + 1.. {
        let (x, y) = observation(sequence);
        memory.write(&x, y)?;
        match sequence {
            _ if sequence % 331 == 0 => {
                say(&format!("consolidating {sequence}"))?;
                memory.consolidate(options(), &|_| Flow::Continue)?;
                say(&format!("consolidated {sequence}"))?;
            }
            _ if sequence % 197 == 0 => memory.compact()?,
            _ if sequence % 53 == 0 => memory.checkpoint()?,
            _ if sequence % 7 == 0 => memory.flush()?,
            _ => continue,
        }
        say(&format!("ack {sequence}"))?;
    }
    Ok(())
}

/// Many threads wait for the disk at every write; one of them makes checkpoints too.
fn several(directory: &Path) -> Outcome {
    let memory = builder().durability(Durability::Synced).open_or_create(directory)?;
    let mut written = [0; WRITERS];
    let mut history = memory.history()?;
    while let Some(next) = history.next()? {
        written[next.x[0] as usize] += 1;
    }
    drop(history);
    say("open")?;
    let write = |writer: usize| -> Outcome {
        for count in written[writer] + 1.. {
            let (x, y) = observation_of(writer, count);
            memory.write(&x, y)?;
            say(&format!("ack-of {writer} {count}"))?;
            if writer == 0 && count % 20 == 0 {
                memory.checkpoint()?;
            }
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(writer))).collect();
        let mut outcome = Ok(());
        for thread in threads {
            let ended = thread.join().unwrap_or_else(|_| Err("a writer has panicked".into()));
            outcome = outcome.and(ended);
        }
        outcome
    })
}

/// Reads beside a writer until it has seen the last observation.
fn read(directory: &Path, observations: u64) -> Outcome {
    let recalls = recalls(observations)?;
    let memory = Memory::open_read_only(directory)?;
    loop {
        let sequence = memory.sequence();
        if recalled(&memory)? != recalls[sequence as usize] {
            say(&format!("wrong {sequence}"))?;
            return Ok(());
        }
        say(&format!("read {sequence}"))?;
        if sequence == observations {
            return Ok(());
        }
        while !memory.refresh()? {
            std::thread::yield_now();
        }
    }
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["synced", directory] => synced(Path::new(directory)),
        ["buffered", directory] => buffered(Path::new(directory)),
        ["several", directory] => several(Path::new(directory)),
        ["read", directory, observations] => read(Path::new(directory), observations.parse()?),
        _ => Err("see the start of child.rs".into()),
    }
}
