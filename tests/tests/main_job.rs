//! The whole main job on real data in miniature: learn a robot arm in files, row by row in time
//! order, crash, reopen, go on, close, recall; better than ridge regression would.

use glam_benches::data::{HoldOut, Targets, robot_arm};
use glam_benches::metrics::mean_nmse;
use glam_memory::{Memory, verify};
use ndarray::{Array2, s};

#[test]
fn an_arm_is_learned_in_one_pass_survives_and_is_recalled() {
    let arm = robot_arm(&HoldOut::EveryFifthRun).unwrap().dataset;
    let (Targets::Values(torques), Targets::Values(truth)) = (&arm.train_y, &arm.test_y) else {
        panic!("the arm's targets are numbers");
    };
    let rows = 12_000;
    let temporary = tempfile::tempdir().unwrap();
    let directory = temporary.path().join("arm");
    let write = |memory: &Memory, range: std::ops::Range<usize>| {
        for row in range {
            let x = arm.train_x.row(row).to_vec();
            memory.write(&x, &torques.row(row).to_vec()).unwrap();
        }
    };

    let memory = Memory::builder(18).targets(6).create(&directory).unwrap();
    write(&memory, 0..700);
    memory.flush().unwrap();
    drop(memory);
    let memory = Memory::open(&directory).unwrap();
    assert_eq!(memory.sequence(), 700);
    write(&memory, 700..5_000);
    memory.checkpoint().unwrap();
    write(&memory, 5_000..rows);
    // Every tenth held-out row of the runs that lie among those written.
    let cues: Array2<f32> = arm.test_x.slice(s![..2_500;10, ..]).to_owned();
    let truth = truth.slice(s![..2_500;10, ..]);
    let recalled = memory.read_batch(cues.view()).unwrap();
    memory.close().unwrap();

    assert!(verify(&directory).unwrap().is_sound());
    let reader = Memory::open_read_only(&directory).unwrap();
    assert_eq!(reader.sequence(), rows as u64);
    assert_eq!(reader.read_batch(cues.view()).unwrap(), recalled);

    // The same rows in one go, without files: the same bits.
    let whole = Memory::builder(18).targets(6).in_memory().unwrap();
    write(&whole, 0..rows);
    assert_eq!(whole.read_batch(cues.view()).unwrap(), recalled);

    let nmse = mean_nmse(recalled.view(), truth);
    println!("{rows} rows: nMSE {nmse:.4}");
    // These runs are the noisiest: a memory of all the rows recalls them at .21.
    assert!(nmse < 0.25, "{nmse}");
}
