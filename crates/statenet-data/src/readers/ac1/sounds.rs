//! The sounds of the release: which file a description means, and what was heard.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use super::{
    sample_rate,
    session::{MatFile, folders, mat_files, of},
};
use crate::{
    error::Result,
    formats::{Sound, mat5::MatArray},
    raw::RawSound,
};

/// The ramps at the start and end of each segment of a sequence.
const RAMP_MS: f64 = 5.0;

/// What was played in a presentation, as a file of a session says it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Played {
    /// The sound that is so described.
    One(String),
    /// The sounds of these files one after another, and the description.
    Sequence(Vec<String>, String),
}

/// A stimulus that was heard.
pub(super) struct Heard {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) description: String,
    pub(super) sound: RawSound,
}

/// The files of the folder `Stimuli`, and the stimuli that were heard so far.
#[derive(Default)]
pub(super) struct Library {
    files: Vec<PathBuf>,
    /// The descriptions that the files themselves have, once they are needed.
    own: Option<Vec<Option<String>>>,
    /// What was played before, by the folder of the sessions and what these say.
    known: BTreeMap<(PathBuf, Played), usize>,
    /// The same by the files of which it is made.
    made_of: BTreeMap<Vec<PathBuf>, usize>,
    heard: Vec<Heard>,
}

impl Library {
    /// The library of a release.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        for path in folders(folder)? {
            let below = path.strip_prefix(folder).unwrap_or(&path);
            let is_stimuli =
                |part: std::path::Component<'_>| part.as_os_str().eq_ignore_ascii_case("stimuli");
            if below.components().any(is_stimuli)
                || path.file_name().is_some_and(|n| n.eq_ignore_ascii_case("stimuli"))
            {
                files.extend(mat_files(&path)?);
            }
        }
        Ok(Self { files, ..Self::default() })
    }

    /// The index of what was played in a session of a folder, and how long it lasts in seconds. What is not found is listed once, and has
    /// no sound. Where two files could be meant, the one nearer to the session is: each author has sounds of his own.
    pub(super) fn index(
        &mut self,
        played: &Played,
        near: &Path,
        missing: &mut Vec<String>,
    ) -> (usize, Option<f64>) {
        let key = (near.to_path_buf(), played.clone());
        let index = match self.known.get(&key) {
            Some(&index) => index,
            None => {
                let index = self.new_index(played, near, missing);
                self.known.insert(key, index);
                index
            }
        };
        let lasts = self.heard.get(index).and_then(|heard| match &heard.sound {
            RawSound::Samples(sound) => Some(sound.seconds()),
            _ => None,
        });
        (index, lasts)
    }

    /// The index of what sessions did not describe so before.
    fn new_index(&mut self, played: &Played, near: &Path, missing: &mut Vec<String>) -> usize {
        let files: Option<Vec<PathBuf>> = match played {
            Played::One(description) => self.described(description, near).map(|file| vec![file]),
            Played::Sequence(names, _) => names.iter().map(|name| self.named(name, near)).collect(),
        };
        let files = files.unwrap_or_default();
        // One segment alone has ramps, and the same sound elsewhere has none.
        let before = self.made_of.get(&files).filter(|_| matches!(played, Played::One(_)) || files.len() > 1);
        if let Some(&index) = before.filter(|_| !files.is_empty()) {
            return index;
        }
        let index = self.heard.len();
        let mut heard = heard(played, &files, index, missing);
        if self.heard.iter().any(|other| other.name == heard.name) {
            heard.name = format!("{}-{}", heard.name, index + 1);
        }
        self.heard.push(heard);
        self.made_of.insert(files, index);
        index
    }

    /// All that was heard, by index.
    pub(super) fn into_heard(self) -> Vec<Heard> {
        self.heard
    }

    /// The file that a description means: its folder and number (`fragments 12`), else the file's own description.
    fn described(&mut self, description: &str, near: &Path) -> Option<PathBuf> {
        let text = description.to_lowercase();
        let means = |file: &Path| {
            let (folder, number) = place(file);
            let after = text.rsplit_once(&folder).map(|(_, after)| after);
            let number_of = |text: &str| {
                let digits = text.trim_start_matches(|c: char| !c.is_ascii_digit());
                let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
                digits.get(..end).and_then(|digits| digits.parse::<u64>().ok())
            };
            !folder.is_empty()
                && number.parse().ok().is_some_and(|n: u64| after.and_then(number_of) == Some(n))
        };
        if let Some(file) = nearest(self.files.iter().filter(|file| means(file)), near) {
            return Some(file);
        }
        let files = &self.files;
        let own = self.own.get_or_insert_with(|| files.iter().map(|file| own_description(file)).collect());
        let same = |own: &Option<String>| {
            own.as_ref().is_some_and(|own| own.eq_ignore_ascii_case(description.trim()))
        };
        nearest(own.iter().zip(files).filter(|(own, _)| same(own)).map(|(_, file)| file), near)
    }

    /// The file of a name, which may have folders of another machine before it.
    fn named(&self, name: &str, near: &Path) -> Option<PathBuf> {
        let name = name.replace('\\', "/").to_lowercase();
        let name = name.strip_suffix(".mat").unwrap_or(&name);
        let mut parts = name.rsplit('/');
        let (stem, folder) = (parts.next()?, parts.next());
        let places = || self.files.iter().map(|file| (file, place(file)));
        let in_folder = places().filter(|(_, place)| Some(place.0.as_str()) == folder && place.1 == stem);
        nearest(in_folder.map(|(file, _)| file), near)
            .or_else(|| nearest(places().filter(|(_, place)| place.1 == stem).map(|(file, _)| file), near))
    }
}

/// The file that has the most folders in common with a path; the first of several.
fn nearest<'a>(files: impl Iterator<Item = &'a PathBuf>, near: &Path) -> Option<PathBuf> {
    let common = |file: &Path| file.components().zip(near.components()).take_while(|(a, b)| a == b).count();
    // Of equal ones, `min_by_key` takes the first.
    files.min_by_key(|file| std::cmp::Reverse(common(file))).cloned()
}

/// The description that a file has of its own sound.
fn own_description(file: &Path) -> Option<String> {
    let content = MatFile::read(file).ok()?;
    let own = content.find("description").or_else(|| content.find("param")?.field("description"))?;
    Some(own.text()?.trim().to_owned())
}

/// Folder and name of a file, in small letters, without its ending.
fn place(file: &Path) -> (String, String) {
    let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().to_lowercase();
    (text(file.parent().and_then(Path::file_name)), text(file.file_stem()))
}

/// A stimulus of these files; without sound, and with a line, if there are none or they cannot be read.
fn heard(played: &Played, files: &[PathBuf], index: usize, missing: &mut Vec<String>) -> Heard {
    let (description, sequence) = match played {
        Played::One(description) => (description, false),
        Played::Sequence(_, description) => (description, true),
    };
    let (kind, name) = match files {
        [] => (None, format!("unknown{:03}", index + 1)),
        [one] if !sequence => {
            let (folder, number) = place(one);
            (Some(folder.clone()), format!("{folder}-{number}"))
        }
        _ => (Some("sequence".to_owned()), format!("sequence{:03}", index + 1)),
    };
    let sound = match files {
        [] => Err(format!("no file of Stimuli is {description:?}")),
        [one] if !sequence => load(one),
        _ => files.iter().map(|file| load(file)).collect::<Result<Vec<_>, _>>().and_then(joined),
    };
    let sound = match sound {
        Ok(sound) => RawSound::Samples(sound),
        Err(why) => {
            missing.push(format!("{name}: {why}"));
            RawSound::Missing
        }
    };
    Heard { name, kind, description: description.clone(), sound }
}

/// The samples of a file.
fn load(path: &Path) -> Result<Sound, String> {
    let (folder, number) = place(path);
    let wrong = |what: String| format!("{folder}/{number}.mat: {what}");
    let file = MatFile::read(path).map_err(wrong)?;
    let rate = file.find("param").and_then(|param| of(param, 0, "sf")).or_else(|| file.find("sf"));
    let rate = rate.and_then(MatArray::number).and_then(sample_rate);
    let samples = file.find("samples").and_then(MatArray::to_f64);
    match (samples, rate) {
        (Some(samples), Some(rate)) if !samples.is_empty() && samples.iter().all(|x| x.is_finite()) => {
            Ok(Sound { samples: samples.into_iter().map(|x| x as f32).collect(), rate })
        }
        _ => Err(wrong(format!("holds {}, expected samples and their rate param.sf", file.content()))),
    }
}

/// The segments one after another, each with its ramps.
fn joined(segments: Vec<Sound>) -> Result<Sound, String> {
    let Some(rate) = segments.first().map(|segment| segment.rate) else {
        return Err("the sequence is empty".to_owned());
    };
    if let Some(other) = segments.iter().find(|segment| segment.rate != rate) {
        return Err(format!(
            "segments have {} and {} samples per second, expected one rate",
            rate.hz(),
            other.rate.hz()
        ));
    }
    let mut samples = Vec::new();
    for segment in segments {
        let n = segment.samples.len();
        let ramp = 1e-3 * RAMP_MS * rate.hz();
        let gain = |i: usize| {
            // From either end; half a sample from it, so that both ends are alike.
            let from_end = i.min(n - 1 - i) as f64 + 0.5;
            if from_end < ramp { (std::f64::consts::FRAC_PI_2 * from_end / ramp).sin().powi(2) } else { 1.0 }
        };
        samples.extend(segment.samples.iter().enumerate().map(|(i, &x)| (f64::from(x) * gain(i)) as f32));
    }
    Ok(Sound { samples, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn library(files: &[&str]) -> Library {
        let files = files.iter().map(PathBuf::from).collect();
        Library { files, ..Library::default() }
    }

    #[test]
    fn a_description_means_a_folder_and_a_number() {
        let mut library = library(&[
            "s/fragments/1.mat",
            "s/fragments/12.mat",
            "s/category1/1.mat",
            "s/category1/2.mat",
            "s/category2/1.mat",
        ]);
        let mut found =
            |text: &str| library.described(text, Path::new("w")).map(|file| file.display().to_string());
        assert_eq!(found("fragments 12").as_deref(), Some("s/fragments/12.mat"));
        assert_eq!(found("Stimuli/Fragments/1.mat").as_deref(), Some("s/fragments/1.mat"));
        assert_eq!(found("category1 2, Jaguar").as_deref(), Some("s/category1/2.mat"));
        assert_eq!(found("category2: 1").as_deref(), Some("s/category2/1.mat"));
        assert_eq!(found("category2 2"), None);
        assert_eq!(found("tone"), None);
        let named = |text: &str| library.named(text, Path::new("w")).map(|file| file.display().to_string());
        assert_eq!(named(r"C:\exp\Category1\2.mat").as_deref(), Some("s/category1/2.mat"));
        assert_eq!(named("12").as_deref(), Some("s/fragments/12.mat"));
        assert_eq!(named("../../etc/passwd"), None);
    }

    #[test]
    fn each_author_has_sounds_of_his_own() {
        let mut library = library(&["r/asari/stimuli/tones/1.mat", "r/wehr/stimuli/tones/1.mat"]);
        for author in ["asari", "wehr"] {
            let near = Path::new("r").join(author).join("20020611-mw-003");
            let expected = PathBuf::from(format!("r/{author}/stimuli/tones/1.mat"));
            assert_eq!(library.described("tones 1", &near), Some(expected.clone()));
            assert_eq!(library.named("1.mat", &near), Some(expected));
        }
    }

    #[test]
    fn segments_rise_and_fall_like_sine_squared() {
        let rate = sample_rate(1000.0).unwrap();
        let segment = || Sound { samples: vec![2.0; 20], rate };
        let sound = joined(vec![segment(), segment()]).unwrap();
        assert_eq!((sound.samples.len(), sound.samples[10], sound.samples[30]), (40, 2.0, 2.0));
        // sin^2(pi / 2 * 2.5 / 5) is a half.
        assert!((sound.samples[2] - 1.0).abs() < 1e-6 && (sound.samples[17] - 1.0).abs() < 1e-6);
        assert_eq!(sound.samples[19], sound.samples[20]);
        let other = Sound { samples: vec![0.0], rate: sample_rate(2000.0).unwrap() };
        let error = joined(vec![segment(), other]).unwrap_err();
        assert_eq!(error, "segments have 1000 and 2000 samples per second, expected one rate");
    }
}
