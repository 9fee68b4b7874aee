//! Joining recordings: sounds are known by what they are, units by their ids.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use ndarray::{Array3, Axis, s};
use serde_json::Value;
use statenet_core::{Digest, ResponseMask};

use super::{Description, Metadata, Neuron, Recording, Responses, Stimulus};
use crate::{
    error::{Error, Result},
    names::file_names,
    readers::shortened,
};

/// Whether units of different recordings that have the same id are one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SameIds {
    /// They are two. If there are any, every id of every recording gets the recording's name in front: `NAME/ID`.
    #[default]
    Apart,
    /// They are one: repeats of a sound that it heard in several recordings follow each other, in the order of the recordings.
    Merged,
}

/// The field of a joined recording's neurons that names the recording they come from.
const ORIGIN: &str = "recording";

impl Recording {
    /// One recording of the units and sounds of several, each given with the name that it has in messages and ids.
    ///
    /// A sound that occurs in several is one stimulus: it is known by its cochleagram, equal in every value, whatever it is called.
    /// The responses of a unit to sounds that its recording lacks are missing. Different sounds of one name get the names of their
    /// recordings in front, `NAME.SOUND`. Units are kept apart or merged as `same_ids` says, and have the name of their recording in
    /// their metadata, `recording`.
    ///
    /// Units are in the order of the recordings. Sounds are in the order of their relative place in the first recording that has them, so that
    /// a split by order, such as `demo`, takes its test sounds from the end of every recording. Responses that were on disk are in memory.
    ///
    /// ```
    /// use statenet_core::Seed;
    /// use statenet_data::{Recording, SameIds, SimulationConfig};
    ///
    /// let first = SimulationConfig::small().simulate()?.recording;
    /// let second = SimulationConfig { seed: Seed::new(1), ..SimulationConfig::small() }.simulate()?.recording;
    /// let both = Recording::join(&[("first", &first), ("second", &second)], SameIds::Apart)?;
    /// assert_eq!(both.n_neurons(), first.n_neurons() + second.n_neurons());
    /// assert!(both.neurons()[0].id().starts_with("first/"));
    /// # Ok::<(), statenet_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Empty`] without recordings; [`Error::Duplicate`] for a name given twice; and, of a recording that differs from the first: as
    /// [`expect_input`](Self::expect_input) for dt and bands, [`Error::FrontEnd`] for what the recordings say of how cochleagrams were
    /// made, [`Error::Input`], [`Error::ResponseUnit`], [`Error::Smoothing`].
    pub fn join(recordings: &[(&str, &Self)], same_ids: SameIds) -> Result<Self> {
        super::unique("recording", recordings.iter().map(|(name, _)| *name))?;
        let Some(((_, first), others)) = recordings.split_first() else {
            return Err(Error::Empty { what: "recordings to join" });
        };
        for (name, other) in others {
            first.expect_joins(name, other)?;
        }
        let units = Units::of(recordings, same_ids);
        let mut stimuli = Vec::new();
        for sound in sounds(recordings) {
            let members = || {
                sound.members.iter().filter_map(|&(r, s)| Some((r, recordings.get(r)?.1.stimuli().get(s)?)))
            };
            let of_sound: BTreeMap<usize, Arc<Responses>> =
                members().map(|(r, stimulus)| Ok((r, stimulus.responses()?))).collect::<Result<_>>()?;
            if let Some((_, stimulus)) = members().next() {
                stimuli.push(stimulus.with_responses(units.responses(&of_sound)?).renamed(sound.name)?);
            }
        }
        let bands = recordings.iter().map(|(_, recording)| recording.bands()).find(|bands| !bands.is_empty());
        let joined = Self::of_input(
            first.input(),
            described(recordings),
            first.dt(),
            bands.unwrap_or_default().to_vec(),
            units.neurons,
            stimuli,
        )?;
        Ok(Self { smoothing: first.smoothing(), ..joined })
    }

    /// Checks that another recording, under this name, can be joined to this one.
    fn expect_joins(&self, name: &str, other: &Self) -> Result<()> {
        let recording = || name.to_owned();
        let named = Self {
            description: Description { name: recording(), ..other.description.clone() },
            ..other.clone()
        };
        if self.input() != other.input() {
            let (got, expected) = (other.input(), self.input());
            return Err(Error::Input { recording: recording(), got, expected });
        }
        named.expect_input(&self.axes())?;
        let (made, expected) = (&other.description().cochleagram, &self.description().cochleagram);
        if made != expected && !made.is_null() && !expected.is_null() {
            let (got, expected) = (shortened(made), shortened(expected));
            return Err(Error::FrontEnd { recording: recording(), got, expected });
        }
        if self.response_unit() != other.response_unit() {
            let (got, expected) = (other.response_unit().clone(), self.response_unit().clone());
            return Err(Error::ResponseUnit { holder: format!("recording {name}"), got, expected });
        }
        if self.smoothing() != other.smoothing() {
            return Err(Error::smoothing(&named, self.smoothing()));
        }
        Ok(())
    }
}

/// A sound of the joined recording, and the stimuli that are it: indices of recordings, and of stimuli in them.
struct JoinedSound {
    name: String,
    /// Relative place in its first recording, from 0 to 1.
    place: f64,
    members: Vec<(usize, usize)>,
}

/// The different sounds, in order.
fn sounds(recordings: &[(&str, &Recording)]) -> Vec<JoinedSound> {
    let mut sounds: Vec<JoinedSound> = Vec::new();
    let mut known: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    let stimulus =
        |&(r, s): &(usize, usize)| recordings.get(r).and_then(|(_, recording)| recording.stimuli().get(s));
    for (r, (_, recording)) in recordings.iter().enumerate() {
        for (s, new) in recording.stimuli().iter().enumerate() {
            let alike = known.entry(digest(new)).or_default();
            let is_same = |sound: &&usize| {
                // Two stimuli of one recording that are one sound stay two.
                sounds.get(**sound).is_some_and(|sound| {
                    let first = sound.members.first().and_then(stimulus);
                    sound.members.iter().all(|(of, _)| *of != r)
                        && first.is_some_and(|first| first.cochleagram() == new.cochleagram())
                })
            };
            let same: Vec<usize> = alike.iter().filter(is_same).copied().collect();
            let of_name = |sound: &&usize| sounds.get(**sound).is_some_and(|sound| sound.name == new.name());
            match same.iter().find(of_name).or(same.first()).and_then(|&sound| sounds.get_mut(sound)) {
                Some(sound) => sound.members.push((r, s)),
                None => {
                    alike.push(sounds.len());
                    let place = (s as f64 + 0.5) / recording.n_stimuli() as f64;
                    sounds.push(JoinedSound { name: new.name().to_owned(), place, members: vec![(r, s)] });
                }
            }
        }
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    sounds.iter().for_each(|sound| *names.entry(sound.name.clone()).or_default() += 1);
    let safe = file_names(&recordings.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    for sound in &mut sounds {
        let recording = sound.members.first().and_then(|(r, _)| safe.get(*r));
        if let (Some(2..), Some(recording)) = (names.get(&sound.name).copied(), recording) {
            sound.name = format!("{recording}.{}", sound.name);
        }
    }
    sounds.sort_by(|a, b| a.place.total_cmp(&b.place));
    sounds
}

/// A digest of a cochleagram, the same for 0 and -0.
fn digest(stimulus: &Stimulus) -> u64 {
    let mut digest = Digest::default();
    digest.add(&stimulus.n_bins().to_le_bytes());
    stimulus.cochleagram().iter().for_each(|value| digest.add(&(value + 0.0).to_bits().to_le_bytes()));
    digest.value()
}

/// The units of the joined recording, and of which neurons of which recordings each has the responses.
struct Units {
    neurons: Vec<Neuron>,
    members: Vec<Vec<(usize, usize)>>,
}

impl Units {
    fn of(recordings: &[(&str, &Recording)], same_ids: SameIds) -> Self {
        let mut seen = BTreeSet::new();
        let all = || recordings.iter().flat_map(|(_, recording)| recording.neurons());
        let shared = all().filter(|neuron| !seen.insert(neuron.id())).count() > 0;
        let mut units = Self { neurons: Vec::new(), members: Vec::new() };
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        for (r, (name, recording)) in recordings.iter().enumerate() {
            for (n, neuron) in recording.neurons().iter().enumerate() {
                let id = match same_ids {
                    SameIds::Apart if shared => format!("{name}/{}", neuron.id()),
                    SameIds::Apart | SameIds::Merged => neuron.id().to_owned(),
                };
                if let Some(unit) = places.get(&id).and_then(|&unit| units.members.get_mut(unit)) {
                    unit.push((r, n));
                    continue;
                }
                places.insert(id.clone(), units.neurons.len());
                let mut metadata = neuron.metadata().clone();
                metadata.entry(ORIGIN).or_insert_with(|| Value::from(*name));
                units.neurons.push(Neuron::new(id).with_metadata(metadata));
                units.members.push(vec![(r, n)]);
            }
        }
        units
    }

    /// The responses of all units to a sound: `of_sound` has those in each recording that has it.
    fn responses(&self, of_sound: &BTreeMap<usize, Arc<Responses>>) -> Result<Responses> {
        // Which rows of which stimulus each unit has.
        let rows = |members: &Vec<(usize, usize)>| {
            let heard = || members.iter().filter_map(|&(r, n)| Some((&**of_sound.get(&r)?, n)));
            let is_one = heard().count() == 1;
            let mut rows = Vec::new();
            for (responses, neuron) in heard() {
                let mask = responses.mask().view();
                let mask = mask.index_axis_move(Axis(0), neuron);
                // Of a unit that was merged, what was not recorded takes no place between what was.
                let kept =
                    mask.outer_iter().enumerate().filter(|(_, row)| is_one || row.iter().any(|&valid| valid));
                rows.extend(kept.map(|(repeat, _)| (responses, neuron, repeat)));
            }
            rows
        };
        let rows: Vec<Vec<(&Responses, usize, usize)>> = self.members.iter().map(rows).collect();
        let first = of_sound.values().next();
        let n_bins = first.map_or(0, |responses| responses.n_bins());
        let n_repeats = rows.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let shape = (rows.len(), n_repeats, n_bins);
        let (mut values, mut mask) = (Array3::zeros(shape), Array3::from_elem(shape, false));
        for (unit, rows) in rows.into_iter().enumerate() {
            for (row, (responses, neuron, repeat)) in rows.into_iter().enumerate() {
                values.slice_mut(s![unit, row, ..]).assign(&responses.values().slice(s![neuron, repeat, ..]));
                mask.slice_mut(s![unit, row, ..]).assign(&responses.mask().view().slice(s![
                    neuron,
                    repeat,
                    ..
                ]));
            }
        }
        let unit = first.map(|responses| responses.unit().clone()).unwrap_or_default();
        Responses::new_in(values, &ResponseMask::new(mask), unit)
    }
}

/// The description of a joined recording: what all have in common, and each different word once.
fn described(recordings: &[(&str, &Recording)]) -> Description {
    let about: Vec<&Description> = recordings.iter().map(|(_, recording)| recording.description()).collect();
    let words = |of: &dyn Fn(&Description) -> Option<String>, between: &str| {
        let mut different: Vec<String> = Vec::new();
        for word in about.iter().filter_map(|&one| of(one)).filter(|word| !word.is_empty()) {
            if !different.contains(&word) {
                different.push(word);
            }
        }
        (!different.is_empty()).then(|| different.join(between))
    };
    let made = about.iter().map(|one| &one.cochleagram).find(|made| !made.is_null());
    let in_all =
        |(field, value): &(&String, &Value)| about.iter().all(|one| one.metadata.get(*field) == Some(*value));
    let metadata: Option<Metadata> = about.first().map(|first| {
        first.metadata.iter().filter(in_all).map(|(field, value)| (field.clone(), value.clone())).collect()
    });
    Description {
        name: recordings.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("+"),
        species: words(&|one| Some(one.species.clone()), ", ").unwrap_or_default(),
        area: words(&|one| Some(one.area.clone()), ", ").unwrap_or_default(),
        citation: words(&|one| one.citation.clone(), "; "),
        licence: words(&|one| one.licence.clone(), "; "),
        cochleagram: made.cloned().unwrap_or_default(),
        metadata: metadata.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;
    use proptest::prelude::*;
    use serde_json::json;
    use statenet_core::{Hertz, TimeBin};

    use super::*;

    /// A recording whose sounds have a level, and whose counts are 100 times the unit's number plus the level plus the repeat.
    fn recording(units: &[&str], sounds: &[(&str, f32)], n_repeats: usize) -> Recording {
        let stimuli = sounds.iter().map(|&(sound, level)| {
            let counts = Array3::from_shape_fn((units.len(), n_repeats, 3), |(n, r, t)| {
                // The last bin of the first repeat is missing.
                if r == 0 && t == 2 { f32::NAN } else { 100.0 * n as f32 + level + r as f32 }
            });
            Stimulus::new(sound, Array2::from_elem((2, 3), level), Responses::from_nan(counts).unwrap())
                .unwrap()
        });
        let bands = [500.0, 1000.0].map(|hz| Hertz::new(hz).unwrap()).to_vec();
        let neurons = units.iter().map(|id| Neuron::new(*id)).collect();
        Recording::new(
            Description::default(),
            TimeBin::whole_millis::<5>(),
            bands,
            neurons,
            stimuli.collect(),
        )
        .unwrap()
    }

    fn names(recording: &Recording) -> Vec<&str> {
        recording.stimuli().iter().map(Stimulus::name).collect()
    }

    #[test]
    fn a_sound_is_known_by_its_values_and_missing_where_it_was_not_heard() {
        let a = recording(&["u1"], &[("x", 1.0), ("y", 2.0)], 2);
        let b = recording(&["u2"], &[("called-otherwise", 2.0), ("z", 3.0)], 3);
        let both = Recording::join(&[("a", &a), ("b", &b)], SameIds::Apart).unwrap();
        assert_eq!((both.name(), names(&both)), ("a+b", vec!["x", "y", "z"]));
        let repeats = |s: usize| [0, 1].map(|n| both.stimuli()[s].responses().unwrap().mask().n_repeats(n));
        assert_eq!([repeats(0), repeats(1), repeats(2)], [[2, 0], [2, 3], [0, 3]]);
        assert_eq!(both.neuron_ids(), ["u1", "u2"]);
        assert_eq!(both.neurons()[1].metadata()["recording"], json!("b"));
        let of_b = both.neurons_where(&["recording=b".parse().unwrap()]).unwrap();
        assert_eq!(of_b, [1]);
    }

    #[test]
    fn sounds_of_one_name_and_units_of_one_id_are_told_apart() {
        let a = recording(&["u1", "u2"], &[("x", 1.0), ("y", 2.0)], 1);
        let b = recording(&["u2"], &[("x", 5.0), ("y", 2.0)], 1);
        let both = Recording::join(&[("NS 1", &a), ("b:2", &b)], SameIds::Apart).unwrap();
        assert_eq!(both.neuron_ids(), ["NS 1/u1", "NS 1/u2", "b:2/u2"]);
        let found = names(&both);
        assert_eq!((found[0], found[2]), ("NS 1.x", "y"));
        assert!(found[1].starts_with("b_2") && found[1].ends_with(".x"), "{}", found[1]);
    }

    #[test]
    fn a_merged_unit_has_the_repeats_of_both_recordings() {
        let a = recording(&["u1", "u2"], &[("x", 1.0), ("y", 2.0)], 2);
        let b = recording(&["u2", "u3"], &[("y", 2.0), ("z", 3.0)], 3);
        let both = Recording::join(&[("a", &a), ("b", &b)], SameIds::Merged).unwrap();
        assert_eq!(both.neuron_ids(), ["u1", "u2", "u3"]);
        let y = both.stimuli().iter().find(|s| s.name() == "y").unwrap().responses().unwrap();
        assert_eq!([0, 1, 2].map(|n| y.mask().n_repeats(n)), [2, 5, 3]);
        // Two repeats of a, where it was the second unit, then three of b, where it was the first.
        let of_u2: Vec<f32> = (0..5).map(|r| y.values()[[1, r, 0]]).collect();
        assert_eq!(of_u2, [102.0, 103.0, 2.0, 3.0, 4.0]);
        assert!(!y.mask().view()[[1, 2, 2]] && y.mask().view()[[1, 3, 2]]);
    }

    #[test]
    fn test_sounds_of_the_default_split_come_from_every_recording() {
        let sounds = |first: usize| -> Vec<(String, f32)> {
            (first..first + 20).map(|s| (format!("s{s:02}"), s as f32)).collect()
        };
        let of = |unit: &str, sounds: &[(String, f32)]| {
            let sounds: Vec<(&str, f32)> =
                sounds.iter().map(|(name, level)| (name.as_str(), *level)).collect();
            recording(&[unit], &sounds, 1)
        };
        let (a, b) = (of("u1", &sounds(0)), of("u2", &sounds(20)));
        let both = Recording::join(&[("a", &a), ("b", &b)], SameIds::Apart).unwrap();
        let split = crate::SplitPlan::Demo.resolve(&both).unwrap();
        let mut tested = split.names(&both).remove("test").unwrap();
        tested.sort();
        assert_eq!(tested, ["s17", "s18", "s19", "s37", "s38", "s39"]);
    }

    #[test]
    fn what_differs_is_refused_by_name() {
        let a = recording(&["u1"], &[("x", 1.0)], 1);
        let message = |other: &Recording| {
            Recording::join(&[("a", &a), ("b", other)], SameIds::Apart).unwrap_err().to_string()
        };
        let new = |dt: TimeBin, bands: &[f64], unit: &str, bins: usize| {
            let values = Array3::zeros((1, 1, bins));
            let responses = Responses::from_nan_in(values, unit.parse().unwrap()).unwrap();
            let sound = Stimulus::new("x", Array2::zeros((bands.len(), bins)), responses).unwrap();
            let bands = bands.iter().map(|&hz| Hertz::new(hz).unwrap()).collect();
            Recording::new(Description::default(), dt, bands, vec![Neuron::new("u")], vec![sound]).unwrap()
        };
        let (five, spikes) = (TimeBin::whole_millis::<5>(), "spikes/bin");
        let of_bands = |bands: &[f64]| message(&new(five, bands, spikes, 3));
        assert_eq!(
            message(&new(TimeBin::whole_millis::<10>(), &[500.0, 1000.0], spikes, 3)),
            "recording b: dt is 10 ms, expected 5 ms"
        );
        assert_eq!(of_bands(&[500.0]), "recording b: n_bands is 1, expected 2");
        assert_eq!(of_bands(&[500.0, 2000.0]), "recording b: band 1 is centred at 2000 Hz, expected 1000 Hz");
        assert_eq!(
            message(&new(five, &[500.0, 1000.0], "mV", 3)),
            "recording b: responses are in mV, expected spikes/bin"
        );
        let by = |name: &str| a.clone().with_front_end(json!({ "front_end": name }));
        let error = Recording::join(&[("a", &by("mel")), ("b", &by("ozgf"))], SameIds::Apart).unwrap_err();
        assert_eq!(
            error.to_string(),
            "recording b: the cochleagrams were made by {\"front_end\":\"ozgf\"}, expected {\"front_end\":\"mel\"}: make them \
             with one front end"
        );
        let unsaid = Recording::join(&[("a", &by("mel")), ("b", &a)], SameIds::Merged).unwrap();
        assert_eq!(unsaid.description().cochleagram, json!({"front_end": "mel"}));
        let smoothed = a.smooth(crate::Smoothing::default()).unwrap();
        assert!(message(&smoothed).starts_with("the responses of recording b are smoothed"));
        let twice = Recording::join(&[("a", &a), ("a", &a)], SameIds::Apart).unwrap_err();
        assert_eq!(twice.to_string(), "recording a occurs twice, expected unique names");
        assert!(matches!(Recording::join(&[], SameIds::Apart), Err(Error::Empty { .. })));
    }

    proptest! {
        #[test]
        fn every_response_is_kept_and_no_other_is_there(
            heard in prop::collection::vec(prop::sample::subsequence((0..6).collect::<Vec<usize>>(), 1..6), 1..4),
            n_units in prop::collection::vec(1usize..4, 3),
            merged: bool,
        ) {
            // Recording r has units u{r}, u{r + 1}, ..: neighbours share ids.
            let recordings: Vec<Recording> = heard.iter().zip(&n_units).enumerate().map(|(r, (heard, n_units))| {
                let ids: Vec<String> = (r..r + n_units).map(|u| format!("u{u}")).collect();
                let sounds: Vec<(String, f32)> =
                    heard.iter().map(|&s| (format!("{}{s}", ["a", "b", "c"][r]), s as f32)).collect();
                let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
                let sounds: Vec<(&str, f32)> = sounds.iter().map(|(n, l)| (n.as_str(), *l)).collect();
                recording(&ids, &sounds, r + 1)
            }).collect();
            let labels = ["first", "second", "third"];
            let named: Vec<(&str, &Recording)> = labels.into_iter().zip(&recordings).collect();
            let same_ids = if merged { SameIds::Merged } else { SameIds::Apart };
            let joined = Recording::join(&named, same_ids).unwrap();
            let different: BTreeSet<usize> = heard.iter().flatten().copied().collect();
            prop_assert_eq!(joined.n_stimuli(), different.len());
            let recorded = |recording: &Recording| -> usize {
                let valid = |s: &Stimulus| s.responses().unwrap().mask().view().iter().filter(|&&v| v).count();
                recording.stimuli().iter().map(valid).sum()
            };
            prop_assert_eq!(recorded(&joined), recordings.iter().map(recorded).sum::<usize>());
            for (label, recording) in &named {
                for stimulus in recording.stimuli() {
                    let twin = joined.stimuli().iter().find(|s| s.cochleagram() == stimulus.cochleagram()).unwrap();
                    for (n, neuron) in recording.neurons().iter().enumerate() {
                        let ids = [neuron.id().to_owned(), format!("{label}/{}", neuron.id())];
                        let unit = joined.neurons().iter().position(|u| ids.contains(&u.id().to_owned())).unwrap();
                        for (row, mask) in stimulus.responses().unwrap().to_nan().index_axis(Axis(0), n).outer_iter()
                            .zip(stimulus.responses().unwrap().mask().view().index_axis(Axis(0), n).outer_iter())
                        {
                            let rows = twin.responses().unwrap().to_nan();
                            let same = rows.index_axis(Axis(0), unit).outer_iter().any(|kept| {
                                kept.iter().zip(row.iter().zip(mask)).all(|(a, (b, &valid))| a == b || (!valid && a.is_nan()))
                            });
                            prop_assert!(same);
                        }
                    }
                }
            }
        }
    }
}
