//! A gray picture as an address that holds it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::report::Picture;

/// Pictures are shown about so wide.
const SHOWN: u32 = 56;

/// How wide it is shown, in whole multiples of its pixels.
pub(super) fn shown_width(picture: &Picture) -> u32 {
    let times = (SHOWN + picture.width / 2) / picture.width.max(1);
    picture.width.saturating_mul(times.max(1))
}

/// The picture as PNG, in the address itself.
///
/// # Errors
///
/// Returns why it is no picture: without pixels, or with another number of them than its sides say.
pub(super) fn data_uri(picture: &Picture) -> Result<String, String> {
    let want = u64::from(picture.width) * u64::from(picture.height);
    if want == 0 || want != picture.pixels.len() as u64 {
        return Err(format!(
            "a picture of {} x {} pixels has {}",
            picture.width,
            picture.height,
            picture.pixels.len()
        ));
    }
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.width, picture.height);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(&picture.pixels).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_comes_back_from_its_address() {
        let pixels: Vec<u8> = (0..12).map(|i| i * 20).collect();
        let picture = Picture { width: 4, height: 3, pixels: pixels.clone() };
        let uri = data_uri(&picture).unwrap();
        let file = STANDARD.decode(uri.strip_prefix("data:image/png;base64,").unwrap()).unwrap();
        let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
        let mut back = vec![0; 12];
        let info = reader.next_frame(&mut back).unwrap();
        assert_eq!((info.width, info.height, back), (4, 3, pixels));
        assert_eq!(shown_width(&picture), 56);
    }

    #[test]
    fn sides_that_do_not_fit_are_refused() {
        for (width, height, count) in [(0, 0, 0), (2, 2, 3), (u32::MAX, u32::MAX, 1)] {
            let picture = Picture { width, height, pixels: vec![0; count] };
            assert!(data_uri(&picture).is_err());
            assert!(shown_width(&picture) >= width);
        }
    }
}
