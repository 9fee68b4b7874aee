//! Changes of npy files: of header and numbers together, so that the file stays whole, or of one of them.

use crate::random::Random;

const TYPES: [&str; 20] = [
    "<f4", ">f4", "<f8", ">f8", "<f2", "|b1", "|i1", "<i2", ">i2", "<i4", "<i8", "|u1", "<u2", "<u4", "<u8",
    "=f4", "<c8", "|O", "<U3", "i4",
];

struct Npy {
    major: u8,
    descr: String,
    fortran: bool,
    shape: Vec<u64>,
    data: Vec<u8>,
}

/// Changes a file; `None` if the bytes are not an npy file.
pub(super) fn mutate(bytes: &[u8], random: &mut Random) -> Option<Vec<u8>> {
    let mut npy = Npy::parse(bytes)?;
    match random.below(9) {
        0 => npy.descr = random.pick(&TYPES).to_string(),
        1 => {
            npy.descr = random.pick(&TYPES).to_string();
            npy.fill();
        }
        2 => npy.fortran = !npy.fortran,
        3 => {
            let shape: Vec<u64> = (0..random.below(5)).map(|_| small_size(random)).collect();
            npy.shape = shape;
            npy.fill();
        }
        4 => {
            let at = random.below(npy.shape.len());
            if let Some(n) = npy.shape.get_mut(at) {
                *n = small_size(random);
            }
            npy.fill();
        }
        5 => {
            let at = random.below(npy.shape.len());
            if let Some(n) = npy.shape.get_mut(at) {
                *n = *random.pick(&[0, 1, 1_000_000, 1 << 32, 1_000_000_000_000, 1 << 62, u64::MAX]);
            }
        }
        6 => npy.major = random.below(5) as u8,
        7 => npy.data.truncate(random.below(npy.data.len() + 1)),
        _ => numbers(&mut npy.data, &npy.descr, random),
    }
    let padding = *random.pick(&[0, 1, 16, 64, 64, 64, 64, 300]);
    Some(npy.encode(padding))
}

fn small_size(random: &mut Random) -> u64 {
    *random.pick(&[0, 1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 30])
}

/// Sets numbers to values at the edges.
pub(super) fn numbers(data: &mut [u8], descr: &str, random: &mut Random) {
    let width = width(descr);
    let n = data.len() / width.max(1);
    for _ in 0..=random.below(3) {
        let at = random.below(n) * width;
        let value: [u8; 8] = match (descr.trim_start_matches(['<', '>', '|', '=']), random.below(8)) {
            ("f4" | "F32", k) => {
                let x = [f32::NAN, f32::INFINITY, -1.0, 0.5, 3e38, 1e-40, -0.0, 70_000.0][k];
                ((x.to_bits()) as u64).to_le_bytes()
            }
            ("f8" | "F64", k) => {
                [f64::NAN, f64::NEG_INFINITY, -1.0, 0.5, 1e300, 1e-310, 16_777_217.0, 1e39][k].to_le_bytes()
            }
            (_, k) => {
                [0, 1, 255, u64::MAX, 1 << 31, 1 << 24, (1 << 24) + 1, i64::MAX as u64][k].to_le_bytes()
            }
        };
        let mut value = value[..width.min(8)].to_vec();
        if descr.starts_with('>') {
            value.reverse();
        }
        if let Some(to) = data.get_mut(at..at + value.len()) {
            to.copy_from_slice(&value);
        }
    }
}

fn width(descr: &str) -> usize {
    let digits: String = descr.chars().filter(char::is_ascii_digit).collect();
    match digits.parse().unwrap_or(1) {
        bits @ (16 | 32 | 64) => bits / 8,
        bytes @ 1..=8 => bytes,
        _ => 1,
    }
}

impl Npy {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(b"\x93NUMPY")?;
        let (length, start): (usize, usize) = match rest {
            [1, _, a, b, ..] => (u16::from_le_bytes([*a, *b]).into(), 4),
            [_, _, a, b, c, d, ..] => (u32::from_le_bytes([*a, *b, *c, *d]) as usize, 6),
            _ => return None,
        };
        let header = std::str::from_utf8(rest.get(start..start.checked_add(length)?)?).ok()?;
        let data = rest.get(start + length..)?.to_vec();
        let descr = header.split("'descr': '").nth(1)?.split('\'').next()?.to_owned();
        let shape = header.split('(').nth(1)?.split(')').next()?;
        let shape = shape.split(',').filter_map(|n| n.trim().parse().ok()).collect();
        Some(Self { major: rest[0], descr, fortran: header.contains("True"), shape, data })
    }

    /// Repeats or cuts the numbers to the length that the header needs, up to 4 kB.
    fn fill(&mut self) {
        let cells = self.shape.iter().fold(1u64, |n, &axis| n.saturating_mul(axis));
        let bytes = cells.saturating_mul(width(&self.descr) as u64).min(4096) as usize;
        if self.data.is_empty() {
            self.data.push(0);
        }
        self.data = self.data.iter().copied().cycle().take(bytes).collect();
    }

    fn encode(&self, padding: usize) -> Vec<u8> {
        let shape: String = self.shape.iter().map(|n| format!("{n}, ")).collect();
        let fortran = if self.fortran { "True" } else { "False" };
        let mut header =
            format!("{{'descr': '{}', 'fortran_order': {fortran}, 'shape': ({shape}), }}", self.descr);
        while padding > 1 && (header.len() + 11) % padding != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY".to_vec();
        bytes.extend([self.major, 0]);
        if self.major <= 1 {
            bytes.extend((header.len() as u16).to_le_bytes());
        } else {
            bytes.extend((header.len() as u32).to_le_bytes());
        }
        bytes.extend(header.as_bytes());
        bytes.extend(&self.data);
        bytes
    }
}
