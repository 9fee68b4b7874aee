//! Folders of the published implementation: loaded, saved as ours and, where it has the model, as its, loaded again, equal.

use candle_core::Device;
use statenet_core::Input;
use statenet_models::{CheckpointMetadata, checkpoint, zoo};

use super::{
    checkpoint::{largest_block, run, same, small},
    examples, told,
};
use crate::{Folder, Kind, Target};

/// The target.
pub const TARGET: Target = Target {
    name: "published",
    kind: Kind::Folder,
    most_bytes: 1 << 16,
    largest_block,
    seeds,
    sealed: None,
    check,
};

fn check(bytes: &[u8]) -> bool {
    let folder = Folder::unpack(bytes);
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let at = |name: &str| scratch.path().join(name);
    folder.write(&at("in")).expect("a scratch folder can be written");
    let options = checkpoint::PublishedOptions::default();
    match checkpoint::load_published(at("in"), &options, &Device::Cpu) {
        Ok(loaded) => {
            checkpoint::save(at("ours"), &*loaded.model, &loaded.metadata)
                .expect("what was loaded can be saved");
            same(&loaded, &checkpoint::load(at("ours"), &Device::Cpu).expect("what we save we can load"));
            run(&*loaded.model);
            match checkpoint::save_published(at("theirs"), &*loaded.model, &loaded.metadata) {
                Ok(_) => {
                    let again =
                        checkpoint::load(at("theirs"), &Device::Cpu).expect("what we save we can load");
                    assert_eq!(loaded.model.config(), again.model.config());
                    assert_eq!(loaded.metadata, again.metadata);
                }
                Err(error) => {
                    told(&error);
                }
            }
            true
        }
        Err(error) => told(&error),
    }
}

fn seeds() -> Vec<(String, Vec<u8>)> {
    let scratch = tempfile::tempdir().expect("a scratch folder");
    let mut seeds = Vec::new();
    for entry in zoo::ALL.iter().filter(|entry| entry.input == Input::Cochleagram) {
        let model = examples::model(&small((entry.config)(&examples::axes())));
        let at = scratch.path().join(entry.name);
        if checkpoint::save_published(&at, &*model, &CheckpointMetadata::default()).is_err() {
            continue;
        }
        let mut folder = Folder::read(&at).expect("saved");
        if folder.pack().len() <= 1 << 15 {
            seeds.push((format!("{}-ours", entry.name), folder.pack()));
            // As the published package writes it, whose config does not say how many states a small Mamba has.
            if entry.name != "statenet-mamba" {
                folder.files.remove("metadata.json");
                seeds.push((entry.name.to_owned(), folder.pack()));
            }
        }
    }
    seeds
}
