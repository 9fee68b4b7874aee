//! The options of `fit` for the learning rate over time and for averages of weights.

use clap::{Args, ValueEnum};
use statenet::{
    prelude::*,
    train::{Averaging, Schedule},
};

/// Epochs of a cosine schedule, unless `--epochs` says otherwise.
const COSINE_EPOCHS: usize = 100;

/// Schedules and averages.
#[derive(Args, Clone, Debug)]
pub(crate) struct ScheduleArgs {
    /// Learning rate over time: constant; plateau (default: times 0.3 after 10 epochs without a better score, at most twice); cosine, to 0 at the
    /// last of --epochs, which are all run
    #[arg(long, value_name = "NAME")]
    schedule: Option<ScheduleName>,
    /// Epochs in which the learning rate first rises linearly; default: that of the model's recipe
    #[arg(long, value_name = "EPOCHS")]
    warmup: Option<usize>,
    /// Validate and keep the exponential moving average of the weights: the weight of the past in each step, such as 0.99, or 0 for the weights
    /// themselves; default: that of the model's recipe
    #[arg(long, value_name = "DECAY")]
    ema: Option<f64>,
    /// Validate and keep the mean of the weights after the last so many epochs
    #[arg(long, value_name = "EPOCHS", conflicts_with = "ema")]
    average_last: Option<usize>,
}

/// The schedules by name.
#[derive(ValueEnum, Clone, Copy, Debug, PartialEq, Eq)]
enum ScheduleName {
    Constant,
    Plateau,
    Cosine,
}

impl ScheduleArgs {
    /// Changes the settings of a fit by the options given.
    pub(super) fn apply(&self, config: &mut FitConfig) {
        if let Some(name) = self.schedule {
            let (defaults, is_cosine) = (FitConfig::default(), config.schedule == Schedule::Cosine);
            match name {
                ScheduleName::Cosine if is_cosine => {}
                ScheduleName::Cosine => {
                    (config.schedule, config.max_epochs) = (Schedule::Cosine, COSINE_EPOCHS);
                }
                ScheduleName::Plateau if matches!(config.schedule, Schedule::Plateau { .. }) => {}
                ScheduleName::Plateau => config.schedule = defaults.schedule,
                ScheduleName::Constant => config.schedule = Schedule::Constant,
            }
            // The epochs of a cosine are its length, those of the others a limit.
            if is_cosine && name != ScheduleName::Cosine {
                config.max_epochs = defaults.max_epochs;
            }
        }
        config.warm_up = self.warmup.unwrap_or(config.warm_up);
        match (self.ema, self.average_last) {
            (Some(decay), _) => config.averaging = Averaging::Ema { decay },
            (None, Some(epochs)) => config.averaging = Averaging::Last { epochs },
            (None, None) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use statenet::train::search::RecipeFields;

    use super::*;
    use crate::fit::FitArgs;

    fn config(options: &[&str]) -> FitConfig {
        let args = FitArgs::try_parse_from([&["fit"], options].concat()).unwrap();
        let axes = Axes::new(34, 3, TimeBin::from_millis(5.0).unwrap());
        args.fit_config(&zoo::statenet_gru(&axes), 0, axes.dt, &RecipeFields::default()).unwrap()
    }

    #[test]
    fn options_change_the_recipe() {
        let plain = config(&[]);
        let axes = Axes::new(34, 3, TimeBin::from_millis(5.0).unwrap());
        assert_eq!(plain, FitConfig { seed: Seed::new(0), ..FitConfig::recipe(&zoo::statenet_gru(&axes)) });
        assert_eq!(config(&["--schedule", "plateau"]), plain);
        assert_eq!(config(&["--schedule", "constant"]).schedule, Schedule::Constant);
        let cosine = config(&["--schedule", "cosine", "--warmup", "5"]);
        assert_eq!((cosine.schedule, cosine.max_epochs, cosine.warm_up), (Schedule::Cosine, 100, 5));
        assert_eq!(config(&["--schedule", "cosine", "--epochs", "7"]).max_epochs, 7);
        // A recipe with a cosine of its own keeps its length, and loses it with another schedule.
        let args = |name: &str| FitArgs::try_parse_from(["fit", "--schedule", name]).unwrap().schedule;
        let own = FitConfig { schedule: Schedule::Cosine, max_epochs: 30, ..FitConfig::default() };
        for (name, epochs) in [("cosine", 30), ("plateau", 1000), ("constant", 1000)] {
            let mut changed = own.clone();
            args(name).apply(&mut changed);
            assert_eq!(
                (changed.max_epochs, changed.schedule == Schedule::Cosine),
                (epochs, name == "cosine")
            );
        }
        assert_eq!(config(&["--ema", "0.99"]).averaging, Averaging::Ema { decay: 0.99 });
        assert_eq!(config(&["--average-last", "4"]).averaging, Averaging::Last { epochs: 4 });
        assert!(FitArgs::try_parse_from(["fit", "--average-last", "4", "--ema", "0.9"]).is_err());
        assert!(FitArgs::try_parse_from(["fit", "--schedule", "step"]).is_err());
    }
}
