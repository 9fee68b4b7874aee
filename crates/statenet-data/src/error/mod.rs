//! The errors of this crate.

mod place;
mod words;

use std::path::PathBuf;

use statenet_core::{Hertz, Input, ResponseUnit, SampleRate, ShapeError, TimeBin, json};

pub use place::Place;
pub(crate) use words::some_of;
use words::{brackets, in_words, joined, of_part, plural};

use crate::{
    formats::FormatError,
    preprocess::Smoothing,
    recording::Recording,
    split::{likeness::SimilarSounds, part::Part},
};

/// What can go wrong between a recording on disk and a batch on a device.
///
/// Grouped by who must act: the caller (arguments, splits, lists), the data (a file, an array, a field), the
/// environment (disk, device). Messages say what is wrong, what was found and what was expected.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An array has the wrong shape.
    #[error("{place}: {shape}")]
    Shape {
        /// Where the array is.
        place: Place,
        /// The array's name, its shape and the expected shape.
        shape: ShapeError,
    },
    /// One value of an array is not allowed.
    #[error("{place}: {array}{} is {got}, expected {expected}", brackets(index))]
    Value {
        /// Where the array is.
        place: Place,
        /// The array's name.
        array: &'static str,
        /// Index of the first such value.
        index: Vec<usize>,
        /// The value found.
        got: f64,
        /// The allowed values, in words.
        expected: &'static str,
    },
    /// A recording was to be cut into pieces longer than any of its stimuli.
    #[error(
        "recording {recording}: no stimulus is as long as a piece, cut {cut}: the longest, {stimulus}, lasts {lasts} s"
    )]
    NoPiece {
        /// The recording's name.
        recording: String,
        /// The cut.
        cut: String,
        /// The longest stimulus.
        stimulus: String,
        /// How long it lasts, seconds.
        lasts: f64,
    },
    /// Two neurons or two stimuli have the same name.
    #[error("{what} {name} occurs twice, expected unique names")]
    Duplicate {
        /// `"neuron"` or `"stimulus"`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// A name cannot be used as a file name on every system. Stimuli need such names, since predictions are files named
    /// after them.
    #[error(
        "{what} name {name:?} cannot be a file name, expected 1 to 120 bytes without / \\ : * ? \" < > |, control characters, or a leading or trailing dot or space"
    )]
    UnsafeName {
        /// `"stimulus"`.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// Neurons are asked for by ids that are not there.
    #[error("{holder} has none of these neurons: {} (it has {n_neurons} others)", some_of(ids))]
    UnknownNeurons {
        /// Where they are missing, such as `recording NAME`.
        holder: String,
        /// The ids that are missing.
        ids: Vec<String>,
        /// How many neurons there are.
        n_neurons: usize,
    },
    /// Predictions lack a stimulus, or have neurons or stimuli in another number than their rates.
    #[error("predictions have {got}, expected {expected}")]
    Predictions {
        /// What was found.
        got: String,
        /// What was expected.
        expected: String,
    },
    /// Neurons, stimuli or bands are missing.
    #[error("recording has no {what}, expected at least one")]
    Empty {
        /// What is missing, in the plural.
        what: &'static str,
    },
    /// A recording has another time bin than a model or another recording.
    #[error("recording {recording}: dt is {} ms, expected {} ms", got.ms(), expected.ms())]
    Dt {
        /// The recording's name.
        recording: String,
        /// Its dt.
        got: TimeBin,
        /// The expected dt.
        expected: TimeBin,
    },
    /// A recording has another number of bands or neurons than a model or another recording.
    #[error("recording {recording}: {axis} is {got}, expected {expected}")]
    Axis {
        /// The recording's name.
        recording: String,
        /// `"n_bands"` or `"n_neurons"`.
        axis: &'static str,
        /// The size found.
        got: usize,
        /// The expected size.
        expected: usize,
    },
    /// A recording has other band centres than a model or another recording.
    #[error("recording {recording}: band {band} is centred at {} Hz, expected {} Hz", got.hz(), expected.hz())]
    BandCenters {
        /// The recording's name.
        recording: String,
        /// The first band that differs.
        band: usize,
        /// Its centre frequency.
        got: Hertz,
        /// The expected centre frequency.
        expected: Hertz,
    },
    /// Recordings to be joined have cochleagrams of different front ends.
    #[error(
        "recording {recording}: the cochleagrams were made by {got}, expected {expected}: make them with one front end"
    )]
    FrontEnd {
        /// The recording's name.
        recording: String,
        /// What it says of its cochleagrams, shortened.
        got: String,
        /// What the first recording says.
        expected: String,
    },
    /// Responses are smoothed otherwise than expected: they would be smoothed twice, or two ways would be mixed.
    #[error("the responses of recording {recording} are {}, expected {}", in_words(*got), in_words(*expected))]
    Smoothing {
        /// The recording's name.
        recording: String,
        /// How they are smoothed.
        got: Option<Smoothing>,
        /// How they were expected to be smoothed.
        expected: Option<Smoothing>,
    },
    /// Responses, or predictions of them, are in another unit than a recording or a model.
    #[error("{holder}: responses are in {got}, expected {expected}")]
    ResponseUnit {
        /// Which recording, stimulus or predictions.
        holder: String,
        /// Their unit.
        got: ResponseUnit,
        /// The expected unit.
        expected: ResponseUnit,
    },
    /// Cochleagrams cannot be scaled: their standard deviation does not fit in f32.
    #[error("cannot scale the cochleagrams")]
    Scale {
        /// The number that is out of range.
        #[source]
        source: statenet_core::Error,
    },
    /// A stimulus index is out of range.
    #[error("stimulus index{} is {index}, expected below {n_stimuli}", of_part(*part))]
    StimulusOutOfRange {
        /// The index.
        index: usize,
        /// The part of a split that lists it, if one does.
        part: Option<Part>,
        /// Number of stimuli in the recording.
        n_stimuli: usize,
    },
    /// A split names a stimulus that the recording lacks.
    #[error("stimulus {name} in the {part} part is not in the recording")]
    UnknownStimulus {
        /// The name.
        name: String,
        /// The part that lists it.
        part: Part,
    },
    /// A part of a split is empty.
    #[error("the {part} part of the split is empty, expected at least one stimulus")]
    EmptyPart {
        /// The part.
        part: Part,
    },
    /// No neuron was recorded in any stimulus of a part.
    #[error("recording {recording}: no neuron has a recorded response to any {part} stimulus ({}), expected one at least; choose another split or other neurons", stimuli.join(", "))]
    NobodyRecorded {
        /// The part.
        part: Part,
        /// Names of its stimuli.
        stimuli: Vec<String>,
        /// The recording's name.
        recording: String,
    },
    /// Every part has recorded neurons, but no neuron is in all of them.
    #[error(
        "recording {recording}: no neuron has recorded responses in all of the parts {} of the split, expected one at least; choose a split whose parts share neurons",
        joined(parts)
    )]
    NobodyInAll {
        /// The parts.
        parts: Vec<Part>,
        /// The recording's name.
        recording: String,
    },
    /// A split lists a stimulus twice.
    #[error("stimulus {stimulus} is in the {first} part and again in the {second} part, expected once")]
    Leak {
        /// The stimulus's name, or its index if no recording is at hand.
        stimulus: String,
        /// The part that lists it first.
        first: Part,
        /// The part that lists it again.
        second: Part,
    },
    /// Two stimuli in different parts of a split are the same sound, or nearly.
    #[error("{0}, expected them in one part, or similar sounds to be allowed (--allow-similar-sounds)")]
    SimilarSounds(Box<SimilarSounds>),
    /// A split rule does not fit the number of stimuli.
    #[error("split {plan} needs {expected} stimuli, the recording has {got}")]
    SplitCount {
        /// The rule.
        plan: String,
        /// The number of stimuli it needs, in words.
        expected: String,
        /// The number of stimuli in the recording.
        got: usize,
    },
    /// A nested cross-validation needs more groups of stimuli.
    #[error(
        "split {plan} needs at least {n_folds} groups of unlike stimuli, {n_inner} of them outside each outer fold, the recording has {got}, with {outside} outside the largest"
    )]
    SplitGroups {
        /// The rule.
        plan: String,
        /// Outer folds.
        n_folds: usize,
        /// Inner folds.
        n_inner: usize,
        /// The groups of the recording.
        got: usize,
        /// Those outside the outer fold that has most of them.
        outside: usize,
    },
    /// The text of a nested cross-validation is not one.
    #[error(
        "nested cross-validation is {text:?}, expected nested:K/J or nested:FIELD:K/J with K and J of at least 2"
    )]
    NestedPlan {
        /// The text.
        text: String,
    },
    /// A stimulus lacks the field by which a split groups stimuli.
    #[error(
        "stimulus {stimulus} has no {field}, expected one for every stimulus, by which the split groups them"
    )]
    NoGroup {
        /// The stimulus.
        stimulus: String,
        /// The field.
        field: String,
    },
    /// A neuron lacks the field by which neurons are grouped.
    #[error("neuron {neuron} has no {field} in its metadata")]
    NoCluster {
        /// The neuron.
        neuron: String,
        /// The field.
        field: String,
    },
    /// The text of a split is not a known rule.
    #[error(
        "split is {text:?}, expected demo, rahman, repeats, kfold:K/I or grouped:FIELD:K/I with K of at least 3 and I below K, loo:I, nested:K/J:I with K and J of at least 2 and I below K, or a .json file"
    )]
    SplitPlan {
        /// The text.
        text: String,
    },
    /// A share of the training stimuli is out of range.
    #[error("the share of training stimuli is {got}, expected above 0 and at most 1")]
    TrainingShare {
        /// The share.
        got: f64,
    },
    /// An entry in a list of neurons is not a neuron.
    #[error(
        "the list of neurons contains {entry:?}, expected an id, an index below {n_neurons} or a range of indices like 5-9"
    )]
    NeuronList {
        /// The entry.
        entry: String,
        /// Number of neurons in the recording.
        n_neurons: usize,
    },
    /// The text of a condition on metadata is not one.
    #[error(
        "condition is {text:?}, expected FIELD=VALUE, FIELD=VALUE|VALUE or FIELD!=VALUE, or FIELD<NUMBER with <, <=, > or >="
    )]
    Condition {
        /// The text.
        text: String,
    },
    /// A condition is on a field that no neuron, or no stimulus, has.
    #[error("no {what} of recording {recording} has the field {field}, expected one of {}", known.join(", "))]
    UnknownField {
        /// The recording's name.
        recording: String,
        /// `"neuron"` or `"stimulus"`.
        what: &'static str,
        /// The field.
        field: String,
        /// The fields that there are.
        known: Vec<String>,
    },
    /// A field is to be compared as a number and is none.
    #[error("{holder}: {field} is {got}, expected a number, to be compared as {condition} asks")]
    NotANumber {
        /// Which neuron or stimulus.
        holder: String,
        /// The field.
        field: String,
        /// Its value, shortened.
        got: String,
        /// The condition.
        condition: String,
    },
    /// No neuron, or no stimulus, meets the conditions.
    #[error(
        "no {holder} meets {}, expected one at least: the values of {field} are {}",
        conditions.join(" and "), some_of(values)
    )]
    NothingMeets {
        /// `neuron of recording NAME`, or `stimulus of recording NAME`.
        holder: String,
        /// The conditions.
        conditions: Vec<String>,
        /// The field of the first.
        field: String,
        /// The values that it has.
        values: Vec<String>,
    },
    /// A neuron index is out of range.
    #[error("neuron index is {index}, expected below {n_neurons}")]
    NeuronOutOfRange {
        /// The index.
        index: usize,
        /// Number of neurons in the recording.
        n_neurons: usize,
    },
    /// The letters for the axes of an array are not a possible order.
    #[error("the axes of {array} are {text:?}, expected {expected}")]
    AxisOrder {
        /// The array.
        array: String,
        /// The text.
        text: String,
        /// What it must be, in words.
        expected: String,
    },
    /// An array has another number of axes than the letters given for them.
    #[error("{array} has shape {got:?}, expected {} axes, as the letters {order} say", order.len())]
    AxisCount {
        /// The array.
        array: String,
        /// Its shape.
        got: Vec<usize>,
        /// The letters, one an axis.
        order: String,
    },
    /// A setting is outside its range.
    #[error("{setting} is {got}, expected {expected}")]
    Setting {
        /// The setting's name.
        setting: &'static str,
        /// The value found.
        got: String,
        /// The allowed values, in words.
        expected: &'static str,
    },

    /// A recording holds cochleagrams where sound is needed, or sound where cochleagrams are.
    #[error("recording {recording} holds {}, expected {}", plural(*got), plural(*expected))]
    Input {
        /// The recording's name.
        recording: String,
        /// What it holds.
        got: Input,
        /// What is needed.
        expected: Input,
    },
    /// A recording has no sound for a stimulus, where a model that hears needs it.
    #[error(
        "recording {recording}: stimulus {stimulus} has no audio, expected a sound file for every stimulus, which a model that hears takes"
    )]
    NoAudio {
        /// The recording's name.
        recording: String,
        /// The first stimulus without sound.
        stimulus: String,
    },
    /// A sound is longer or shorter than the responses to it.
    #[error("{path}: the sound lasts {got_ms:.1} ms, expected {expected_ms:.1} ms as the responses, within two bins or a hundredth", path = path.display())]
    SoundLength {
        /// The sound file.
        path: PathBuf,
        /// Its duration.
        got_ms: f64,
        /// The duration of the responses.
        expected_ms: f64,
    },
    /// Responses in bins are longer or shorter than the sound.
    #[error(
        "stimulus {stimulus}: the responses have {got} bins, expected {expected} as the sound, within two bins or a hundredth"
    )]
    ResponseLength {
        /// The stimulus.
        stimulus: String,
        /// Bins of the responses.
        got: usize,
        /// Bins of the sound.
        expected: usize,
    },
    /// A response of a raw recording is not of the kind that its unit has.
    #[error("stimulus {stimulus}: a response is {got}, expected one in {unit}, the unit of the recording")]
    ResponseKind {
        /// The stimulus.
        stimulus: String,
        /// What it is, in words.
        got: &'static str,
        /// The unit of the recording.
        unit: ResponseUnit,
    },
    /// Time bins are shorter than the time between two samples of a continuous response.
    #[error(
        "stimulus {stimulus}: dt is {} ms, expected {} ms or more, the time between two samples of the responses at {} Hz",
        dt.ms(), 1e3 / rate.hz(), rate.hz()
    )]
    SlowResponse {
        /// The stimulus.
        stimulus: String,
        /// The rate of the samples.
        rate: SampleRate,
        /// The width of the bins asked for.
        dt: TimeBin,
    },
    /// Stimuli of a raw recording have neither a sound nor a cochleagram.
    #[error("there is no sound and no cochleagram for {}, expected one for every stimulus", some_of(stimuli))]
    NoSound {
        /// Their names.
        stimuli: Vec<String>,
    },
    /// Time bins were asked for that cannot be made of those of the source.
    #[error("dt is {} ms, expected {} ms, the bins of the source, or a multiple", got.ms(), source_dt.ms())]
    SourceBins {
        /// The dt asked for.
        got: TimeBin,
        /// The width of the source's bins.
        source_dt: TimeBin,
    },
    /// A sound cannot be brought to another sample rate.
    #[error("cannot resample from {} to {} Hz: {reason}", from.hz(), to.hz())]
    Resample {
        /// The sound's rate.
        from: SampleRate,
        /// The rate asked for.
        to: SampleRate,
        /// Why not.
        reason: String,
    },
    /// A file or folder cannot be read.
    #[error("{path}: cannot {action}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was attempted.
        action: &'static str,
        /// The error of the operating system.
        #[source]
        source: std::io::Error,
    },
    /// A file of responses, which stay on disk, is not as it was when the recording was read.
    #[error("{path}: has changed since the recording was read: read the recording again", path = path.display())]
    FileChanged {
        /// The file.
        path: PathBuf,
    },
    /// A file is not JSON.
    #[error("{path}: cannot read as JSON", path = path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line, column and reason, or the field.
        #[source]
        source: json::JsonError,
    },
    /// A folder lacks a file that a reader needs.
    #[error("{folder}: there is no {expected}", folder = folder.display())]
    NoFile {
        /// The folder.
        folder: PathBuf,
        /// The file, in words.
        expected: &'static str,
    },
    /// A file is not a table of columns.
    #[error("{path}: cannot read the table", path = path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// The line and what is wrong there.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A table lacks a column, or has it twice.
    #[error("{path}: the columns are {}, expected {expected}", found.join(", "), path = path.display())]
    TableColumns {
        /// The file.
        path: PathBuf,
        /// The columns found.
        found: Vec<String>,
        /// What is expected.
        expected: &'static str,
    },
    /// A field of a table is wrong.
    #[error("{path}: {column} in line {line} is {got}, expected {expected}", path = path.display())]
    TableValue {
        /// The file.
        path: PathBuf,
        /// The line, from 1 (of a JSON table: the row).
        line: u64,
        /// The column.
        column: &'static str,
        /// What stands there.
        got: String,
        /// What is expected.
        expected: &'static str,
    },
    /// A table has more repeats of a sound than it should.
    #[error("there is a repeat {got}, counted from {first}, expected {expected} repeats (--repeats)")]
    Repeats {
        /// The highest repeat of the table.
        got: u32,
        /// What the first repeat is called.
        first: u32,
        /// The number that was given.
        expected: usize,
    },
    /// The numbers of a column of repeats are not those of repeats.
    #[error(
        "there is a repeat {got} but only {different} different ones, expected numbers that count the repeats of each sound from 0 or 1"
    )]
    RepeatNumbers {
        /// The highest.
        got: u32,
        /// How many different ones there are.
        different: usize,
    },
    /// A field of a JSON file is missing or wrong.
    #[error("{path}: {field} is {got}, expected {expected}", path = path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// The field, such as `stimuli[3].bins`.
        field: String,
        /// The value found, shortened; `missing` if the field is absent.
        got: String,
        /// The allowed values, in words.
        expected: String,
    },
    /// A sound file is damaged or of a kind that is not read.
    #[error("{path}: cannot read the sound", path = path.display())]
    SoundFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with its content.
        #[source]
        source: FormatError,
    },
    /// An array file is damaged or truncated, or has the wrong type.
    #[error("{path}: cannot read {array}", path = path.display())]
    ArrayFile {
        /// The file.
        path: PathBuf,
        /// The array's name.
        array: &'static str,
        /// What is wrong with its content.
        #[source]
        source: FormatError,
    },
    /// The variable or array of a file that holds something is not named.
    #[error("{path}: no variable is named for {what}, expected one of those in the file: {}", some_of(found), path = path.display())]
    NoVariable {
        /// The file.
        path: PathBuf,
        /// What is looked for.
        what: &'static str,
        /// What the file holds: names, shapes and classes.
        found: Vec<String>,
    },
    /// A file could not be written; the source names it.
    #[error(transparent)]
    Write(#[from] statenet_core::Error),
    /// The content of a file could not be encoded.
    #[error("{path}: cannot encode {what}", path = path.display())]
    Encode {
        /// The file.
        path: PathBuf,
        /// What was encoded.
        what: &'static str,
        /// The encoder's error.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Something needs more memory than there is.
    #[error(transparent)]
    Memory(#[from] statenet_core::TooLarge),
    /// A tensor could not be created on the device.
    #[error("cannot {op}")]
    Tensor {
        /// What was attempted.
        op: &'static str,
        /// Candle's error.
        #[source]
        source: candle_core::Error,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// For a recording whose responses are smoothed otherwise than expected.
    pub(crate) fn smoothing(recording: &Recording, expected: Option<Smoothing>) -> Self {
        Self::Smoothing { recording: recording.name().to_owned(), got: recording.smoothing(), expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_travel_between_threads() {
        fn travels<T: std::error::Error + Send + Sync + 'static>() {}
        travels::<Error>();
        travels::<FormatError>();
    }

    #[test]
    fn a_value_names_its_place_and_index() {
        let place = Place::File("stimuli/nat03.npy".into());
        let error = Error::Value {
            place,
            array: "cochleagram",
            index: vec![3, 17],
            got: f64::NAN,
            expected: "finite",
        };
        assert_eq!(error.to_string(), "stimuli/nat03.npy: cochleagram[3, 17] is NaN, expected finite");
    }
}
