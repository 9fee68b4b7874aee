//! The table of spikes: units, stimuli, repeats and times.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use statenet_core::Need;

use super::{
    columns::{Column, Columns, wrong_value},
    row::Fields,
    rows::for_each_row,
};
use crate::{
    error::{Error, Result},
    raw::{RawResponse, RawSound, RawStimulus},
    readers::{order::natural, sound_folder::without_ending},
};

/// The rows of a table of spikes.
#[derive(Debug)]
pub(super) struct SpikeTable {
    units: Names,
    stimuli: Names,
    rows: Vec<Row>,
}

/// One spike, or, with a time of NaN, a repeat without one.
#[derive(Clone, Copy, Debug)]
struct Row {
    unit: u32,
    stimulus: u32,
    repeat: u32,
    seconds: f64,
}

/// Where the columns are.
struct Places {
    unit: usize,
    /// Stimulus and repeat; `None` if times are on one clock.
    played: Option<(usize, usize)>,
    time: usize,
    seconds: f64,
    table: SpikeTable,
}

impl SpikeTable {
    /// Reads the rows; with `on_one_clock` the columns of stimulus and repeat are not needed.
    pub(super) fn parse(bytes: Vec<u8>, path: &Path, on_one_clock: bool) -> Result<Self> {
        let header = |names| {
            let mut columns = Columns::new(names);
            let unit = columns.find(Column::Unit, path)?;
            let played = match on_one_clock {
                true => None,
                false => Some((columns.find(Column::Stimulus, path)?, columns.find(Column::Repeat, path)?)),
            };
            let time = columns.find(Column::Time, path)?;
            let table = Self { units: Names::default(), stimuli: Names::default(), rows: Vec::new() };
            Ok(Places { unit, played, time, seconds: columns.seconds, table })
        };
        let mut table =
            for_each_row(bytes, path, header, |places, line, fields| places.row(path, line, fields))?.table;
        if table.rows.is_empty() {
            return Err(Error::Empty { what: "spikes" });
        }
        let units = table.units.sort();
        let stimuli = table.stimuli.sort();
        for row in &mut table.rows {
            row.unit = units.get(row.unit as usize).copied().unwrap_or(row.unit);
            row.stimulus = stimuli.get(row.stimulus as usize).copied().unwrap_or(row.stimulus);
        }
        Ok(table)
    }

    /// The ids of the units, in natural order.
    pub(super) fn units(&self) -> &[String] {
        &self.units.names
    }

    /// The times of each unit's spikes, in seconds, in the order of the rows.
    pub(super) fn on_one_clock(&self) -> Vec<Vec<f64>> {
        let mut trains = vec![Vec::new(); self.units.names.len()];
        for row in self.rows.iter().filter(|row| !row.seconds.is_nan()) {
            if let Some(train) = trains.get_mut(row.unit as usize) {
                train.push(row.seconds);
            }
        }
        trains
    }

    /// The stimuli, in natural order, with the spikes of each unit in each repeat.
    pub(super) fn stimuli(
        &self,
        repeats: &Repeats,
        sound: &mut dyn FnMut(&str) -> RawSound,
    ) -> Result<Vec<RawStimulus>> {
        let silent = vec![vec![Vec::new(); repeats.n]; self.units.names.len()];
        let mut trains = vec![silent; self.stimuli.names.len()];
        for row in self.rows.iter().filter(|row| !row.seconds.is_nan()) {
            let of_unit =
                trains.get_mut(row.stimulus as usize).and_then(|units| units.get_mut(row.unit as usize));
            let repeat = row.repeat.saturating_sub(repeats.first) as usize;
            if let Some(train) = of_unit.and_then(|train: &mut Vec<Vec<f64>>| train.get_mut(repeat)) {
                train.push(row.seconds);
            }
        }
        let of_names = self.stimuli.names.iter().zip(trains);
        Ok(of_names
            .map(|(name, units)| {
                let responses = units.into_iter().map(RawResponse::spikes).collect();
                RawStimulus::new(name, sound(name), responses)
            })
            .collect())
    }
}

impl Places {
    fn row(&mut self, path: &Path, line: u64, fields: &dyn Fields) -> Result<()> {
        let wrong = |column, got, expected| wrong_value(path, line, column, got, expected);
        const EMPTY: &str = "empty";
        let Some(unit) = fields.text(self.unit) else {
            return Err(wrong("unit", EMPTY.to_owned(), "the id of a unit"));
        };
        let unit = self.table.units.index(&unit);
        let (mut stimulus, mut repeat) = (0, 0);
        if let Some((stimulus_place, repeat_place)) = self.played {
            let Some(name) = fields.text(stimulus_place) else {
                return Err(wrong("stimulus", EMPTY.to_owned(), "the name of a sound"));
            };
            // The same sound, with or without the ending of its file.
            stimulus = self.table.stimuli.index(without_ending(&name));
            let expected = "a whole number from 0 or 1 to 1000000";
            repeat = match fields.number(repeat_place) {
                Ok(Some(number)) if (0.0..=1e6).contains(&number) && number.fract() == 0.0 => number as u32,
                Ok(got) => {
                    return Err(wrong("repeat", got.map_or(EMPTY.to_owned(), |n| n.to_string()), expected));
                }
                Err(text) => return Err(wrong("repeat", text, expected)),
            };
        }
        let seconds = match fields.number(self.time) {
            Ok(None) => f64::NAN,
            Ok(Some(time)) if time.is_finite() => self.seconds * time,
            Ok(Some(time)) => return Err(wrong("time", time.to_string(), "a finite time, or nothing")),
            Err(text) => return Err(wrong("time", text, "a finite time, or nothing")),
        };
        self.table.rows.push(Row { unit, stimulus, repeat, seconds });
        Ok(())
    }
}

/// How many times more repeats than have a row anywhere are believed.
const MOST_MISSING: usize = 20;

/// How many repeats of each stimulus there were.
#[derive(Debug)]
pub(super) struct Repeats {
    /// What the first one is called: 0 or 1.
    first: u32,
    n: usize,
    doubt: Option<String>,
}

impl Repeats {
    /// The number that was given, or else that of the table.
    ///
    /// # Errors
    /// [`Error::Repeats`] if the table has more than were given; [`Error::RepeatNumbers`] for numbers that cannot be those of repeats;
    /// [`Error::Memory`].
    pub(super) fn of(table: &SpikeTable, given: Option<usize>) -> Result<Self> {
        let labels = || table.rows.iter().map(|row| row.repeat);
        let (lowest, highest) = (labels().min().unwrap_or(0), labels().max().unwrap_or(0));
        let first = lowest.min(1);
        let found = (highest - first) as usize + 1;
        let n = given.unwrap_or(found);
        if found > n {
            return Err(Error::Repeats { got: highest, first, expected: n });
        }
        let different = labels().collect::<BTreeSet<u32>>().len();
        if given.is_none() && found > MOST_MISSING * different {
            return Err(Error::RepeatNumbers { got: highest, different });
        }
        Need::of_values(&[table.units.names.len(), table.stimuli.names.len(), n], size_of::<Vec<f64>>())
            .ensure(
                format!(
                    "{} units x {} stimuli x {n} repeats",
                    table.units.names.len(),
                    table.stimuli.names.len()
                ),
                "read fewer units, or say how many repeats there were (--repeats)",
            )?;
        let played: BTreeSet<(u32, u32)> = table.rows.iter().map(|row| (row.stimulus, row.repeat)).collect();
        let without_rows = n * table.stimuli.names.len() - played.len();
        let few_units = table.units.names.len() < 3;
        let doubt = (given.is_none() && (few_units || without_rows > 0)).then(|| {
            format!(
                "taken as {n} repeats of each sound, of which {without_rows} have no row and count as silent; a repeat without \
                 spikes has no row: say how many there were (--repeats)"
            )
        });
        Ok(Self { first, n, doubt })
    }

    /// Why the number may be wrong.
    pub(super) fn doubt(&self) -> Option<&str> {
        self.doubt.as_deref()
    }
}

/// Names, each with a number.
#[derive(Debug, Default)]
struct Names {
    names: Vec<String>,
    numbers: BTreeMap<String, u32>,
    /// The number found last: tables are mostly sorted.
    last: u32,
}

impl Names {
    /// The number of a name; a new one gets the next.
    fn index(&mut self, name: &str) -> u32 {
        if self.names.get(self.last as usize).is_some_and(|last| last == name) {
            return self.last;
        }
        self.last = match self.numbers.get(name) {
            Some(&number) => number,
            None => {
                let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
                self.numbers.insert(name.to_owned(), number);
                self.names.push(name.to_owned());
                number
            }
        };
        self.last
    }

    /// Puts the names into natural order; returns the new number of each old one.
    fn sort(&mut self) -> Vec<u32> {
        let mut order: Vec<usize> = (0..self.names.len()).collect();
        let name = |place: usize| self.names.get(place).map_or("", String::as_str);
        order.sort_by(|&a, &b| natural(name(a), name(b)));
        let mut new = vec![0; order.len()];
        for (number, &old) in order.iter().enumerate() {
            if let Some(slot) = new.get_mut(old) {
                *slot = number as u32;
            }
        }
        self.names.sort_by(|a, b| natural(a, b));
        new
    }
}
