use super::*;

fn awkward_table() -> Table {
    let first = vec![0.0, -0.0, f32::NAN, f32::INFINITY, -1.5e-40, 3.25, 3.25, f32::MIN];
    let speed: Vec<f32> = (0..8).map(|row| (row * row) as f32 * 0.0125).collect();
    let slope = vec![3.125, 9.375, 15.625, 21.875, 28.125, 34.375, 40.625, -1.0];
    Table { runs: vec![(1, 5), (9, 3)], columns: vec![first, speed, slope] }
}

fn bits(table: &Table) -> Vec<Vec<u32>> {
    let bits_of = |column: &Vec<f32>| column.iter().map(|value| value.to_bits()).collect();
    table.columns.iter().map(bits_of).collect()
}

const HINT: Slope = Slope { column: 2, base: 1, rate: 250.0 };

#[test]
fn what_is_packed_comes_back_bit_for_bit() {
    let table = awkward_table();
    for slopes in [&[][..], &[HINT]] {
        let back = decode(&encode(&table, slopes).unwrap()).unwrap();
        assert_eq!(bits(&back), bits(&table));
        assert_eq!(back.runs, table.runs);
    }
}

#[test]
fn an_empty_table_comes_back() {
    let back = decode(&encode(&Table::default(), &[]).unwrap()).unwrap();
    assert_eq!(back, Table::default());
}

#[test]
fn orders_compare_as_the_numbers_do() {
    let sorted = [f32::NEG_INFINITY, -2.0, -1e-42, -0.0, 0.0, 1e-42, 0.5, f32::MAX];
    assert!(sorted.windows(2).all(|pair| order(pair[0]) < order(pair[1])));
    for value in sorted {
        assert_eq!(from_order(order(value)).to_bits(), value.to_bits());
    }
    for difference in [0, 1, -1, i32::MAX, i32::MIN] {
        assert_eq!(unfold(fold(difference)), difference);
    }
}

#[test]
fn a_truncated_or_damaged_file_is_never_taken_for_another_table() {
    let packed = encode(&awkward_table(), &[HINT]).unwrap();
    for len in 0..packed.len() {
        assert!(decode(&packed[..len]).is_err(), "{len} of {} bytes", packed.len());
    }
    // The ten bytes of a gzip header carry no content.
    for index in 10..packed.len() {
        let mut damaged = packed.clone();
        damaged[index] ^= 0x10;
        // Bits that only fill up the last byte of the compressed stream mean nothing.
        if let Ok(back) = decode(&damaged) {
            assert_eq!(bits(&back), bits(&awkward_table()), "byte {index}");
        }
    }
}

#[test]
fn damage_below_the_checksum_never_panics() {
    let packed = encode(&awkward_table(), &[HINT]).unwrap();
    let mut content = Vec::new();
    GzDecoder::new(&packed[..]).read_to_end(&mut content).unwrap();
    for index in 0..content.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut damaged = content.clone();
            damaged[index] ^= flip;
            let _ = decode(&compress(&damaged).unwrap());
        }
    }
}

#[test]
fn runs_that_do_not_add_up_are_refused() {
    let mut table = awkward_table();
    table.runs[0].1 += 1;
    assert!(matches!(encode(&table, &[]), Err(PackedError::Runs { run_rows: 9, row_count: 8 })));
}
