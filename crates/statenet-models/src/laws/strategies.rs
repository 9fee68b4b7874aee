//! Strategies that draw cochleagrams, configs and whole models for property tests (feature `proptest`).
//!
//! ```
//! use proptest::prelude::*;
//! use statenet_models::laws::{self, strategies};
//!
//! proptest!(ProptestConfig::with_cases(3), |(case in strategies::cases())| {
//!     let model = case.build().unwrap();
//!     prop_assert!(laws::causal(&*model, &case.cochleagram().unwrap(), 1).is_ok());
//! });
//! ```

use candle_core::{DType, Device, Tensor};
use proptest::prelude::*;
use statenet_core::{
    Axes, Hertz, Millis, ResponseUnit, Sampling, Seed, Standardization, TimeBin, scales::Scale,
};

use crate::{
    activations::{ActivationConfig, ContrastGainConfig, CurveConfig, Output},
    backbones::{BackboneConfig, GatedConfig, LmuConfig, MambaConfig, S4Config, S4dConfig},
    build::{
        architecture::PipelineConfig, model_config::ModelConfig, registry::Registry,
        response_model::ResponseModel,
    },
    cores::{
        Conv1dConfig, Conv2dConfig, CoreConfig, DnetConfig, IcnetConfig, LowRankConfig, NrfConfig, Positions,
        Residual, StatenetConfig, TransformerConfig,
    },
    encoders::{EncoderConfig, LocalInit, LocallyConnectedConfig, PlacesConfig},
    error::{During, Result},
    front_ends::{
        Compression, FrontEndConfig, GammatoneConfig, GammatoneTime, GammatonegramConfig,
        GammatonegramMethod, LeafConfig, LogConfig, MelConfig, OzgfConfig, PcenConfig, SincnetConfig,
        SincnetOutput, SpectrogramBands, SpectrogramConfig, SpectrogramValue,
    },
    layers::leaky_integrator::{LeakConfig, LeakGain},
    prefilters::{
        AdaptransConfig, Bands, FacilitationConfig, IcAdaptationConfig, OnOffConfig, PlasticityConfig,
        PrefilterConfig, SpacedBands,
    },
    readouts::{
        FactorizedReadoutConfig, LinearReadoutConfig, MlpReadoutConfig, NormConfig, ReadoutConfig,
        StrfReadoutConfig,
    },
    strfs::{GaussiansConfig, RaisedCosinesConfig, SeparableConfig, StrfConfig},
};

/// A model to be built and a sound to give it: small, printable, reproducible from its seed.
#[derive(Clone, Debug)]
pub struct Case {
    /// The model.
    pub config: ModelConfig,
    /// Seed of weights and sound.
    pub seed: Seed,
    /// Stimuli B in the batch, 1 to 3.
    pub batch: usize,
    /// Time bins T, 2 to 40.
    pub n_bins: usize,
}

impl Case {
    /// The model in f32, scaling its bands by a drawn mean and deviation each.
    ///
    /// # Errors
    /// None for a case drawn by [`cases`].
    pub fn build(&self) -> Result<Box<dyn ResponseModel>> {
        self.build_as(DType::F32)
    }

    /// The model in f32 or f64.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_as(&self, dtype: DType) -> Result<Box<dyn ResponseModel>> {
        let mut model = Registry::new().build(&self.config, self.seed, dtype, &Device::Cpu)?;
        if let Some(scaling) = model.input_scaling()? {
            let mut stream = self.seed.stream("input scaling");
            let (mean, std) = (0..scaling.n_bands())
                .map(|_| (stream.uniform(-0.5, 0.5) as f32, stream.uniform(0.5, 2.0) as f32))
                .unzip();
            model.scale_input(&Standardization::new(mean, std)?)?;
        }
        let mut stream = self.seed.stream("output scaling");
        let (mean, std) = (0..model.n_neurons())
            .map(|_| (stream.uniform(-3.0, 3.0) as f32, stream.uniform(0.5, 2.0) as f32))
            .unzip();
        model.scale_output(&Standardization::new(mean, std)?)?;
        Ok(model)
    }

    /// The sound in f32, `(B, 1, F, T)`.
    ///
    /// # Errors
    /// If the config has no axes.
    pub fn cochleagram(&self) -> Result<Tensor> {
        cochleagram(self.seed, (self.batch, self.config.axes()?.n_bands, self.n_bins), DType::F32)
    }

    /// The sound in f32 or f64.
    ///
    /// # Errors
    /// As [`cochleagram`](Self::cochleagram).
    pub fn cochleagram_as(&self, dtype: DType) -> Result<Tensor> {
        self.cochleagram()?.to_dtype(dtype).during("converting a cochleagram")
    }
}

/// A standard normal cochleagram `(B, 1, F, T)` from a seed, like a standardised recorded one in scale.
///
/// # Errors
/// [`Error::Tensor`](crate::Error::Tensor) if it cannot be allocated.
pub fn cochleagram(
    seed: Seed,
    (batch, n_bands, n_bins): (usize, usize, usize),
    dtype: DType,
) -> Result<Tensor> {
    let mut stream = seed.stream("cochleagram");
    let values: Vec<f32> = (0..batch * n_bands * n_bins).map(|_| stream.normal() as f32).collect();
    Tensor::from_vec(values, (batch, 1, n_bands, n_bins), &Device::Cpu)
        .and_then(|t| t.to_dtype(dtype))
        .during("drawing a cochleagram")
}

/// Units of responses: spike counts more often than not, else a continuous one.
pub fn response_units() -> impl Strategy<Value = ResponseUnit> {
    let units = ["spikes/bin", "spikes/bin", "mV"].map(|unit| unit.parse().unwrap_or_default());
    prop::sample::select(units.to_vec())
}

/// Axes of 1 to 12 bands, 1 to 4 neurons, 1 to 10 ms bins and any unit of responses.
pub fn axes() -> impl Strategy<Value = Axes> {
    let bins = prop_oneof![Just(1.0), Just(5.0), Just(10.0)];
    (1usize..=12, 1usize..=4, bins, response_units()).prop_filter_map(
        "a valid dt",
        |(n_bands, n_neurons, dt, response_unit)| {
            Some(Axes { response_unit, ..Axes::new(n_bands, n_neurons, TimeBin::from_millis(dt).ok()?) })
        },
    )
}

/// Time constants from 11 to 300 ms: above the widest bin.
pub fn time_constants() -> impl Strategy<Value = Millis> {
    (11.0..300.0f64).prop_filter_map("a duration", |ms| Millis::new(ms).ok())
}

/// Static output curves of every kind.
pub fn curves() -> impl Strategy<Value = ActivationConfig> {
    let curve = || {
        prop_oneof![Just(Output::NonNegative), Just(Output::Signed)].prop_map(|output| CurveConfig { output })
    };
    prop_oneof![
        Just(ActivationConfig::Identity),
        curve().prop_map(ActivationConfig::Softplus),
        curve().prop_map(ActivationConfig::Sigmoid),
        curve().prop_map(ActivationConfig::Exponential),
        curve().prop_map(ActivationConfig::DoubleExponential),
    ]
}

/// Output nonlinearities of every kind: curves, three in four as they are, the rest behind a contrast gain.
pub fn activations() -> impl Strategy<Value = ActivationConfig> {
    let gain = (curves(), time_constants(), time_constants(), 0.2..2.0f64).prop_map(
        |(curve, initial_tau_ms, mean_tau_ms, initial_strength)| {
            let curve = Box::new(curve);
            let gain = ContrastGainConfig { curve, initial_tau_ms, mean_tau_ms, initial_strength };
            ActivationConfig::ContrastGain(gain)
        },
    );
    // Boxed, here and below: what is drawn from many kinds at once would not fit on a stack.
    prop_oneof![3 => curves(), 1 => gain].boxed()
}

/// Encoders of every kind that fit an axis of `n_bands`.
pub fn encoders(n_bands: usize) -> impl Strategy<Value = EncoderConfig> {
    // One channel is normalised to a constant: nothing before it would learn.
    let places = (2usize..=4, 1..=n_bands.max(1), 1usize..=3);
    places.prop_flat_map(|(channels, kernel, stride)| {
        let shared = PlacesConfig { channels, kernel, stride };
        let local = move |init| LocallyConnectedConfig { channels, kernel, stride, init };
        prop_oneof![
            Just(EncoderConfig::LocallyConnected(local(LocalInit::Centered))),
            Just(EncoderConfig::LocallyConnected(local(LocalInit::Positive))),
            Just(EncoderConfig::Dense(shared.clone())),
            Just(EncoderConfig::Convolution(shared)),
        ]
    })
}

/// Backbones of every kind, small.
pub fn backbones() -> impl Strategy<Value = BackboneConfig> {
    let hidden = || prop_oneof![Just(None), (1usize..=5).prop_map(Some)];
    let rnn = hidden().prop_map(|hidden| GatedConfig { hidden, chrono: None });
    let chrono = || prop_oneof![Just(None), (2.0..50.0f64).prop_map(Some)];
    let gated = || (hidden(), chrono()).prop_map(|(hidden, chrono)| GatedConfig { hidden, chrono });
    let states = || (1usize..=4).prop_map(|pairs| 2 * pairs);
    let steps = || prop_oneof![Just((0.001, 0.1)), Just((0.05, 0.5))];
    prop_oneof![
        gated().prop_map(BackboneConfig::Gru),
        gated().prop_map(BackboneConfig::Lstm),
        rnn.prop_map(BackboneConfig::Rnn),
        gated().prop_map(BackboneConfig::Sublstm),
        (hidden(), 1usize..=6, 2.0..20.0f64)
            .prop_map(|(hidden, memory, theta)| BackboneConfig::Lmu(LmuConfig { hidden, memory, theta })),
        (1usize..=4, 1usize..=5, 1usize..=2).prop_map(|(states, kernel, expand)| {
            BackboneConfig::Mamba(MambaConfig { states, kernel, expand })
        }),
        (states(), steps(), prop_oneof![Just(None), (1usize..=100).prop_map(Some)]).prop_map(
            |(states, (dt_min, dt_max), kernel_bins)| {
                BackboneConfig::S4(S4Config { states, dt_min, dt_max, kernel_bins })
            }
        ),
        (states(), steps()).prop_map(|(states, (dt_min, dt_max))| BackboneConfig::S4d(S4dConfig {
            states,
            dt_min,
            dt_max
        })),
    ]
}

/// Receptive fields of every parameterisation, of up to 6 frames.
pub fn strfs() -> impl Strategy<Value = StrfConfig> {
    let lags = || 1usize..=6;
    prop_oneof![
        lags().prop_map(StrfConfig::full),
        (lags(), 1usize..=3).prop_map(|(lags, rank)| StrfConfig::Separable(SeparableConfig { lags, rank })),
        (lags(), 1usize..=3)
            .prop_map(|(lags, n_gaussians)| { StrfConfig::Gaussians(GaussiansConfig { lags, n_gaussians }) }),
        (2usize..=6, 0usize..=4, 0.5..3.0f64).prop_map(|(lags, fewer, offset)| {
            let n_functions = Some(lags.saturating_sub(fewer).max(2));
            StrfConfig::RaisedCosines(RaisedCosinesConfig { lags, n_functions, offset })
        }),
    ]
}

/// Leaky integrators of every kind.
pub fn leaks() -> impl Strategy<Value = LeakConfig> {
    let gain = prop_oneof![Just(LeakGain::Tau), Just(LeakGain::One)];
    let truncate = prop_oneof![Just(None), (1usize..=9).prop_map(Some)];
    (1.5..5.0f64, gain, truncate).prop_map(|(initial_tau, gain, truncate)| LeakConfig {
        initial_tau,
        gain,
        truncate,
    })
}

/// Convolutions over frequency and time that fit an axis of `n_bands`.
pub fn convolutions(n_bands: usize) -> impl Strategy<Value = Conv2dConfig> {
    (1usize..=3, 4usize..=5, 1usize..=3, 1usize..=4, 1usize..=4).prop_map(
        move |(layers, channels, kernel_bands, kernel_bins, hidden)| Conv2dConfig {
            layers,
            channels,
            kernel_bands: kernel_bands.min((n_bands - 1) / layers + 1),
            kernel_bins,
            hidden,
        },
    )
}

/// Transformers that fit an axis of `n_bands`, one in four without a window.
pub fn transformers(n_bands: usize) -> impl Strategy<Value = TransformerConfig> {
    let window = prop_oneof![1 => Just(None), 3 => (1usize..=9).prop_map(Some)];
    let positions = prop_oneof![Just(Positions::Sinusoidal), Just(Positions::Rotary)];
    (1usize..=2, 1usize..=2, 1usize..=2, 0usize..n_bands, 1usize..=3, window, positions).prop_map(
        move |(quads, heads, layers, patch, patch_bins, window, positions)| {
            let divisors: Vec<usize> = (1..=n_bands).filter(|n| n_bands.is_multiple_of(*n)).collect();
            let patch_bands = Some(divisors[patch % divisors.len()]);
            let embedding = 4 * quads;
            TransformerConfig {
                embedding,
                heads,
                layers,
                patch_bands,
                patch_bins,
                window,
                positions,
                dropout: 0.1,
                attention_dropout: 0.1 * (quads - 1) as f64,
            }
        },
    )
}

/// Synapses that depress, half of them facilitating too.
pub fn plasticities() -> impl Strategy<Value = PlasticityConfig> {
    let facilitation = (time_constants(), 0.1..0.9f64)
        .prop_map(|(initial_tau_ms, initial_release)| FacilitationConfig { initial_tau_ms, initial_release });
    (time_constants(), 0.2..4.0f64, prop::option::of(facilitation)).prop_map(
        |(initial_tau_ms, initial_u_tau, facilitation)| PlasticityConfig {
            initial_tau_ms,
            initial_u_tau,
            facilitation,
        },
    )
}

/// Prefilters of every kind over every scale, most often none.
pub fn prefilters() -> impl Strategy<Value = PrefilterConfig> {
    let scales = prop_oneof![Just(Scale::Mel), Just(Scale::Erb), Just(Scale::Greenwood), Just(Scale::Octave)];
    let bands =
        || scales.clone().prop_map(|scale| Bands::Spaced(SpacedBands { scale, ..Default::default() }));
    prop_oneof![
        2 => Just(PrefilterConfig::None),
        1 => bands().prop_map(|bands| PrefilterConfig::IcAdaptation(IcAdaptationConfig { bands })),
        1 => (bands(), 0.1..1.0f64).prop_map(|(bands, initial_w)| {
            PrefilterConfig::Adaptrans(AdaptransConfig { bands, initial_w })
        }),
        1 => bands().prop_map(|bands| PrefilterConfig::OnOff(OnOffConfig { bands })),
        1 => plasticities().prop_map(PrefilterConfig::Plasticity),
    ]
    .boxed()
}

/// Readouts of hidden units of every kind, most often a weighted sum.
pub fn unit_readouts() -> impl Strategy<Value = ReadoutConfig> {
    let leak = prop_oneof![3 => Just(None), 1 => leaks().prop_map(Some)];
    let linear = (leak, activations(), any::<bool>()).prop_map(|(leak, activation, bias)| {
        let bias = bias || !matches!(activation, ActivationConfig::DoubleExponential(_));
        ReadoutConfig::Linear(LinearReadoutConfig { leak, bias, activation })
    });
    let mlp = (1usize..=4, activations())
        .prop_map(|(hidden, activation)| ReadoutConfig::Mlp(MlpReadoutConfig { hidden, activation }));
    let factorized = (1usize..=3, activations()).prop_map(|(rank, activation)| {
        ReadoutConfig::Factorized(FactorizedReadoutConfig { rank, activation })
    });
    prop_oneof![2 => linear, 1 => mlp, 1 => factorized].boxed()
}

/// Sound of 3.2 to 8 kHz in bins of 16 to 40 samples.
pub fn samplings() -> impl Strategy<Value = Sampling> {
    (16usize..=40).prop_filter_map("a sampling", |hop| {
        Sampling::of(&Axes::new(hop, 1, TimeBin::whole_millis::<5>())).ok()
    })
}

/// Front ends of every kind and compression, of few bands and short filters that sound of 3.2 kHz can have.
pub fn front_ends() -> impl Strategy<Value = FrontEndConfig> {
    let pcen = || Compression::Pcen(PcenConfig::default());
    let compressions = move || {
        prop_oneof![
            Just(Compression::None),
            Just(Compression::Log(LogConfig { floor: 1e-2 })),
            Just(Compression::CubeRoot),
            Just(Compression::Log1p),
            Just(pcen()),
        ]
    };
    let (low_hz, high_hz) = (Hertz::whole::<200>(), Hertz::whole::<1500>());
    let mel = (1usize..=3, compressions()).prop_map(move |(n_bands, compression)| {
        let window_ms = Millis::whole::<10>();
        FrontEndConfig::Mel(MelConfig { n_bands, low_hz, high_hz, window_ms, compression })
    });
    let times = prop_oneof![Just(GammatoneTime::Forward), Just(GammatoneTime::Reversed)];
    let gammatone = (1usize..=3, times, compressions()).prop_map(move |(n_bands, time, compression)| {
        let filter_ms = Millis::whole::<8>();
        FrontEndConfig::Gammatone(GammatoneConfig { n_bands, low_hz, high_hz, filter_ms, time, compression })
    });
    let outputs = prop_oneof![Just(SincnetOutput::Envelope), Just(SincnetOutput::Strided)];
    let sincnet = (1usize..=3, 9usize..=40, outputs).prop_map(move |(n_bands, taps, output)| {
        FrontEndConfig::Sincnet(SincnetConfig { n_bands, low_hz, high_hz: Some(high_hz), taps, output })
    });
    let leaf = (1usize..=3).prop_map(move |n_bands| {
        let filter_ms = Millis::whole::<8>();
        FrontEndConfig::Leaf(LeafConfig { n_bands, low_hz, high_hz, filter_ms })
    });
    let bands = prop_oneof![Just(SpectrogramBands::Log), Just(SpectrogramBands::Linear)];
    let values = prop_oneof![Just(SpectrogramValue::Magnitude), Just(SpectrogramValue::Power)];
    let windows = || (1.0..15.0f64).prop_filter_map("a duration", |ms| Millis::new(ms).ok());
    let spectrogram = (1usize..=3, bands, values, windows(), compressions()).prop_map(
        move |(n_bands, bands, value, window_ms, compression)| {
            let config = SpectrogramConfig { n_bands, low_hz, high_hz, bands, value, window_ms, compression };
            FrontEndConfig::Spectrogram(config)
        },
    );
    let methods = prop_oneof![Just(GammatonegramMethod::Fourier), Just(GammatonegramMethod::Filters)];
    let gammatonegram = (1usize..=3, methods, windows(), compressions()).prop_map(
        move |(n_bands, method, window_ms, compression)| {
            let config = GammatonegramConfig { n_bands, low_hz, high_hz, window_ms, method, compression };
            FrontEndConfig::Gammatonegram(config)
        },
    );
    let ozgf = (1usize..=3, 1usize..=5, windows(), compressions()).prop_map(
        move |(n_bands, order, window_ms, compression)| {
            FrontEndConfig::Ozgf(OzgfConfig { n_bands, low_hz, high_hz, order, window_ms, compression })
        },
    );
    let fixed = prop_oneof![mel, spectrogram, gammatone, gammatonegram, ozgf].boxed();
    let learned = prop_oneof![sincnet, leaf].boxed();
    prop_oneof![3 => fixed, 2 => learned].boxed()
}

/// Models that hear: a front end before a pipeline, or strided convolutions.
pub fn hearing() -> impl Strategy<Value = ModelConfig> {
    let behind = (samplings(), front_ends(), 1usize..=3).prop_flat_map(|(sampling, front_end, n_neurons)| {
        let axes = Axes::new(front_end.n_bands(), n_neurons, sampling.dt());
        configs(axes)
            .prop_filter_map("a pipeline", move |config| config.behind(front_end.clone(), &sampling).ok())
    });
    let sizes = (1usize..=3, 2usize..=4, 2usize..=6, 1usize..=3, 1usize..=4);
    let icnet = (samplings(), sizes, 1usize..=3, unit_readouts()).prop_map(
        |(sampling, (filters, channels, taps, layers, bottleneck), n_neurons, readout)| {
            let low_hz = Hertz::whole::<200>();
            let icnet = IcnetConfig {
                filters,
                low_hz,
                high_hz: None,
                channels,
                taps,
                layers,
                strides: None,
                bottleneck,
            };
            let pipeline = PipelineConfig::new(CoreConfig::Icnet(icnet), readout);
            ModelConfig::pipeline(&sampling.axes(n_neurons), pipeline)
        },
    );
    prop_oneof![3 => behind, 1 => icnet].boxed()
}

/// Configs over every enum, for given axes of a cochleagram.
pub fn configs(axes: Axes) -> impl Strategy<Value = ModelConfig> {
    let fields = (strfs(), prop_oneof![Just(NormConfig::None), Just(NormConfig::Batch)], activations())
        .prop_map(|(strf, norm, activation)| {
            (CoreConfig::None, ReadoutConfig::Strf(StrfReadoutConfig { strf, norm, activation }))
        });
    // Over two units a normalisation is a step, which turns the rounding of a sum in another order into more than the
    // tolerance.
    let n_hidden = || 4usize..=7;
    let hidden = prop_oneof![
        (n_hidden(), strfs()).prop_map(|(hidden, strf)| CoreConfig::Nrf(NrfConfig { hidden, strf })),
        (n_hidden(), strfs(), leaks()).prop_map(|(hidden, strf, leak)| CoreConfig::Dnet(DnetConfig {
            hidden,
            strf,
            leak
        })),
    ];
    let statenet = (encoders(axes.n_bands), backbones(), 1usize..=3, any::<bool>()).prop_map(
        |(encoder, mut backbone, depth, add)| {
            if add {
                backbone = with_as_many_units_as_inputs(backbone);
            }
            let residual = if add { Residual::Add } else { Residual::None };
            CoreConfig::Statenet(StatenetConfig { encoder, backbone, depth, residual })
        },
    );
    let lags = || 1usize..=6;
    let low_rank =
        (1usize..=4, lags()).prop_map(|(rank, lags)| CoreConfig::LowRank(LowRankConfig { rank, lags }));
    // Of few rectified units all may be silent.
    let rectified = || 6usize..=9;
    let conv1d = (rectified(), lags(), prop::option::of(rectified()))
        .prop_map(|(channels, lags, hidden)| CoreConfig::Conv1d(Conv1dConfig { channels, lags, hidden }));
    let others = prop_oneof![
        low_rank,
        conv1d,
        convolutions(axes.n_bands).prop_map(CoreConfig::Conv2d),
        transformers(axes.n_bands).prop_map(CoreConfig::Transformer),
    ];
    let models = prop_oneof![
        1 => fields,
        1 => (hidden, unit_readouts()),
        1 => (others, unit_readouts()),
        2 => (statenet, unit_readouts()),
    ]
    .boxed();
    (prefilters(), models).prop_map(move |(prefilter, (core, readout))| {
        ModelConfig::pipeline(&axes, PipelineConfig { prefilter, ..PipelineConfig::new(core, readout) })
    })
}

/// A residual can be added only to as many units as there are inputs.
fn with_as_many_units_as_inputs(mut backbone: BackboneConfig) -> BackboneConfig {
    match &mut backbone {
        BackboneConfig::Gru(gated)
        | BackboneConfig::Lstm(gated)
        | BackboneConfig::Rnn(gated)
        | BackboneConfig::Sublstm(gated) => gated.hidden = None,
        BackboneConfig::Lmu(lmu) => lmu.hidden = None,
        BackboneConfig::Mamba(_) | BackboneConfig::S4(_) | BackboneConfig::S4d(_) => {}
    }
    backbone
}

/// Whole cases: a config over every enum, one in four of a model that hears, a seed, a sound.
pub fn cases() -> impl Strategy<Value = Case> {
    prop_oneof![3 => axes().prop_flat_map(configs).boxed(), 1 => hearing().boxed()]
        .prop_flat_map(|config| (Just(config), any::<u64>(), 1usize..=3, 2usize..=40))
        .prop_map(|(config, seed, batch, n_bins)| Case { config, seed: Seed::new(seed), batch, n_bins })
}
