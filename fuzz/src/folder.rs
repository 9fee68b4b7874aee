//! A folder of small files as one input.
//!
//! ```text
//! length of the name (u8) | name | length of the content (u32, little-endian) | content | the next file
//! ```
//! Any bytes are a folder: lengths beyond the end mean what is left.

use std::{collections::BTreeMap, fs, io, path::Path};

/// Files by their path in the folder, with / between the parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Folder {
    /// The contents.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The most files that are unpacked.
const MOST_FILES: usize = 40;

impl Folder {
    /// The folder that bytes stand for.
    #[must_use]
    pub fn unpack(bytes: &[u8]) -> Self {
        let mut folder = Self::default();
        let mut rest = bytes;
        while let Some((&length, after)) = rest.split_first() {
            let (name, after) = after.split_at(usize::from(length).min(after.len()));
            let Some((size, after)) = after.split_first_chunk::<4>() else { break };
            let (content, after) = after.split_at((u32::from_le_bytes(*size) as usize).min(after.len()));
            folder.files.insert(String::from_utf8_lossy(name).into_owned(), content.to_vec());
            rest = after;
            if folder.files.len() == MOST_FILES {
                break;
            }
        }
        folder
    }

    /// The bytes that stand for this folder. Names beyond 255 bytes are left out.
    #[must_use]
    pub fn pack(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, content) in &self.files {
            let (Ok(length), Ok(size)) = (u8::try_from(name.len()), u32::try_from(content.len())) else {
                continue;
            };
            bytes.push(length);
            bytes.extend(name.as_bytes());
            bytes.extend(size.to_le_bytes());
            bytes.extend(content);
        }
        bytes
    }

    /// Reads a folder of the disk, with all folders inside it.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn read(path: &Path) -> io::Result<Self> {
        fn add(folder: &mut Folder, path: &Path, at: &str) -> io::Result<()> {
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                let name = format!("{at}{}", entry.file_name().to_string_lossy());
                if entry.file_type()?.is_dir() {
                    add(folder, &entry.path(), &format!("{name}/"))?;
                } else {
                    folder.files.insert(name, fs::read(entry.path())?);
                }
            }
            Ok(())
        }
        let mut folder = Self::default();
        add(&mut folder, path, "")?;
        Ok(folder)
    }

    /// Writes the files that have a place below `path`; others, such as `../x` or a file in a file, are left out.
    ///
    /// # Errors
    /// If `path` itself cannot be made.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)?;
        for (name, content) in &self.files {
            let plain = |part: &str| !part.is_empty() && part != "." && part != ".." && part.len() < 200;
            if name.contains('\0') || !name.split('/').all(plain) || name.split('/').count() > 3 {
                continue;
            }
            let file = path.join(name);
            if file.parent().is_some_and(|parent| fs::create_dir_all(parent).is_ok()) {
                let _in_the_way = fs::write(file, content);
            }
        }
        Ok(())
    }
}
