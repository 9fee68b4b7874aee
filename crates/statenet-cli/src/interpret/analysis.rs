//! The analyses of each neuron: maps, dynamic STRFs, dreams, memory, experiments.

use ndarray::{Array2, ArrayView2};
use statenet::{
    data::{Predictions, file_names},
    interp::{
        Dstrf, Estimate, GradientMaps, MapConfig, Probes, StrfDynamics, Target, agreement,
        dreams::{BestRecorded, Constraint, Dream, DreamConfig, Start, best_recorded},
        dstrf,
        experiments::{
            BandFrontEnd, Bursts, ContrastSteps, FrequencyResponseArea, GainAdaptation, ModulationTransfer,
            Oddball, OnsetResponse, Ripples, StimulusSpecificAdaptation, Tones, contrast_steps,
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
    loaded_model::{Hearing, LoadedModel},
};
use crate::shared::interrupt;

/// Sound before the lags of a map, which lets the state settle.
const WARM_UP_MS: f64 = 300.0;
/// Windows from each training sound for gradient maps.
const MAPS_PER_SOUND: usize = 8;
/// Windows from each training sound for memory.
const MEMORIES_PER_SOUND: usize = 4;
/// Training sounds for dynamic STRFs, which are computed at every bin.
const N_DSTRF_SOUNDS: usize = 3;
/// Bootstrap draws over sounds.
const N_DRAWS: usize = 1000;
/// Length of a dream.
const DREAM_MS: f64 = 500.0;

/// The analysis of one neuron; `None` for a method that was not run.
pub(crate) struct NeuronAnalysis {
    /// Index of the neuron in the model.
    pub(crate) neuron: usize,
    /// Id of the neuron in the recording.
    pub(crate) id: String,
    /// A file name for the neuron, without extension, safe on every system.
    pub(crate) file: String,
    /// How well the model predicts it on test stimuli.
    pub(crate) score: NeuronScores,
    /// Receptive field `(F, L)` of a ridge regression on the recording, without the model.
    pub(crate) recorded: Option<Array2<f64>>,
    /// The true receptive field, of a simulated neuron.
    pub(crate) truth: Option<Array2<f64>>,
    /// Gradient maps at recorded sounds, and tuning derived from them.
    pub(crate) maps: Option<Maps>,
    /// Dynamic STRFs.
    pub(crate) fields: Option<Fields>,
    /// Dreams from several starts, the best first, and the best recorded stretch.
    pub(crate) dreams: Option<(Vec<Dream>, BestRecorded)>,
    /// Of a model that hears: the dream in samples, and the best recorded stretch.
    pub(crate) heard: Option<(Dream, BestRecorded)>,
    /// Memory by three measures.
    pub(crate) memory: Option<NeuronMemory>,
    /// Lengths of history in ms, infinity for the whole sound, each with the CCnorm on test stimuli of the model with only
    /// that much history.
    pub(crate) accuracy: Vec<(f64, Option<f64>)>,
    /// Results of the in-silico experiments, on synthetic sounds.
    pub(crate) experiments: Option<Experiments>,
}

/// Gradient maps of a neuron.
pub(crate) struct Maps {
    /// At training sounds.
    pub(crate) recorded: GradientMaps,
    /// At the null stimulus, `(F, L)`.
    pub(crate) null: Array2<f64>,
    /// Tuning of the mean map over sounds.
    pub(crate) tuning: Tuning,
    /// Cosine with the true receptive field, where that is known.
    pub(crate) agreement: Option<Estimate>,
}

/// Dynamic STRFs of a neuron.
pub(crate) struct Fields {
    /// The mean over bins, `(F, L)`.
    pub(crate) mean: Array2<f64>,
    /// Mean of the positive parts at the bins with the largest responses, `(F, L)`.
    pub(crate) excitatory: Array2<f64>,
    /// Mean of the negative parts at the same bins, `(F, L)`.
    pub(crate) inhibitory: Array2<f64>,
    /// Dimensionality of the subspace that the fields span.
    pub(crate) dimensionality: Option<f64>,
    /// Width of a bin, ms.
    pub(crate) dt_ms: f64,
    /// Gain change, temporal hold and shape change; `None` if all fields are zero.
    pub(crate) dynamics: Option<StrfDynamics>,
}

/// Results of the in-silico experiments for a neuron.
pub(crate) struct Experiments {
    /// Responses to tones over frequency and level.
    pub(crate) tones: FrequencyResponseArea,
    /// Locking to ripples over velocity and density.
    pub(crate) ripples: ModulationTransfer,
    /// Latency and adaptation of the response to noise bursts.
    pub(crate) bursts: OnsetResponse,
    /// Responses to rare and common tones around the neuron's best frequency.
    pub(crate) oddball: StimulusSpecificAdaptation,
    /// Adaptation of gain to contrast.
    pub(crate) contrast: GainAdaptation,
}

/// Analyses the selected neurons; returns them best predicted first. `step` is called with the name of each method before
/// it runs, and may end the analysis.
///
/// # Errors
/// If a method does not fit the model or the recording.
pub(crate) fn analyze(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    step: impl Fn(&str) -> anyhow::Result<()>,
) -> anyhow::Result<Vec<NeuronAnalysis>> {
    let LoadedModel { model, recording, split, neurons, .. } = loaded;
    step("scores on test stimuli")?;
    let options = loaded.scoring(args.seed);
    let rates = predict(&**model, recording, split.test())?;
    let scores = train::score(&rates, recording, split.test(), &options)?;
    step("ridge regression of the recording")?;
    let chosen = recording.select_neurons(neurons)?;
    let ridge = Ridge::for_dt(recording.dt()).fit(&chosen, split, model.device())?;
    let recorded = receptive_fields(&*ridge.model)?;
    let files = file_names(&recording.neuron_ids());
    let mut analyses: Vec<NeuronAnalysis> = neurons
        .iter()
        .zip(recorded)
        .map(|(&neuron, recorded)| NeuronAnalysis {
            neuron,
            id: recording.neurons()[neuron].id().to_owned(),
            file: files[neuron].clone(),
            score: scores.per_neuron[neuron].clone(),
            recorded: Some(recorded),
            truth: loaded.true_field(neuron),
            maps: None,
            fields: None,
            dreams: None,
            heard: None,
            memory: None,
            accuracy: Vec::new(),
            experiments: None,
        })
        .collect();
    let methods: [(Method, &str, Run); 5] = [
        (Method::Gradmap, "gradient maps", add_maps),
        (Method::Dstrf, "dynamic STRFs", add_fields),
        (Method::Memory, "memory", add_memory),
        (Method::Experiments, "experiments", add_experiments),
        (Method::Dream, "dreams", add_dreams),
    ];
    for (method, name, run) in methods {
        if args.methods.has(method) {
            step(name)?;
            run(args, loaded, &mut analyses)?;
        }
    }
    analyses.sort_by(|a, b| {
        let score = |f: &NeuronAnalysis| f.score.ccnorm.unwrap_or(f64::NEG_INFINITY);
        score(b).total_cmp(&score(a))
    });
    Ok(analyses)
}

/// Runs one method and adds its results to the analyses.
type Run = fn(&InterpretArgs, &LoadedModel, &mut [NeuronAnalysis]) -> anyhow::Result<()>;

fn targets(analyses: &[NeuronAnalysis]) -> Vec<Target> {
    Target::neurons(analyses.iter().map(|f| f.neuron))
}

/// A time in bins, at least one.
fn bins(recording: &Recording, ms: f64) -> anyhow::Result<usize> {
    Ok(recording.dt().nearest_bins(Millis::new(ms)?).max(1))
}

fn add_maps(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &mut [NeuronAnalysis],
) -> anyhow::Result<()> {
    let (model, recording) = (&*loaded.model, &loaded.recording);
    let (depth, warm_up) = (bins(recording, args.depth)?, bins(recording, WARM_UP_MS)?);
    let sounds = loaded.training_sounds()?;
    let seed = Seed::new(args.seed);
    let probes = Probes::draw(&sounds, MAPS_PER_SOUND, warm_up + depth, seed, model.device())?;
    let targets = targets(analyses);
    let config = MapConfig { lags: Some(depth), ..MapConfig::default() };
    let maps = target_maps(model, probes.windows(), &targets, &config)?;
    let nulls = null_maps(model, depth, &targets)?;
    let resampling = Resampling::new(seed, N_DRAWS)?;
    for ((analysis, maps), null) in analyses.iter_mut().zip(maps).zip(nulls) {
        let tuning = tuning(&maps, probes.sounds(), &recording.axes(), &resampling)?;
        let agreement = analysis
            .truth
            .as_ref()
            .map(|truth| agreement::with_truth(&maps, probes.sounds(), truth.view(), &resampling))
            .transpose()?;
        analysis.maps = Some(Maps { recorded: maps, null: null.mean(), tuning, agreement });
    }
    Ok(())
}

fn add_fields(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &mut [NeuronAnalysis],
) -> anyhow::Result<()> {
    let (model, recording) = (&*loaded.model, &loaded.recording);
    let (depth, dt_ms) = (bins(recording, args.depth)?, recording.dt().ms());
    let sounds = loaded.training_sounds()?.into_iter().take(N_DSTRF_SOUNDS);
    let sounds = sounds.map(|sound| tensor(sound, model.device())).collect::<anyhow::Result<Vec<_>>>()?;
    for analysis in analyses {
        interrupt::check()?;
        let target = [Target::Neuron(analysis.neuron)];
        let mut of_sounds = Vec::new();
        for sound in &sounds {
            of_sounds.extend(dstrf(model, sound, &target, depth)?);
        }
        let dynamics = of_sounds.first().map(|fields| StrfDynamics::of(fields, depth)).transpose()?.flatten();
        let all = Dstrf::joined(&of_sounds)?;
        let zeros = || Array2::zeros((recording.n_bands(), depth));
        let (excitatory, inhibitory) = fields_by_response(&all, 4)
            .pop()
            .map_or_else(|| (zeros(), zeros()), |most| (most.excitatory, most.inhibitory));
        let dimensionality = subspace(all.maps.view(), 1)?.dimensionality();
        analysis.fields =
            Some(Fields { mean: all.mean(), excitatory, inhibitory, dimensionality, dt_ms, dynamics });
    }
    Ok(())
}

fn add_memory(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &mut [NeuronAnalysis],
) -> anyhow::Result<()> {
    let recording = &loaded.recording;
    let sounds = loaded.training_sounds()?;
    let longest = sounds.iter().map(ArrayView2::ncols).max().unwrap_or(0);
    let window = (2 * bins(recording, args.longest_memory)?).min(longest);
    let seed = Seed::new(args.seed);
    let probes = Probes::draw(&sounds, MEMORIES_PER_SOUND, window, seed, loaded.model.device())?;
    let neurons: Vec<usize> = analyses.iter().map(|f| f.neuron).collect();
    let resampling = Resampling::new(seed, N_DRAWS)?;
    let memories = memory(&*loaded.model, &probes, &neurons, &resampling)?;
    for (analysis, memory) in analyses.iter_mut().zip(memories) {
        analysis.memory = Some(memory);
    }
    score_histories(args, loaded, analyses)
}

/// Lengths of history with which the model is scored, ms; the whole sound is scored too.
const HISTORIES_MS: [f64; 7] = [25.0, 50.0, 100.0, 200.0, 400.0, 800.0, 1600.0];

fn score_histories(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &mut [NeuronAnalysis],
) -> anyhow::Result<()> {
    let LoadedModel { model, recording, split, .. } = loaded;
    let options = loaded.scoring(args.seed);
    let sound = |&s: &usize| tensor(recording.stimulus(s)?.cochleagram(), model.device());
    let sounds = split.test().iter().map(sound).collect::<anyhow::Result<Vec<_>>>()?;
    for ms in HISTORIES_MS {
        interrupt::check()?;
        let n_bins = bins(recording, ms)?;
        let rates = sounds.iter().map(|sound| Ok(with_history(&**model, sound, n_bins)?));
        let rates = rates.collect::<anyhow::Result<Vec<_>>>()?;
        let rates = Predictions::for_recording(recording, split.test(), rates)?;
        let scores = train::score(&rates, recording, split.test(), &options)?;
        for analysis in analyses.iter_mut() {
            analysis.accuracy.push((ms, scores.per_neuron[analysis.neuron].ccnorm));
        }
    }
    for analysis in analyses {
        analysis.accuracy.push((f64::INFINITY, analysis.score.ccnorm));
    }
    Ok(())
}

fn add_dreams(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &mut [NeuronAnalysis],
) -> anyhow::Result<()> {
    let sounds = loaded.training_sounds()?;
    let config = DreamConfig {
        n_bins: bins(&loaded.recording, DREAM_MS)?,
        starts: vec![Start::Null, Start::Noise(0.5), Start::Noise(0.5)],
        steps: args.dream_steps,
        constraints: vec![Constraint::range_of(&sounds)?, Constraint::TotalVariation(1.0)],
        seed: Seed::new(args.seed),
        ..DreamConfig::default()
    };
    let targets = targets(analyses);
    let dreams = dream(&*loaded.model, &targets, &config)?;
    let hop = config.n_bins / 4 + 1;
    let recorded = best_recorded(&*loaded.model, &sounds, &targets, &config, hop)?;
    for ((analysis, dreams), recorded) in analyses.iter_mut().zip(dreams).zip(recorded) {
        analysis.dreams = Some((dreams, recorded));
    }
    if let Some(hearing) = &loaded.hearing {
        add_dreams_in_samples(args, loaded, hearing, analyses)?;
    }
    Ok(())
}

/// Dreams that reach the samples of a model that hears, as loud as the training sounds on average.
fn add_dreams_in_samples(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    hearing: &Hearing,
    analyses: &mut [NeuronAnalysis],
) -> anyhow::Result<()> {
    // A first step of a fifth of the loudness, in each sample.
    const STEP: f64 = 0.2;
    let sounds = hearing.recording.cochleagrams(loaded.split.train())?;
    let (n, power) =
        sounds.iter().flatten().fold((0usize, 0.0), |(n, sum), &x| (n + 1, sum + f64::from(x).powi(2)));
    let loudness = (power / n.max(1) as f64).sqrt();
    if loudness == 0.0 {
        return Ok(());
    }
    let config = DreamConfig {
        n_bins: bins(&loaded.recording, DREAM_MS)?,
        starts: vec![Start::Noise(loudness); 2],
        steps: args.dream_steps,
        step_size: STEP * loudness,
        constraints: vec![Constraint::Energy(loudness)],
        seed: Seed::new(args.seed),
        ..DreamConfig::default()
    };
    let targets = targets(analyses);
    let dreams = dream(&*hearing.model, &targets, &config)?;
    let hop = config.n_bins / 4 + 1;
    let recorded = best_recorded(&*hearing.model, &sounds, &targets, &config, hop)?;
    for ((analysis, dreams), recorded) in analyses.iter_mut().zip(dreams).zip(recorded) {
        analysis.heard = dreams.into_iter().next().map(|best| (best, recorded));
    }
    Ok(())
}

/// Levels of tones, decibels relative to the 99th percentile of the recorded cochleagrams.
const LEVELS_DB: [f64; 6] = [-40.0, -32.0, -24.0, -16.0, -8.0, 0.0];
/// The assumed range from the 1st to the 99th percentile of the recorded cochleagrams, decibels; recordings do not state it.
const RANGE_DB: f64 = 40.0;

fn add_experiments(
    args: &InterpretArgs,
    loaded: &LoadedModel,
    analyses: &mut [NeuronAnalysis],
) -> anyhow::Result<()> {
    let (model, seed) = (&*loaded.model, Seed::new(args.seed));
    let bands = band_front_end(loaded)?;
    if bands.centers.is_empty() {
        return Ok(());
    }
    let neurons: Vec<usize> = analyses.iter().map(|f| f.neuron).collect();
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
    for (analysis, ((area, transfer), (bursts, contrast))) in analyses.iter_mut().zip(found) {
        interrupt::check()?;
        // Two tones a third of an octave apart, centred on the neuron's best frequency.
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
        let oddball = oddball(model, &bands, &set, &[analysis.neuron])?.remove(0);
        analysis.experiments =
            Some(Experiments { tones: area, ripples: transfer, bursts, oddball, contrast });
    }
    Ok(())
}

/// A front end whose cochleagrams have the range of the recorded ones: silence at their 1st percentile, 0 dB at their 99th, in standard
/// deviations of a band.
///
/// # Errors
/// If the split names stimuli that the recording does not have.
pub(crate) fn band_front_end(loaded: &LoadedModel) -> anyhow::Result<BandFrontEnd> {
    let recording = &loaded.recording;
    let mut values: Vec<f32> = Vec::new();
    for sound in loaded.training_sounds()? {
        values.extend(loaded.in_deviations(sound)?);
    }
    values.sort_by(f32::total_cmp);
    let at = |share: f64| f64::from(values[((values.len() - 1) as f64 * share) as usize]);
    let (silence, reference) = (at(0.01), at(0.99));
    Ok(BandFrontEnd {
        centers: recording.bands().to_vec(),
        dt: recording.dt(),
        silence,
        reference,
        per_decibel: ((reference - silence) / RANGE_DB).max(f64::MIN_POSITIVE),
        width_octaves: 0.1,
        scaling: Some(loaded.scaling.clone()),
    })
}

/// A cochleagram as a batch of one.
pub(super) fn tensor(sound: ArrayView2<'_, f32>, device: &Device) -> anyhow::Result<Tensor> {
    let (n_bands, n_bins) = sound.dim();
    let values: Vec<f32> = sound.iter().copied().collect();
    Ok(Tensor::from_vec(values, (1, 1, n_bands, n_bins), device)?)
}
