//! Little-endian fields of headers, and floats as bytes.

#[cfg(target_endian = "big")]
compile_error!("glam-store maps files in place, so it builds for little-endian targets only");

/// Copies `N` bytes at `at`; zeros where `bytes` end early, so callers check the length first.
fn array_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut array = [0; N];
    if let Some(found) = bytes.get(at..at.saturating_add(N)) {
        array.copy_from_slice(found);
    }
    array
}

/// The number in the four bytes at `at`.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array_at(bytes, at))
}

/// The number in the eight bytes at `at`.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array_at(bytes, at))
}

/// Writes `field` at `at` of a header, which is long enough for it.
pub(crate) fn put(header: &mut [u8], at: usize, field: &[u8]) {
    header[at..at + field.len()].copy_from_slice(field);
}

/// Floats as they stand in a file.
pub(crate) fn of_floats(floats: &[f32]) -> &[u8] {
    bytemuck::cast_slice(floats)
}

/// Fills `floats` from the bytes of as many floats in a file.
pub(crate) fn to_floats(bytes: &[u8], floats: &mut [f32]) {
    bytemuck::cast_slice_mut(floats).copy_from_slice(bytes);
}

/// A count of bytes or records as the 64-bit number that files hold.
pub(crate) fn wide(count: usize) -> u64 {
    count as u64
}
