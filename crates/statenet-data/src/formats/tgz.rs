//! Tar archives, packed by gzip or not: the files in them, one after the other as they unpack.
//!
//! Names stay inside of the archive, links and devices are refused, and what unpacks is counted while it unpacks, so that an archive
//! can neither write elsewhere nor fill the memory.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, BufReader, Read},
    path::{Component, Path},
    rc::Rc,
};

use flate2::bufread::GzDecoder;
use tar::{Archive, EntryType};

use super::FormatError;

/// How much an archive may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes after unpacking, all files and their headers together.
    pub bytes: u64,
    /// Number of files and folders.
    pub entries: usize,
}

impl Default for Limits {
    /// 8 GiB in 100 000 files.
    fn default() -> Self {
        Self { bytes: 8 << 30, entries: 100_000 }
    }
}

/// The longest name in bytes.
const MAX_NAME: usize = 1024;
/// The longest header that extends another, in bytes: it holds a name, and times.
const MAX_EXTENSION: u64 = 1 << 16;
/// Zeros that end an archive; most programs write twice as many.
const END: u64 = 512;

/// Calls `visit` for each file of an archive with its name, such as `rec/rec.resp.json`, and its content.
///
/// # Errors
/// [`FormatError::Tar`], [`FormatError::Member`], [`FormatError::Unpacked`] for an archive that is damaged, cut off, beyond the limits, or
/// has members with names outside of it, twice the same name, links or devices; that of `visit`.
pub fn read(
    archive: impl Read,
    limits: &Limits,
    mut visit: impl FnMut(&str, &mut dyn Read) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut packed = BufReader::new(archive);
    let is_gzip = packed.fill_buf().map_err(broken)?.starts_with(&[0x1f, 0x8b]);
    let unpacked: Box<dyn Read + '_> =
        if is_gzip { Box::new(GzDecoder::new(packed)) } else { Box::new(packed) };
    let tally = Rc::new(Tally { left: Cell::new(limits.bytes), zeros: Cell::new(0), over: Cell::new(false) });
    let result = entries(Counted { inner: unpacked, tally: Rc::clone(&tally) }, limits, &mut visit);
    if tally.over.get() {
        return Err(FormatError::Unpacked { limit: limits.bytes });
    }
    result?;
    if tally.zeros.get() < END {
        return Err(FormatError::Tar {
            reason: "it ends early: it was not copied or written to its end".to_owned(),
        });
    }
    Ok(())
}

/// The files of an archive by name.
///
/// # Errors
/// Those of [`read`].
pub fn files(archive: &[u8], limits: &Limits) -> Result<BTreeMap<String, Vec<u8>>, FormatError> {
    let mut files = BTreeMap::new();
    read(archive, limits, |name, content| {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes).map_err(broken)?;
        files.insert(name.to_owned(), bytes);
        Ok(())
    })?;
    Ok(files)
}

fn entries<R: Read>(
    unpacked: R,
    limits: &Limits,
    visit: &mut dyn FnMut(&str, &mut dyn Read) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    let mut archive = Archive::new(unpacked);
    let mut seen = BTreeSet::new();
    let mut long_name: Option<Vec<u8>> = None;
    // Raw: headers that extend others come as entries, so that their length can be limited.
    for (i, entry) in archive.entries().map_err(broken)?.raw(true).enumerate() {
        let mut entry = entry.map_err(broken)?;
        if i >= limits.entries.saturating_mul(2) {
            return Err(FormatError::Tar { reason: format!("it has more than {} members", limits.entries) });
        }
        let kind = entry.header().entry_type();
        if let Some(extension) = Extension::of(kind) {
            if let Some(name) = extension.name(&mut entry)? {
                long_name = Some(name);
            }
            continue;
        }
        let name = match long_name.take() {
            Some(name) => name,
            None => entry.path_bytes().into_owned(),
        };
        let name = checked_name(&name)?;
        let unfit = |got: &str| FormatError::Member {
            name: name.clone(),
            got: got.to_owned(),
            expected: "a file or a folder, once each",
        };
        match kind {
            EntryType::Directory => {}
            EntryType::Regular | EntryType::Continuous => {
                if seen.len() >= limits.entries {
                    return Err(FormatError::Tar {
                        reason: format!("it has more than {} members", limits.entries),
                    });
                }
                if !seen.insert(name.clone()) {
                    return Err(unfit("there twice"));
                }
                let says = entry.size();
                let mut content = Content { inner: &mut entry, bytes: 0 };
                visit(&name, &mut content)?;
                // What the visitor left, too.
                io::copy(&mut content, &mut io::sink()).map_err(broken)?;
                if content.bytes != says {
                    return Err(unfit(&format!("{} bytes, where it says {says}", content.bytes)));
                }
            }
            EntryType::Symlink | EntryType::Link => return Err(unfit("a link")),
            _ => return Err(unfit("neither a file nor a folder")),
        }
    }
    // What follows the last member: the checksum of gzip is checked, and the zeros that end the archive are counted.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    Ok(())
}

/// The content of a file, counted while it is read.
struct Content<R> {
    inner: R,
    bytes: u64,
}

impl<R: Read> Read for Content<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        self.bytes += n as u64;
        Ok(n)
    }
}

/// A header that extends the next one.
#[derive(Clone, Copy)]
enum Extension {
    GnuName,
    Pax,
    /// Nothing that is needed: fields for all members, the long name of a link.
    Other,
}

impl Extension {
    fn of(kind: EntryType) -> Option<Self> {
        match kind {
            EntryType::GNULongName => Some(Self::GnuName),
            EntryType::XHeader => Some(Self::Pax),
            EntryType::XGlobalHeader | EntryType::GNULongLink => Some(Self::Other),
            _ => None,
        }
    }

    /// The name that it gives to the next member.
    fn name(self, content: &mut dyn Read) -> Result<Option<Vec<u8>>, FormatError> {
        let mut bytes = Vec::new();
        content.take(MAX_EXTENSION).read_to_end(&mut bytes).map_err(broken)?;
        match self {
            Self::GnuName => Ok(bytes.split(|&byte| byte == 0).next().map(<[u8]>::to_vec)),
            Self::Pax => {
                for field in tar::PaxExtensions::new(&bytes) {
                    let field = field.map_err(broken)?;
                    match field.key_bytes() {
                        b"path" => return Ok(Some(field.value_bytes().to_vec())),
                        b"size" => {
                            let reason = "it has a member of more than 8 GB".to_owned();
                            return Err(FormatError::Tar { reason });
                        }
                        _ => {}
                    }
                }
                Ok(None)
            }
            Self::Other => Ok(None),
        }
    }
}

/// A relative path with `/` between its parts that stays inside of the archive.
fn checked_name(name: &[u8]) -> Result<String, FormatError> {
    let shown = String::from_utf8_lossy(name.get(..name.len().min(80)).unwrap_or_default()).into_owned();
    let unfit = |got: &str| FormatError::Member {
        name: shown.clone(),
        got: got.to_owned(),
        expected: "a name inside of the archive, of at most 1024 bytes",
    };
    let text = std::str::from_utf8(name).map_err(|_| unfit("a name that is not UTF-8"))?;
    if text.len() > MAX_NAME {
        return Err(unfit("a longer name"));
    }
    if text.contains(['\0', '\\']) {
        return Err(unfit("a name with a backslash or a zero"));
    }
    let mut parts = Vec::new();
    for part in Path::new(text).components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy()),
            Component::CurDir => {}
            _ => return Err(unfit("a name outside of it")),
        }
    }
    Ok(parts.join("/"))
}

/// What was unpacked so far.
struct Tally {
    /// Bytes that may still come.
    left: Cell<u64>,
    /// Zeros at the end of what came.
    zeros: Cell<u64>,
    /// Whether more came than may.
    over: Cell<bool>,
}

struct Counted<R> {
    inner: R,
    tally: Rc<Tally>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let Some(left) = self.tally.left.get().checked_sub(n as u64) else {
            self.tally.over.set(true);
            return Err(io::Error::other("more than may be unpacked"));
        };
        self.tally.left.set(left);
        let read = buffer.get(..n).unwrap_or_default();
        let zeros = read.iter().rev().take_while(|&&byte| byte == 0).count();
        let before = if zeros == n { self.tally.zeros.get() } else { 0 };
        self.tally.zeros.set(before + zeros as u64);
        Ok(n)
    }
}

fn broken(source: io::Error) -> FormatError {
    FormatError::Tar { reason: source.to_string() }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use proptest::prelude::*;
    use tar::{Builder, Header};

    use super::*;

    fn gz(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn member(builder: &mut Builder<Vec<u8>>, name: &[u8], kind: EntryType, content: &[u8]) {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        builder.append(&header, content).unwrap();
    }

    fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, content) in members {
            member(&mut builder, name.as_bytes(), EntryType::Regular, content);
        }
        builder.into_inner().unwrap()
    }

    fn error(archive: &[u8]) -> String {
        files(archive, &Limits::default()).unwrap_err().to_string()
    }

    #[test]
    fn files_are_read_packed_or_not() {
        let archive = tar(&[("./rec/a.json", b"{}"), ("rec/b.csv", b"1,2\n")]);
        let expected =
            [("rec/a.json".to_owned(), b"{}".to_vec()), ("rec/b.csv".to_owned(), b"1,2\n".to_vec())];
        for archive in [archive.clone(), gz(&archive)] {
            assert_eq!(files(&archive, &Limits::default()).unwrap(), BTreeMap::from(expected.clone()));
        }
    }

    #[test]
    fn long_names_of_both_kinds_are_read() {
        let name = format!("{}/x", "n".repeat(200));
        let mut builder = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_size(1);
        builder.append_data(&mut header, &name, &b"g"[..]).unwrap();
        builder.append_pax_extensions([("mtime", &b"1.5"[..]), ("path", &b"pax/name"[..])]).unwrap();
        member(&mut builder, b"short", EntryType::Regular, b"p");
        let found = files(&builder.into_inner().unwrap(), &Limits::default()).unwrap();
        assert_eq!(found.into_keys().collect::<Vec<_>>(), [name, "pax/name".to_owned()]);
    }

    #[test]
    fn what_could_leave_the_archive_is_refused() {
        for name in ["../x", "a/../../x", "/etc/x", "a\\b"] {
            assert!(error(&tar(&[(name, b"")])).contains("expected a name inside of the archive"), "{name}");
        }
        for kind in
            [EntryType::Symlink, EntryType::Link, EntryType::Char, EntryType::Fifo, EntryType::GNUSparse]
        {
            let mut builder = Builder::new(Vec::new());
            member(&mut builder, b"x", kind, b"");
            let text = error(&builder.into_inner().unwrap());
            assert!(text.contains("expected a file or a folder, once each"), "{text}");
        }
        assert!(error(&tar(&[("a", b""), ("./a", b"")])).contains("there twice"));
    }

    #[test]
    fn a_file_that_claims_more_than_there_is_is_refused() {
        let mut builder = Builder::new(Vec::new());
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..1].copy_from_slice(b"x");
        header.set_size(8_000_000_000);
        header.set_cksum();
        builder.append(&header, &b"1,2\n"[..]).unwrap();
        let text = error(&builder.into_inner().unwrap());
        assert!(text.contains("where it says 8000000000"), "{text}");
    }

    #[test]
    fn a_bomb_is_stopped_while_it_unpacks() {
        let bomb = gz(&tar(&[("x", &vec![0; 1 << 20])]));
        assert!(bomb.len() < 4000);
        let limits = Limits { bytes: 1 << 19, ..Limits::default() };
        let text = files(&bomb, &limits).unwrap_err().to_string();
        assert_eq!(text, "unpacks to more than 524288 bytes");
        let limits = Limits { entries: 1, ..Limits::default() };
        let text = files(&tar(&[("a", b""), ("b", b"")]), &limits).unwrap_err().to_string();
        assert_eq!(text, "cannot unpack: it has more than 1 members");
    }

    #[test]
    fn an_archive_cut_off_anywhere_is_an_error() {
        let archive = tar(&[("a", b"1,2\n"), ("b", b"3\n")]);
        for length in 0..archive.len() - 1024 + END as usize {
            assert!(files(&archive[..length], &Limits::default()).is_err(), "{length} of {}", archive.len());
        }
        let packed = gz(&archive);
        for length in 0..packed.len() {
            assert!(files(&packed[..length], &Limits::default()).is_err(), "{length} of {}", packed.len());
        }
    }

    proptest! {
        #[test]
        fn any_change_is_files_or_an_error(at in any::<prop::sample::Index>(), byte: u8) {
            let mut archive = tar(&[("a", b"1,2\n"), ("b", b"3\n")]);
            let at = at.index(archive.len());
            archive[at] = byte;
            let _ = files(&archive, &Limits::default());
            let mut packed = gz(&archive);
            let at = at % packed.len();
            packed[at] ^= byte;
            let _ = files(&packed, &Limits::default());
        }
    }
}
