//! Sequence numbers without an observation.

use super::*;

/// The bits of a model but for its sequence number, the first field of the structure block.
fn but_the_number(model: &Model) -> ([Vec<u8>; 2], Vec<u64>, Vec<u32>) {
    let ([structure, history], keys, floats) = bits(model);
    ([structure[8..].to_vec(), history], keys, floats)
}

#[test]
fn a_skipped_number_changes_nothing_but_the_count() {
    let rows = rows(41, 200);
    for skipped in [0, 1, 30, 63, 64, 150, 199] {
        let mut model = Model::new(small(Precision::Full));
        let mut other = Model::new(small(Precision::Full));
        for (row, (x, y)) in rows.iter().enumerate() {
            if row == skipped {
                model.skip();
                model = resume(&model);
            } else {
                model.write(x, y.into()).unwrap();
                other.write(x, y.into()).unwrap();
            }
            assert_eq!(model.recall().sequence(), row as u64 + 1);
        }
        assert_eq!(but_the_number(&model), but_the_number(&other));
    }
}

#[test]
fn a_memory_that_only_skipped_is_empty_and_can_be_kept() {
    for targets in [Targets::Numbers(2), Targets::Labels] {
        let mut model = Model::new(Config::builder(INPUTS, targets).build().unwrap());
        model.skip();
        model.skip();
        let mut resumed = resume(&model);
        assert_eq!(bits(&resumed), bits(&model));
        let mut out = vec![0.0; resumed.recall().outputs()];
        let read = resumed.recall().read(&[0.0; INPUTS], &mut Scratch::default(), &mut out);
        assert_eq!(read, Err(Error::Empty));
        let target = match targets {
            Targets::Numbers(_) => Target::Numbers(&[1.0, 2.0]),
            Targets::Labels => Target::Label("a".into()),
        };
        resumed.write(&[0.5; INPUTS], target).unwrap();
        assert_eq!(resumed.recall().sequence(), 3);
        assert_eq!(bits(&resume(&resumed)), bits(&resumed));
    }
}
