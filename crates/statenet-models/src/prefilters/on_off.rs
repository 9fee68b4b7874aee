//! On and off channels: the rise and the fall of each band against a running average of its past.
//!
//! ```text
//! e[t+1] = a e[t] + (1 - a) x[t]        a = 1 / (1 + d^2)
//! on[t]  = relu(x[t] - e[t])            off[t] = relu(e[t] - x[t])
//! ```
//! In (B, 1, F, T), out (B, 2, F, T), on first. Memory: unbounded. Before t = 0: as if x\[0\] had lasted for ever, so
//! on = off = 0.
//! Parameters: F (d). a starts at exp(-dt / tau(f)), see `bands`.
//! Separate pathways for rises and falls of level are those of Fishbach et al. 2001 and Scholl et al. 2010; on - off is
//! x - e, so that nothing is lost but the average. AdapTrans (Rançon et al. 2024) at w = 1 with one a for both channels
//! is this filter: it lets a share 1 - w of a lasting sound through as well, and its channels have time constants of
//! their own. Willmore's adaptation is the on channel with a fixed.
//!
//! Fishbach A, Nelken I, Yeshurun Y (2001). Auditory edge detection: a neural model for physiological and
//! psychoacoustical responses to amplitude transients. Journal of Neurophysiology 85:2303-2323.
//! Scholl B, Gao X, Wehr M (2010). Nonoverlapping sets of synapses drive on responses and off responses in auditory
//! cortex. Neuron 65:412-421.

use candle_core::Tensor;
use serde::{Deserialize, Serialize};
use statenet_core::Axes;

use super::{
    adapting::{Adapting, Channel, Channels},
    bands::Bands,
};
use crate::{
    error::Result,
    params::{store::Scope, time_constant},
};

/// Rise and fall of each band.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OnOffConfig {
    /// Frequencies of the bands, which say how fast each starts to adapt.
    pub bands: Bands,
}

pub(super) struct OnOff {
    d: Tensor,
}

impl Channels for OnOff {
    const N: usize = 2;

    fn channels(&self) -> candle_core::Result<Vec<Channel>> {
        let decay = time_constant::rate(&self.d)?;
        let one = decay.ones_like()?;
        let less = one.neg()?;
        Ok(vec![
            Channel { decay: decay.clone(), of_sound: one.clone(), of_average: less.clone() },
            Channel { decay, of_sound: less, of_average: one },
        ])
    }
}

pub(super) fn new(config: &OnOffConfig, axes: &Axes, scope: &mut Scope<'_>) -> Result<Adapting<OnOff>> {
    let roots: Vec<f64> = config.bands.decays(axes)?.into_iter().map(time_constant::root).collect();
    let d = scope.parameter_with("d", axes.n_bands, |_| roots)?;
    let like = d.clone();
    Ok(Adapting::new(OnOff { d }, axes.n_bands, &like, |name| scope.name(name)))
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device};
    use statenet_core::{Seed, TimeBin};

    use super::*;
    use crate::{
        model::{mode::Mode, stage::Stage},
        params::store::{ParamStore, set_vector},
        prefilters::{AdaptransConfig, adaptrans},
    };

    #[test]
    fn a_step_up_is_on_and_a_step_down_is_off() {
        let axes = Axes::new(1, 1, TimeBin::from_millis(5.0).unwrap());
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let filter = new(&OnOffConfig::default(), &axes, &mut store.root()).unwrap();
        set_vector(&store.get("d").unwrap().var, &[1.0]).unwrap(); // a = 1/2
        let x = Tensor::new(&[[[[1f64, 9.0, 9.0, 1.0, 1.0]]]], &Device::Cpu).unwrap();
        let y = filter.forward(&x, Mode::Eval).unwrap().squeeze(0).unwrap().squeeze(1).unwrap();
        let expected = [[0.0, 8.0, 4.0, 0.0, 0.0], [0.0, 0.0, 0.0, 6.0, 3.0]];
        assert_eq!(y.to_vec2::<f64>().unwrap(), expected);
    }

    #[test]
    fn adaptrans_without_a_lasting_part_is_the_same() {
        let axes = Axes::new(3, 1, TimeBin::from_millis(5.0).unwrap());
        let whole = AdaptransConfig { initial_w: 1.0, ..AdaptransConfig::default() };
        let mut store = ParamStore::new(Seed::new(0), DType::F64, &Device::Cpu);
        let filter = new(&OnOffConfig::default(), &axes, &mut store.root()).unwrap();
        let adaptrans = adaptrans::new(&whole, &axes, &mut store.root().enter("adaptrans")).unwrap();
        let x: Vec<f64> = (0..3 * 50).map(|i| (i as f64 * 0.7).sin()).collect();
        let x = Tensor::from_vec(x, (1, 1, 3, 50), &Device::Cpu).unwrap();
        let y = |stage: &dyn Stage| {
            stage.forward(&x, Mode::Eval).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap()
        };
        assert_eq!(y(&filter), y(&adaptrans));
    }
}
