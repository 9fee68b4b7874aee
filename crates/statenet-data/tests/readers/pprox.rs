//! pprox files of each definition; and an original one where it is.

use std::path::Path;

use statenet_data::{
    Binning, RawRecording, RawResponse, RawSound,
    readers::pprox::{self, PproxOptions, TimeUnit},
};

use super::{whole, write, write_sound};

const IN_SECONDS: &str = r#""$schema": "https://meliza.org/spec:2/pprox.json#""#;

fn read(path: &Path, options: &PproxOptions) -> Result<RawRecording, String> {
    pprox::read(path, options).map_err(|error| whole(&error))
}

fn spikes(raw: &RawRecording, stimulus: usize, unit: usize) -> Vec<Vec<f64>> {
    let RawResponse::Spikes(repeats) = &raw.stimuli[stimulus].responses[unit] else { panic!("no spikes") };
    repeats.iter().map(|repeat| repeat.clone().unwrap()).collect()
}

#[test]
fn units_of_a_folder_have_repeats_from_the_onset() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path().join("units/u2.pprox"),
        format!(
            r#"{{{IN_SECONDS}, "unit": 2, "area": "CMM", "pprox": [
                {{"stimulus": "b", "events": [0.012, -0.5]}}, {{"stimulus": "a", "events": []}},
                {{"stimulus": "b", "events": [0.001]}}]}}"#
        ),
    );
    write(
        folder.path().join("units/u10.pprox"),
        r#"{"$schema": "https://meliza.org/spec:2/stimtrial.json#", "unitname": "u10", "area": "CMM", "pprox": [
            {"offset": 7.5, "interval": [0, 1.015], "events": [1.003], "stimulus": {"name": "b", "interval": [1.0, 3.0]}}]}"#,
    );
    write_sound(folder.path().join("sounds/b.wav"), 25);
    let options = PproxOptions { audio: Some(folder.path().join("sounds")), ..PproxOptions::default() };
    let raw = read(&folder.path().join("units"), &options).unwrap();
    let ids: Vec<&str> = raw.neurons.iter().map(statenet_data::Neuron::id).collect();
    assert_eq!((ids, raw.description.area.as_str()), (vec!["2", "u10"], "CMM"));
    assert_eq!((raw.stimuli[0].name.as_str(), raw.stimuli[1].name.as_str()), ("a", "b"));
    assert_eq!(spikes(&raw, 1, 0), [vec![0.012, -0.5], vec![0.001]]);
    assert!((spikes(&raw, 1, 1)[0][0] - 0.003).abs() < 1e-12);
    assert_eq!(raw.stimuli[0].responses[1], RawResponse::Missing);
    // Up to the end of the shortest trial.
    assert!((raw.stimuli[1].seconds.unwrap() - 0.015).abs() < 1e-12);
    assert_eq!(raw.missing.len(), 1);
    assert!(raw.missing[0].starts_with("no sounds for a: ") && raw.stimuli[0].sound == RawSound::Missing);
    let heard = RawRecording { stimuli: raw.stimuli[1..].to_vec(), ..raw };
    let counts = heard.bin(&Binning::default()).unwrap();
    assert_eq!(counts.stimuli()[0].responses().unwrap().values().dim(), (2, 2, 3));
}

#[test]
fn the_unit_of_times_is_told_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unit.json");
    let file = |head: &str, time: f64| {
        write(&path, format!(r#"{{{head}, "pprox": [{{"stimulus": "a", "events": [{time}]}}]}}"#));
    };
    let first = |options: &PproxOptions| read(&path, options).map(|raw| spikes(&raw, 0, 0)[0][0]);
    let (plain, ms) =
        (PproxOptions::default(), PproxOptions { unit: Some(TimeUnit::Milliseconds), audio: None });
    file(IN_SECONDS, 1.5);
    assert_eq!((first(&plain), first(&ms)), (Ok(1.5), Ok(0.0015)));
    file(r#""version": 1"#, 1500.0);
    let refused = first(&plain).unwrap_err();
    assert!(
        refused.contains("$schema is missing, expected https://meliza.org/spec:2/pprox.json"),
        "{refused}"
    );
    assert_eq!(first(&ms), Ok(1.5));
    file(r#""$schema": "https://example.org/pprox.json""#, 1500.0);
    assert!(first(&plain).unwrap_err().contains("$schema is https://example.org/pprox.json"));
    file(r#""time_unit": "ms""#, 1500.0);
    assert_eq!(first(&plain), Ok(1.5));
    // Seconds by the schema, but the trial would last 25 minutes.
    file(IN_SECONDS, 1500.0);
    let refused = first(&plain).unwrap_err();
    assert!(refused.contains("pprox[0].events is 1500, expected times of at most 1000 s"), "{refused}");
    assert_eq!(first(&ms), Ok(1.5));
    assert_eq!(first(&PproxOptions { unit: Some(TimeUnit::Seconds), audio: None }), Ok(1500.0));
}

#[test]
fn what_is_no_pprox_is_named_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("unit.pprox");
    let fault = |trials: &str| {
        write(&path, format!("{{{IN_SECONDS}, {trials}}}"));
        read(&path, &PproxOptions::default()).unwrap_err()
    };
    assert!(fault(r#""x": 1"#).ends_with("pprox is missing, expected a list"));
    assert!(
        fault(r#""pprox": [{"stimulus": "a"}]"#)
            .ends_with("pprox[0].events is missing, expected a list of times")
    );
    assert!(
        fault(r#""pprox": [{"events": []}]"#)
            .ends_with("pprox[0].stimulus is missing, expected the name of the stimulus")
    );
    assert!(
        fault(r#""pprox": [{"stimulus": "a", "events": [0, "x"]}]"#)
            .ends_with(r#"pprox[0].events[1] is "x", expected a number"#)
    );
    assert!(
        fault(r#""pprox": [{"stimulus": "a", "events": [], "interval": [1]}]"#)
            .contains("interval is 1 numbers")
    );
    assert!(fault(r#""time_unit": "min", "pprox": []"#).ends_with("time_unit is min, expected s or ms"));
    let empty = tempfile::tempdir().unwrap();
    let none = read(empty.path(), &PproxOptions::default()).unwrap_err();
    assert!(none.ends_with("there is no file that ends with .pprox or .json"), "{none}");
}

mod needs_data {
    use super::*;
    use crate::outside;

    #[test]
    #[ignore = "needs STATENET_DATA"]
    fn a_starlings_unit_has_the_spikes_that_python_counts() {
        let path = outside::folder("STATENET_DATA", "data").join("formats/starling-st11.pprox");
        let raw = read(&path, &PproxOptions::default()).unwrap();
        assert_eq!((raw.neurons[0].id(), raw.description.area.as_str()), ("st11_1_2_1", "CMM"));
        assert_eq!(raw.neurons[0].metadata()["depth_um"], 1830.0);
        // Spikes of each repeat, the sum of their times, and how many are before the onset and in the first five seconds.
        let expected: [(&str, [usize; 5], f64, usize, usize); 6] = [
            ("A0", [10, 9, 2, 1, 18], 182.839_700_195, 0, 20),
            ("A8", [18, 16, 18, 23, 28], 523.587_048_256, 7, 69),
            ("B0", [1, 3, 7, 0, 1], 24.945_050_171, 2, 8),
            ("B8", [23, 21, 16, 36, 19], 637.552_847_656, 0, 28),
            ("C0", [17, 19, 27, 19, 19], 541.750_449_86, 1, 44),
            ("C8", [8, 13, 13, 8, 14], 238.058_997_986, 6, 36),
        ];
        assert_eq!(raw.stimuli.len(), 6);
        for (i, (name, lengths, sum, before, early)) in expected.into_iter().enumerate() {
            let repeats = spikes(&raw, i, 0);
            assert_eq!(raw.stimuli[i].name, name);
            assert_eq!(repeats.iter().map(Vec::len).collect::<Vec<_>>(), lengths);
            let all = || repeats.iter().flatten();
            assert!((all().sum::<f64>() - sum).abs() < 1e-8);
            assert_eq!(all().filter(|&&t| t < 0.0).count(), before);
            assert_eq!(all().filter(|&&t| (0.0..5.0).contains(&t)).count(), early);
        }
    }
}
