//! Everything that is found out about each neuron.

use ndarray::{Array2, ArrayView2};
use statenet::{
    interp::{
        Changes, Constraint, Dream, DreamConfig, Dstrf, Estimate, GradientMaps, MapConfig, Probes, Target,
        agreement, changes, dream,
        dreams::{BestRecorded, Start, best_recorded},
        dstrf,
        experiments::{
            Adaptation, Bands, Bursts, ContrastSteps, FrequencyResponseArea, GainAdaptation,
            ModulationTransfer, Oddball, OnsetResponse, Ripples, Tones, contrast_steps,
            frequency_response_area, modulation_transfer, noise_bursts, oddball,
        },
        fields_by_response,
        memory::{NeuronMemory, memory, with_history},
        null_maps, subspace, target_maps,
        tuning::{Tuning, tuning},
    },
    metrics::{NeuronScores, resampling::Resampling},
    prelude::*,
    train,
};

use super::{
    args::{InterpretArgs, Method},
    loaded_model::Subject,
};

/// Sound before a map begins, so that the state has settled.
const WARM_UP_MS: f64 = 300.0;
/// Windows from each training sound at which maps are taken.
const MAPS_PER_SOUND: usize = 8;
/// Windows from each training sound in which memory is looked for.
const MEMORIES_PER_SOUND: usize = 4;
/// Training sounds at every bin of which a field is taken.
const N_DSTRF_SOUNDS: usize = 3;
/// Draws of a bootstrap over sounds.
const N_DRAWS: usize = 1000;
/// A dream's length.
const DREAM_MS: f64 = 500.0;

/// What was found out about one neuron; `None` is a method that was not run.
pub struct Finding {
    /// Its index in the model.
    pub neuron: usize,
    /// Its id in the recording.
    pub id: String,
    /// How well the model predicts it on test stimuli.
    pub score: NeuronScores,
    /// A ridge regression's receptive field `(F, L)`: what is read off the recording without the model.
    pub recorded: Option<Array2<f64>>,
    /// The true receptive field, of a simulated neuron.
    pub truth: Option<Array2<f64>>,
    /// Gradient maps at recorded sounds, and the tuning read off them.
    pub maps: Option<Maps>,
    /// Locally linear fields.
    pub fields: Option<Fields>,
    /// Dreams from several starts, the best first, and the best recorded stretch.
    pub dreams: Option<(Vec<Dream>, BestRecorded)>,
    /// Memory in three ways.
    pub memory: Option<NeuronMemory>,
    /// CCnorm on test stimuli against how much history the model may hear, ms.
    pub accuracy: Vec<(f64, Option<f64>)>,
    /// Answers to sounds that nobody played to the animal.
    pub answers: Option<Answers>,
}

/// Gradient maps of a neuron.
pub struct Maps {
    /// At training sounds.
    pub recorded: GradientMaps,
    /// At the null stimulus, `(F, L)`.
    pub null: Array2<f64>,
    /// Read off the mean over sounds.
    pub tuning: Tuning,
    /// Cosine with the true field, where it is known.
    pub agreement: Option<Estimate>,
}

/// Locally linear fields of a neuron.
pub struct Fields {
    /// The mean over bins, `(F, L)`.
    pub mean: Array2<f64>,
    /// Where the neuron answers most: mean of the positive parts, `(F, L)`.
    pub excitatory: Array2<f64>,
    /// The same of the negative parts.
    pub inhibitory: Array2<f64>,
    /// Directions that the fields span.
    pub dimensionality: Option<f64>,
    /// Width of a bin, ms.
    pub dt_ms: f64,
    /// How they change; `None` for a neuron whose field never does.
    pub changes: Option<Changes>,
}

/// Answers of a neuron in experiments on the model.
pub struct Answers {
    /// Tones over frequency and level.
    pub tones: FrequencyResponseArea,
    /// Ripples over velocity and density.
    pub ripples: ModulationTransfer,
    /// Bursts of noise: latency and adaptation.
    pub bursts: OnsetResponse,
    /// Rare and common tones around the best frequency of all neurons' tones.
    pub oddball: Adaptation,
    /// Steps of contrast.
    pub contrast: GainAdaptation,
}

/// Looks at every neuron that was asked for, best predicted first. `step` hears what is done next.
///
/// # Errors
/// If a method does not fit the model or the recording.
pub fn look(args: &InterpretArgs, subject: &Subject, step: impl Fn(&str)) -> anyhow::Result<Vec<Finding>> {
    let Subject { model, recording, split, neurons, .. } = subject;
    step("scores on test stimuli");
    let options =
        EvaluationOptions { seed: Seed::new(args.seed), ..EvaluationOptions::for_dt(recording.dt()) };
    let scores = evaluate(&**model, recording, split.test(), &options)?;
    step("ridge regression of the recording");
    let chosen = recording.select_neurons(neurons)?;
    let ridge = Ridge::for_dt(recording.dt()).fit(&chosen, split, model.device())?;
    let recorded = receptive_fields(&*ridge.model)?;
    let mut findings: Vec<Finding> = neurons
        .iter()
        .zip(recorded)
        .map(|(&neuron, recorded)| Finding {
            neuron,
            id: recording.neurons()[neuron].id().to_owned(),
            score: scores.per_neuron[neuron].clone(),
            recorded: Some(recorded),
            truth: subject.true_field(neuron),
            maps: None,
            fields: None,
            dreams: None,
            memory: None,
            accuracy: Vec::new(),
            answers: None,
        })
        .collect();
    let looks: [(Method, &str, Look); 5] = [
        (Method::Gradmap, "gradient maps", take_maps),
        (Method::Dstrf, "locally linear receptive fields", take_fields),
        (Method::Memory, "memory", take_memory),
        (Method::Experiments, "experiments", take_answers),
        (Method::Dream, "dreams", take_dreams),
    ];
    for (method, name, look) in looks {
        if args.methods.has(method) {
            step(name);
            look(args, subject, &mut findings)?;
        }
    }
    findings.sort_by(|a, b| {
        let score = |f: &Finding| f.score.ccnorm.unwrap_or(f64::NEG_INFINITY);
        score(b).total_cmp(&score(a))
    });
    Ok(findings)
}

type Look = fn(&InterpretArgs, &Subject, &mut [Finding]) -> anyhow::Result<()>;

fn targets(findings: &[Finding]) -> Vec<Target> {
    Target::neurons(findings.iter().map(|f| f.neuron))
}

/// Bins in a time, at least one.
fn bins(recording: &Recording, ms: f64) -> anyhow::Result<usize> {
    Ok(recording.dt().nearest_bins(Millis::new(ms)?).max(1))
}

fn take_maps(args: &InterpretArgs, subject: &Subject, findings: &mut [Finding]) -> anyhow::Result<()> {
    let (model, recording) = (&*subject.model, &subject.recording);
    let (depth, warm_up) = (bins(recording, args.depth)?, bins(recording, WARM_UP_MS)?);
    let sounds = subject.training_sounds()?;
    let seed = Seed::new(args.seed);
    let probes = Probes::draw(&sounds, MAPS_PER_SOUND, warm_up + depth, seed, model.device())?;
    let targets = targets(findings);
    let config = MapConfig { lags: Some(depth), ..MapConfig::default() };
    let maps = target_maps(model, probes.windows(), &targets, &config)?;
    let nulls = null_maps(model, depth, &targets)?;
    let resampling = Resampling::new(seed, N_DRAWS)?;
    for ((finding, maps), null) in findings.iter_mut().zip(maps).zip(nulls) {
        let tuning = tuning(&maps, probes.sounds(), &recording.axes(), &resampling)?;
        let agreement = finding
            .truth
            .as_ref()
            .map(|truth| agreement::with_truth(&maps, probes.sounds(), truth.view(), &resampling))
            .transpose()?;
        finding.maps = Some(Maps { recorded: maps, null: null.mean(), tuning, agreement });
    }
    Ok(())
}

fn take_fields(args: &InterpretArgs, subject: &Subject, findings: &mut [Finding]) -> anyhow::Result<()> {
    let (model, recording) = (&*subject.model, &subject.recording);
    let (depth, dt_ms) = (bins(recording, args.depth)?, recording.dt().ms());
    let sounds = subject.training_sounds()?.into_iter().take(N_DSTRF_SOUNDS);
    let sounds = sounds.map(|sound| tensor(sound, model.device())).collect::<anyhow::Result<Vec<_>>>()?;
    for finding in findings {
        let target = [Target::Neuron(finding.neuron)];
        let mut of_sounds = Vec::new();
        for sound in &sounds {
            of_sounds.extend(dstrf(model, sound, &target, depth)?);
        }
        let changed = of_sounds.first().map(|fields| changes(fields, depth)).transpose()?.flatten();
        let all = Dstrf::joined(&of_sounds)?;
        let zeros = || Array2::zeros((recording.n_bands(), depth));
        let (excitatory, inhibitory) = fields_by_response(&all, 4)
            .pop()
            .map_or_else(|| (zeros(), zeros()), |most| (most.excitatory, most.inhibitory));
        let dimensionality = subspace(all.maps.view(), 1)?.dimensionality();
        finding.fields = Some(Fields {
            mean: all.mean(),
            excitatory,
            inhibitory,
            dimensionality,
            dt_ms,
            changes: changed,
        });
    }
    Ok(())
}

fn take_memory(args: &InterpretArgs, subject: &Subject, findings: &mut [Finding]) -> anyhow::Result<()> {
    let recording = &subject.recording;
    let sounds = subject.training_sounds()?;
    let longest = sounds.iter().map(ArrayView2::ncols).max().unwrap_or(0);
    let window = (2 * bins(recording, args.longest_memory)?).min(longest);
    let seed = Seed::new(args.seed);
    let probes = Probes::draw(&sounds, MEMORIES_PER_SOUND, window, seed, subject.model.device())?;
    let neurons: Vec<usize> = findings.iter().map(|f| f.neuron).collect();
    let resampling = Resampling::new(seed, N_DRAWS)?;
    let memories = memory(&*subject.model, &probes, &neurons, &resampling)?;
    for (finding, memory) in findings.iter_mut().zip(memories) {
        finding.memory = Some(memory);
    }
    score_histories(args, subject, findings)
}

/// Histories with which the model is scored, ms, beside the whole sound.
const HISTORIES_MS: [f64; 7] = [25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0];

fn score_histories(args: &InterpretArgs, subject: &Subject, findings: &mut [Finding]) -> anyhow::Result<()> {
    let Subject { model, recording, split, .. } = subject;
    let options =
        EvaluationOptions { seed: Seed::new(args.seed), ..EvaluationOptions::for_dt(recording.dt()) };
    let sound = |&s: &usize| tensor(recording.stimulus(s)?.cochleagram(), model.device());
    let sounds = split.test().iter().map(sound).collect::<anyhow::Result<Vec<_>>>()?;
    for ms in HISTORIES_MS {
        let n_bins = bins(recording, ms)?;
        let rates = sounds.iter().map(|sound| Ok(with_history(&**model, sound, n_bins)?));
        let rates = rates.collect::<anyhow::Result<Vec<_>>>()?;
        let scores = train::score(&rates, recording, split.test(), &options)?;
        for finding in findings.iter_mut() {
            finding.accuracy.push((ms, scores.per_neuron[finding.neuron].ccnorm));
        }
    }
    for finding in findings {
        finding.accuracy.push((f64::INFINITY, finding.score.ccnorm));
    }
    Ok(())
}

fn take_dreams(args: &InterpretArgs, subject: &Subject, findings: &mut [Finding]) -> anyhow::Result<()> {
    let sounds = subject.training_sounds()?;
    let config = DreamConfig {
        n_bins: bins(&subject.recording, DREAM_MS)?,
        starts: vec![Start::Null, Start::Noise(0.5), Start::Noise(0.5)],
        steps: args.dream_steps,
        constraints: vec![Constraint::range_of(&sounds)?, Constraint::TotalVariation(1.0)],
        seed: Seed::new(args.seed),
        ..DreamConfig::default()
    };
    let targets = targets(findings);
    let dreams = dream(&*subject.model, &targets, &config)?;
    let hop = config.n_bins / 4 + 1;
    let recorded = best_recorded(&*subject.model, &sounds, &targets, &config, hop)?;
    for ((finding, dreams), recorded) in findings.iter_mut().zip(dreams).zip(recorded) {
        finding.dreams = Some((dreams, recorded));
    }
    Ok(())
}

/// Levels of tones, decibels below the loudest percent of the recorded sound.
const LEVELS_DB: [f64; 6] = [-40.0, -32.0, -24.0, -16.0, -8.0, 0.0];
/// What the range of the recorded sound is taken for, decibels: cochleagrams do not say it.
const RANGE_DB: f64 = 40.0;

fn take_answers(args: &InterpretArgs, subject: &Subject, findings: &mut [Finding]) -> anyhow::Result<()> {
    let (model, seed) = (&*subject.model, Seed::new(args.seed));
    let bands = hearing(subject)?;
    if bands.centers.is_empty() {
        return Ok(());
    }
    let neurons: Vec<usize> = findings.iter().map(|f| f.neuron).collect();
    let ms = Millis::new;
    let tones = Tones {
        frequencies: bands.centers.clone(),
        levels_db: LEVELS_DB.to_vec(),
        lead: ms(300.0)?,
        duration: ms(100.0)?,
    };
    let ripples = Ripples {
        velocities_hz: vec![-32.0, -16.0, -8.0, -4.0, -2.0, 2.0, 4.0, 8.0, 16.0, 32.0],
        densities: vec![0.0, 0.25, 0.5, 1.0, 1.5, 2.0],
        level_db: -10.0,
        depth_db: 20.0,
        lead: ms(300.0)?,
        settle: ms(500.0)?,
        duration: ms(1000.0)?,
    };
    let bursts = Bursts { level_db: -5.0, lead: ms(500.0)?, duration: ms(300.0)?, n_draws: 8, seed };
    let contrast = ContrastSteps {
        level_db: -15.0,
        low_db: 5.0,
        high_db: 15.0,
        chord: ms(25.0)?,
        piece: ms(1000.0)?,
        n_draws: 32,
        seed,
    };
    let areas = frequency_response_area(model, &bands, &tones, &neurons)?;
    let transfers = modulation_transfer(model, &bands, &ripples, &neurons)?;
    let onsets = noise_bursts(model, &bands, &bursts, &neurons)?;
    let gains = contrast_steps(model, &bands, &contrast, &neurons)?;
    let found = areas.into_iter().zip(transfers).zip(onsets.into_iter().zip(gains));
    for (finding, ((area, transfer), (bursts, contrast))) in findings.iter_mut().zip(found) {
        // Two tones a third of an octave around what this neuron answers to best.
        let center = area.best_frequency().unwrap_or(bands.centers[bands.centers.len() / 2]).hz();
        let frequencies =
            [Hertz::new(center * (-1.0f64 / 6.0).exp2())?, Hertz::new(center * (1.0f64 / 6.0).exp2())?];
        let set = Oddball {
            frequencies,
            level_db: -8.0,
            rare: 0.1,
            n_tones: 200,
            duration: ms(50.0)?,
            gap: ms(250.0)?,
            lead: ms(500.0)?,
            seed,
        };
        let oddball = oddball(model, &bands, &set, &[finding.neuron])?.remove(0);
        finding.answers = Some(Answers { tones: area, ripples: transfer, bursts, oddball, contrast });
    }
    Ok(())
}

/// Bands that hear tones as the recording's own did, as far as its cochleagrams tell: silence is their lowest percent, 0 dB
/// their highest.
///
/// # Errors
/// If the split names stimuli that the recording does not have.
pub fn hearing(subject: &Subject) -> anyhow::Result<Bands> {
    let recording = &subject.recording;
    let mut values: Vec<f32> =
        subject.training_sounds()?.iter().flat_map(|sound| sound.iter().copied()).collect();
    values.sort_by(f32::total_cmp);
    let at = |share: f64| f64::from(values[((values.len() - 1) as f64 * share) as usize]);
    let (silence, reference) = (at(0.01), at(0.99));
    Ok(Bands {
        centers: recording.bands().to_vec(),
        dt: recording.dt(),
        silence,
        reference,
        per_decibel: ((reference - silence) / RANGE_DB).max(f64::MIN_POSITIVE),
        width_octaves: 0.1,
        input: None,
    })
}

/// A cochleagram as a batch of one.
fn tensor(sound: ArrayView2<'_, f32>, device: &Device) -> anyhow::Result<Tensor> {
    let (n_bands, n_bins) = sound.dim();
    let values: Vec<f32> = sound.iter().copied().collect();
    Ok(Tensor::from_vec(values, (1, 1, n_bands, n_bins), device)?)
}
