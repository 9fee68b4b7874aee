//! Every target with its seeds, with what was once found, and with a few changes of each.
//!
//! A find is a file or a folder in `regressions/TARGET`, named for what was wrong.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use statenet_fuzz::{Folder, Random, TARGETS, by_name, flip};

/// Changes of each seed and find.
const N_CHANGES: u64 = 12;

fn replay(name: &str) {
    let target = by_name(name).unwrap();
    let (seeds, finds) = ((target.seeds)(), target.regressions().unwrap());
    assert!(!seeds.is_empty(), "{name} has no seeds");
    for (i, (input, bytes)) in seeds.iter().chain(&finds).enumerate() {
        // Shown where a check fails.
        println!("{name}: {input}");
        assert!(bytes.len() <= target.most_bytes, "{name}: {input} is longer than the target takes");
        let taken = target.run(bytes);
        assert!(taken || i >= seeds.len(), "{name}: the seed {input} is refused");
        let mut random = Random::new(i as u64);
        for change in 0..N_CHANGES {
            println!("{name}: {input}, change {change}");
            let mut raw_random = Random::new(random.number());
            let changed = target.mutated(bytes, &mut random, &mut |bytes| flip(bytes, &mut raw_random));
            target.run(&changed);
        }
    }
}

macro_rules! replayed {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                replay(stringify!($name));
            }
        )*

        #[test]
        fn all_targets_are_replayed() {
            let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
            let replayed = [$(stringify!($name)),*];
            assert!(names.iter().all(|name| replayed.contains(name)) && names.len() == replayed.len());
        }
    };
}

replayed! {
    npy npz wav mat5 recording sounds split model_config checkpoint published stream_state fit_state recipe predictions
    tgz hdf5 nems pprox table flac phy pynapple parquet
}

#[test]
fn every_find_belongs_to_a_target() {
    let Ok(folders) = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/regressions")) else { return };
    for folder in folders {
        let name = folder.unwrap().file_name().to_string_lossy().into_owned();
        assert!(by_name(&name).is_some() || name == "README.md", "regressions/{name}");
    }
}

#[test]
fn a_folder_is_packed_and_unpacked() {
    let mut folder = Folder::default();
    folder.files.insert("a.json".to_owned(), b"{}".to_vec());
    folder.files.insert("b/c.npy".to_owned(), vec![0; 300]);
    assert_eq!(Folder::unpack(&folder.pack()), folder);
    let scratch = tempfile::tempdir().unwrap();
    folder.write(scratch.path()).unwrap();
    assert_eq!(Folder::read(scratch.path()).unwrap(), folder);
    // Nothing is written beside the folder.
    let mut outside = Folder::default();
    outside.files.insert("../x".to_owned(), b"x".to_vec());
    outside.write(&scratch.path().join("inner")).unwrap();
    assert!(!scratch.path().join("x").exists());
    for bytes in [&[][..], &[5], &[1, b'a', 9], &[1, b'a', 255, 255, 255, 255, 7]] {
        let _ = Folder::unpack(bytes);
    }
}
