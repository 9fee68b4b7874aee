//! A file that appears whole or not at all.

use std::{fs, io::Write, path::Path};

use super::{io, parent, readable_by_all, sync_folder, temporary};
use crate::error::Result;

/// Writes a file: `write` receives a buffered writer, and the file gets its name only if everything succeeded.
///
/// Missing parent folders are created.
///
/// # Errors
/// [`Error::Io`](crate::Error::Io) if the file cannot be written, flushed or renamed, for example because the disk is full.
pub fn write_file<F>(path: &Path, write: F) -> Result<()>
where
    F: FnOnce(&mut dyn Write) -> std::io::Result<()>,
{
    let folder = parent(path);
    fs::create_dir_all(folder).map_err(io(folder, "create folder"))?;
    let mut file = temporary::of(path).tempfile_in(folder).map_err(io(path, "create"))?;
    let mut writer = std::io::BufWriter::new(&mut file);
    write(&mut writer).map_err(io(path, "write"))?;
    writer.flush().map_err(io(path, "write"))?;
    drop(writer);
    file.as_file().sync_all().map_err(io(path, "flush"))?;
    readable_by_all(file.path()).map_err(io(path, "set the mode of"))?;
    file.persist(path).map_err(|e| io(path, "rename")(e.error))?;
    sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::{super::tests::names, *};

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/summary.json");
        write_file(&path, |w| w.write_all(b"old")).unwrap();
        let full = || std::io::Error::new(std::io::ErrorKind::StorageFull, "no space left");
        let error = write_file(&path, |w| w.write_all(b"ne").and(Err(full()))).unwrap_err();
        assert!(error.to_string().ends_with("summary.json: cannot write"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(path.parent().unwrap()), ["summary.json"]);
    }
}
