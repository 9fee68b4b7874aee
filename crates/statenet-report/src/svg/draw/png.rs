//! A PNG encoder for images of at most 256 colours, and base64, to embed matrices in an SVG.

use super::colors::Rgb;

/// An indexed PNG as a `data:` URL. `pixels` are indices into `palette`, row by row from the top, `width` per row.
pub(crate) fn data_uri(width: usize, pixels: &[u8], palette: &[Rgb]) -> String {
    format!("data:image/png;base64,{}", base64(&encode(width, pixels, palette)))
}

fn encode(width: usize, pixels: &[u8], palette: &[Rgb]) -> Vec<u8> {
    debug_assert!(width > 0 && pixels.len().is_multiple_of(width), "whole rows");
    debug_assert!((1..=256).contains(&palette.len()), "PNG's palette");
    let height = pixels.len() / width.max(1);
    let mut header = Vec::with_capacity(13);
    header.extend((width as u32).to_be_bytes());
    header.extend((height as u32).to_be_bytes());
    // 8 bits per pixel, colour type 3 (palette), deflate, no interlace.
    header.extend([8, 3, 0, 0, 0]);
    let colors: Vec<u8> = palette.iter().flat_map(|c| c.0).collect();
    // Each row starts with its filter type: 0 (none), which is best for a palette.
    let rows: Vec<u8> =
        pixels.chunks(width.max(1)).flat_map(|row| std::iter::once(0).chain(row.iter().copied())).collect();
    let mut file = vec![0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"PLTE", &colors);
    chunk(&mut file, *b"IDAT", &miniz_oxide::deflate::compress_to_vec_zlib(&rows, 9));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    file.extend((data.len() as u32).to_be_bytes());
    let start = file.len();
    file.extend(name);
    file.extend(data);
    let check = crc32(&file[start..]);
    file.extend(check.to_be_bytes());
}

/// CRC-32 as in PNG and zip, computed bit by bit, which is fast enough for small images.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
    !bytes.iter().fold(!0, |crc, &byte| (0..8).fold(crc ^ u32::from(byte), step))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |i: usize| u32::from(three.get(i).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= three.len() {
                let six = word >> (18 - 6 * digit) & 63;
                text.push(char::from(DIGITS[six as usize]));
            } else {
                text.push('=');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_pads() {
        assert_eq!(["", "f", "fo", "foo"].map(|t| base64(t.as_bytes())), ["", "Zg==", "Zm8=", "Zm9v"]);
    }

    #[test]
    fn the_check_value_of_crc32_is_right() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn pixels_come_back_from_the_file() {
        let pixels = [0, 1, 1, 0, 1, 1];
        let file = encode(3, &pixels, &[Rgb([0; 3]), Rgb([255; 3])]);
        let data = file.windows(4).position(|w| w == b"IDAT").unwrap();
        let length = u32::from_be_bytes(file[data - 4..data].try_into().unwrap()) as usize;
        let rows = miniz_oxide::inflate::decompress_to_vec_zlib(&file[data + 4..data + 4 + length]).unwrap();
        assert_eq!(rows, [0, 0, 1, 1, 0, 0, 1, 1]);
    }
}
