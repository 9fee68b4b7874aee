//! Modulations of natural sounds: slow processes with a 1/f spectrum, events with attack and decay, level steps, gaps.

use std::ops::Range;

use statenet_core::{Millis, RandomStream, TimeBin};

/// Time constants of leaky processes that sum to a 1/f spectrum between about 0.1 and 10 Hz, ms.
const PINK_TAUS_MS: [f64; 5] = [16.0, 48.0, 144.0, 432.0, 1296.0];

/// A random process of mean 0 and standard deviation 1 whose power spectrum falls as 1/f, like the loudness of speech and
/// music (Voss & Clarke 1975): the sum of leaky processes of equal variance with time constants a factor of three apart.
pub(super) fn pink(n_bins: usize, dt: TimeBin, stream: &mut RandomStream) -> Vec<f64> {
    let mut states = PINK_TAUS_MS.map(|tau| (libm::exp(-dt.ms() / tau), stream.normal()));
    let scale = 1.0 / (PINK_TAUS_MS.len() as f64).sqrt();
    let mut next = || {
        let mut sum = 0.0;
        for (decay, state) in &mut states {
            *state = *decay * *state + (1.0 - *decay * *decay).sqrt() * stream.normal();
            sum += *state;
        }
        sum * scale
    };
    (0..n_bins).map(|_| next()).collect()
}

/// Alternating gaps and events, with gaps and durations drawn uniformly, in ms.
pub(super) struct Events {
    pub(super) gap_ms: Range<f64>,
    pub(super) duration_ms: Range<f64>,
}

impl Events {
    /// Draws events until the end of the sound; returns the bins of each.
    pub(super) fn draw(&self, n_bins: usize, dt: TimeBin, stream: &mut RandomStream) -> Vec<Range<usize>> {
        let mut draw = |range: &Range<f64>| {
            let ms = stream.uniform(range.start, range.end);
            Millis::new(ms).map_or(1, |duration| dt.nearest_bins(duration))
        };
        let mut events = Vec::new();
        let mut start = draw(&self.gap_ms);
        while start < n_bins {
            let end = (start + draw(&self.duration_ms)).min(n_bins);
            events.push(start..end);
            start = end + draw(&self.gap_ms);
        }
        events
    }
}

/// Log amplitude within an event, with 0 at its peak: a rise during the attack, then an exponential fall to `end_level`.
pub(super) fn attack_and_decay(bin: usize, n_bins: usize, attack_bins: f64, end_level: f64) -> f64 {
    let position = bin as f64 + 1.0;
    let rise = (position / attack_bins).min(1.0);
    libm::log(rise) + end_level * position / n_bins as f64
}

/// Durations between the level steps of natural sounds, ms.
pub(super) const NATURAL_STEPS: Range<f64> = 300.0..1200.0;

/// A piecewise constant level: durations of pieces in ms and their levels are drawn uniformly from the ranges.
pub(super) fn steps(
    n_bins: usize,
    dt: TimeBin,
    durations: Range<f64>,
    limits: Range<f64>,
    stream: &mut RandomStream,
) -> Vec<f64> {
    let mut levels = Vec::with_capacity(n_bins);
    while levels.len() < n_bins {
        let ms = stream.uniform(durations.start, durations.end);
        let bins = Millis::new(ms).map_or(1, |duration| dt.nearest_bins(duration));
        let level = stream.uniform(limits.start, limits.end);
        levels.extend(std::iter::repeat_n(level, bins.min(n_bins - levels.len())));
    }
    levels
}

/// Draws silences of 50 to 250 ms, 500 to 1800 ms apart; returns their bins.
pub(super) fn silences(n_bins: usize, dt: TimeBin, stream: &mut RandomStream) -> Vec<Range<usize>> {
    Events { gap_ms: 500.0..1800.0, duration_ms: 50.0..250.0 }.draw(n_bins, dt, stream)
}

#[cfg(test)]
mod tests {
    use statenet_core::Seed;

    use super::*;

    fn dt() -> TimeBin {
        TimeBin::from_millis(5.0).unwrap()
    }

    #[test]
    fn pink_modulation_has_as_much_power_in_slow_octaves_as_in_fast_ones() {
        let n = 1 << 15;
        let x = pink(n, dt(), &mut Seed::new(1).stream("pink"));
        let variance = x.iter().map(|v| v * v).sum::<f64>() / n as f64;
        assert!((variance - 1.0).abs() < 0.2, "{variance}");
        // Power between f and 2 f, by a plain Fourier sum over its frequencies; 0.25 Hz and 4 Hz.
        let octave = |low: f64| {
            let bins = ((low * 0.005 * n as f64) as usize)..((2.0 * low * 0.005 * n as f64) as usize);
            bins.map(|k| {
                let (mut re, mut im) = (0.0, 0.0);
                for (t, v) in x.iter().enumerate() {
                    let angle = std::f64::consts::TAU * ((k * t) % n) as f64 / n as f64;
                    re += v * angle.cos();
                    im += v * angle.sin();
                }
                (re * re + im * im) / (n as f64 * n as f64)
            })
            .sum::<f64>()
        };
        let ratio = octave(0.25) / octave(2.0);
        assert!((0.4..2.5).contains(&ratio), "a white process has 1/8, a brown one 8; this has {ratio}");
    }

    #[test]
    fn events_are_inside_in_order_and_apart() {
        let events = Events { gap_ms: 20.0..300.0, duration_ms: 50.0..250.0 };
        let events = events.draw(600, dt(), &mut Seed::new(2).stream("events"));
        assert!(events.len() >= 5);
        assert!(events.iter().all(|e| e.start < e.end && e.end <= 600));
        assert!(events.windows(2).all(|w| w[0].end + 4 <= w[1].start));
    }

    #[test]
    fn an_event_rises_and_falls() {
        let levels: Vec<f64> = (0..10).map(|bin| attack_and_decay(bin, 10, 2.0, -1.0)).collect();
        assert!(levels[0] < levels[1] && levels[1] > levels[9]);
        assert!((levels[9] + 1.0).abs() < 1e-12);
    }
}
