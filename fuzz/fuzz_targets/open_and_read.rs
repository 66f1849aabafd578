#![no_main]

use glam_fuzz::Counting;
use libfuzzer_sys::fuzz_target;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fuzz_target!(|data: &[u8]| glam_fuzz::open_and_read(data));
