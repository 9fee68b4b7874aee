//! Tables of spikes in Parquet files.

#[cfg(not(feature = "formats"))]
#[test]
fn without_the_feature_the_error_names_it() {
    use statenet_data::readers::table::{self, TableOptions};
    let folder = tempfile::tempdir().unwrap();
    crate::write(folder.path().join("spikes.parquet"), b"PAR1");
    let text = crate::whole(&table::read(folder.path(), &TableOptions::default()).unwrap_err());
    assert!(
        text.ends_with(
            "cannot read the table: Parquet needs the feature formats: cargo install statenet-cli, or --features formats"
        ),
        "{text}"
    );
}

#[cfg(feature = "formats")]
mod built {
    use std::{path::Path, sync::Arc};

    use parquet::{
        basic::Compression,
        data_type::{ByteArrayType, DataType, DoubleType, Int64Type},
        file::{
            properties::{EnabledStatistics, WriterProperties},
            writer::{SerializedFileWriter, SerializedRowGroupWriter},
        },
        schema::parser::parse_message_type,
    };
    use proptest::prelude::*;
    use statenet_data::{
        Neuron, RawRecording, RawResponse,
        formats::{
            FormatError,
            parquet::{Cell, Parquet},
        },
        readers::table::{self, TableOptions},
    };

    use crate::{whole, write, write_sound};

    /// A column of the files that the tests write.
    #[derive(Clone, Debug)]
    enum Column {
        Text(Vec<Option<String>>),
        Whole(Vec<Option<i64>>),
        Real(Vec<Option<f64>>),
    }

    fn text<'a>(cells: impl IntoIterator<Item = &'a str>) -> Column {
        Column::Text(cells.into_iter().map(|cell| Some(cell.to_owned())).collect())
    }

    fn whole_numbers(cells: impl IntoIterator<Item = i64>) -> Column {
        Column::Whole(cells.into_iter().map(Some).collect())
    }

    fn real(cells: impl IntoIterator<Item = f64>) -> Column {
        Column::Real(cells.into_iter().map(Some).collect())
    }

    impl Column {
        fn n_rows(&self) -> usize {
            match self {
                Self::Text(cells) => cells.len(),
                Self::Whole(cells) => cells.len(),
                Self::Real(cells) => cells.len(),
            }
        }

        fn is_required(&self) -> bool {
            match self {
                Self::Text(cells) => cells.iter().all(Option::is_some),
                Self::Whole(cells) => cells.iter().all(Option::is_some),
                Self::Real(cells) => cells.iter().all(Option::is_some),
            }
        }

        fn kind(&self) -> (&'static str, &'static str) {
            match self {
                Self::Text(_) => ("binary", " (STRING)"),
                Self::Whole(_) => ("int64", ""),
                Self::Real(_) => ("double", ""),
            }
        }
    }

    /// Writes the rows of one column from `rows` on.
    fn write_cells<T: DataType>(
        group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
        cells: &[Option<T::T>],
        is_required: bool,
    ) {
        let mut writer = group.next_column().unwrap().unwrap();
        let values: Vec<T::T> = cells.iter().flatten().cloned().collect();
        let levels: Vec<i16> = cells.iter().map(|cell| i16::from(cell.is_some())).collect();
        let levels = (!is_required).then_some(levels.as_slice());
        writer.typed::<T>().write_batch(&values, levels, None).unwrap();
        writer.close().unwrap();
    }

    /// A file of these columns, in row groups of so many rows.
    fn file(
        columns: &[(&str, Column)],
        rows_a_group: usize,
        compression: Compression,
        dictionary: bool,
    ) -> Vec<u8> {
        let fields = columns.iter().map(|(name, column)| {
            let (kind, meaning) = column.kind();
            let repetition = if column.is_required() { "required" } else { "optional" };
            format!("{repetition} {kind} {name}{meaning};")
        });
        let schema = format!("message table {{ {} }}", fields.collect::<Vec<_>>().join(" "));
        let schema = Arc::new(parse_message_type(&schema).unwrap());
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .set_dictionary_enabled(dictionary)
            .set_statistics_enabled(EnabledStatistics::Page)
            .set_data_page_row_count_limit(5)
            .set_write_batch_size(3)
            .build();
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
        let n_rows = columns[0].1.n_rows();
        for start in (0..n_rows).step_by(rows_a_group) {
            let rows = start..n_rows.min(start + rows_a_group);
            let mut group = writer.next_row_group().unwrap();
            for (_, column) in columns {
                let required = column.is_required();
                match column {
                    Column::Text(cells) => {
                        let cells: Vec<_> = cells[rows.clone()]
                            .iter()
                            .map(|cell| cell.as_deref().map(parquet::data_type::ByteArray::from))
                            .collect();
                        write_cells::<ByteArrayType>(&mut group, &cells, required);
                    }
                    Column::Whole(cells) => {
                        write_cells::<Int64Type>(&mut group, &cells[rows.clone()], required);
                    }
                    Column::Real(cells) => {
                        write_cells::<DoubleType>(&mut group, &cells[rows.clone()], required);
                    }
                }
            }
            group.close().unwrap();
        }
        writer.into_inner().unwrap()
    }

    fn simple(columns: &[(&str, Column)]) -> Vec<u8> {
        file(columns, 1000, Compression::SNAPPY, true)
    }

    /// Two sounds of 20 ms, and a table.
    fn folder(name: &str, content: impl AsRef<[u8]>) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        write_sound(folder.path().join("audio/s2.wav"), 20);
        write_sound(folder.path().join("audio/s10.wav"), 20);
        write(folder.path().join(name), content);
        folder
    }

    fn read(folder: &Path) -> RawRecording {
        table::read(folder, &TableOptions::default()).unwrap()
    }

    /// Neurons, and the names and responses of the stimuli.
    fn content(raw: &RawRecording) -> (Vec<Neuron>, Vec<(String, Vec<RawResponse>)>) {
        let stimuli = raw.stimuli.iter().map(|stimulus| (stimulus.name.clone(), stimulus.responses.clone()));
        (raw.neurons.clone(), stimuli.collect::<Vec<_>>())
    }

    const CSV: &str =
        "unit,stimulus,repeat,time_s\nu10,s10,0,0.001\nu2,s2,1,0.006\nu2,s2,1,0.0075\nu2,s10,2,\n";

    #[test]
    fn a_table_is_read_as_the_same_rows_in_csv() {
        let expected = content(&read(folder("spikes.csv", CSV).path()));
        let columns = [
            ("note", Column::Text(vec![None, Some("x".to_owned()), None, None])),
            ("time_s", Column::Real(vec![Some(0.001), Some(0.006), Some(0.0075), None])),
            ("Unit", text(["u10", " u2", "u2", "u2 "])),
            ("repeat", whole_numbers([0, 1, 1, 2])),
            ("sound", text(["s10", "s2.wav", "s2", "s10"])),
        ];
        for compression in
            [Compression::UNCOMPRESSED, Compression::SNAPPY, Compression::ZSTD(Default::default())]
        {
            for dictionary in [true, false] {
                for rows_a_group in [1, 3, 100] {
                    let content_of = file(&columns, rows_a_group, compression, dictionary);
                    let got = content(&read(folder("spikes.parquet", content_of).path()));
                    assert_eq!(
                        format!("{got:?}"),
                        format!("{expected:?}"),
                        "{compression:?} {dictionary} {rows_a_group}"
                    );
                }
            }
        }
    }

    #[test]
    fn numbers_serve_as_names_and_a_file_of_any_name_is_known() {
        let columns = [
            ("unit", whole_numbers([9_007_199_254_740_993, 2])),
            ("stimulus", real([7.0, 7.0])),
            ("repeat", real([0.0, 1.0])),
            ("time_ms", whole_numbers([10, 11])),
        ];
        let folder = folder("table.bin", simple(&columns));
        let options =
            TableOptions { spikes: Some(folder.path().join("table.bin")), ..TableOptions::default() };
        let raw = table::read(folder.path(), &options).unwrap();
        let ids: Vec<&str> = raw.neurons.iter().map(Neuron::id).collect();
        assert_eq!(ids, ["2", "9007199254740993"]);
        assert_eq!(raw.stimuli[0].name, "7");
    }

    #[test]
    fn times_on_one_clock_and_their_onsets() {
        let spikes = simple(&[("unit", text(["u", "u"])), ("time_s", real([10.001, 12.0191]))]);
        let onsets =
            simple(&[("stimulus", text(["s2", "s2"])), ("onset_ms", whole_numbers([12_000, 10_000]))]);
        let folder = folder("spikes.parquet", spikes);
        write(folder.path().join("onsets.parquet"), onsets);
        let recording = read(folder.path()).bin(&statenet_data::Binning::default()).unwrap();
        let expected = ndarray::array![[[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]];
        assert_eq!(recording.stimuli()[0].responses().unwrap().values(), expected);
    }

    #[test]
    fn rows_are_checked_as_those_of_csv() {
        let error = |columns: &[(&str, Column)]| {
            let folder = folder("spikes.parquet", simple(columns));
            let error = table::read(folder.path(), &TableOptions::default()).unwrap_err();
            whole(&error).replace(&format!("{}/", folder.path().display()), "")
        };
        let names = || (("unit", text(["u", "u"])), ("stimulus", text(["s2", "s2"])));
        let (unit, stimulus) = names();
        assert_eq!(
            error(&[unit, stimulus, ("repeat", real([0.0, 0.5])), ("time_s", real([0.1, 0.1]))]),
            "spikes.parquet: repeat in line 2 is 0.5, expected a whole number from 0 or 1 to 1000000"
        );
        let (unit, stimulus) = names();
        assert_eq!(
            error(&[unit, stimulus, ("repeat", text(["0", "x"])), ("time_s", real([0.1, 0.1]))]),
            "spikes.parquet: repeat in line 2 is x, expected a whole number from 0 or 1 to 1000000"
        );
        let (unit, stimulus) = names();
        assert_eq!(
            error(&[unit, stimulus, ("repeat", whole_numbers([0, 0])), ("time_s", real([f64::NAN, 0.1]))]),
            "spikes.parquet: time in line 1 is NaN, expected a finite time, or nothing"
        );
        let (unit, stimulus) = names();
        assert_eq!(
            error(&[unit, stimulus, ("repeat", whole_numbers([0, 0])), ("time", real([0.1, 0.1]))]),
            "spikes.parquet: the columns are unit, stimulus, repeat, time, expected a column time_s or time_ms, the unit in its name"
        );
        let (_, stimulus) = names();
        let unit = ("unit", Column::Text(vec![Some("u".to_owned()), None]));
        assert_eq!(
            error(&[unit, stimulus, ("repeat", whole_numbers([0, 0])), ("time_s", real([0.1, 0.1]))]),
            "spikes.parquet: unit in line 2 is empty, expected the id of a unit"
        );
    }

    #[test]
    fn a_column_of_dates_is_no_column_of_times() {
        let schema =
            "message table { required binary unit (STRING); required int64 time_s (TIMESTAMP_MICROS); }";
        let schema = Arc::new(parse_message_type(schema).unwrap());
        let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::default()).unwrap();
        let mut group = writer.next_row_group().unwrap();
        write_cells::<ByteArrayType>(&mut group, &[Some("u".into())], true);
        write_cells::<Int64Type>(&mut group, &[Some(5)], true);
        group.close().unwrap();
        let folder = folder("spikes.parquet", writer.into_inner().unwrap());
        write(folder.path().join("onsets.csv"), "stimulus,onset_s\ns2,1\n");
        let text = whole(&table::read(folder.path(), &TableOptions::default()).unwrap_err());
        assert!(
            text.ends_with("the columns are unit, time_s (of dates, times or durations), expected a column time_s or time_ms, the unit in its name"),
            "{text}"
        );
    }

    /// Files that other programs wrote, by `tests/golden/parquet/make.py`.
    #[test]
    fn files_of_pandas_and_polars_are_read() {
        let expected = content(&read(folder("spikes.csv", CSV).path()));
        let numbered = content(&read(folder("spikes.csv", CSV.replace("\nu", "\n")).path()));
        let of = |bytes: &[u8]| content(&read(folder("spikes.parquet", bytes).path()));
        assert!(of(include_bytes!("../golden/parquet/pandas.parquet")) == expected);
        assert!(of(include_bytes!("../golden/parquet/polars.parquet")) == expected);
        assert!(of(include_bytes!("../golden/parquet/pandas-zstd.parquet")) == numbered);
        let gzip = folder("spikes.parquet", include_bytes!("../golden/parquet/pandas-gzip.parquet"));
        let text = whole(&table::read(gzip.path(), &TableOptions::default()).unwrap_err());
        assert!(
            text.ends_with("it is compressed by GZIP, expected snappy, zstd or no compression"),
            "{text}"
        );
    }

    /// Reads every column that can be read.
    fn read_all(bytes: Vec<u8>) -> Result<usize, FormatError> {
        let file = Parquet::parse(bytes)?;
        let readable: Vec<usize> =
            (0..file.columns().len()).filter(|&place| file.columns()[place].unread.is_none()).collect();
        let mut n_texts = 0;
        for batch in file.batches(&readable)? {
            let batch = batch?;
            for row in 0..batch.n_rows() {
                let is_text = |&column: &usize| matches!(batch.cell(column, row), Cell::Text(_));
                n_texts += (0..readable.len()).filter(is_text).count();
            }
        }
        Ok(n_texts)
    }

    #[test]
    fn damaged_files_are_errors() {
        let pandas = include_bytes!("../golden/parquet/pandas.parquet").as_slice();
        assert_eq!(read_all(pandas.to_vec()).unwrap(), 4 + 4 + 2);
        for whole in [pandas, include_bytes!("../golden/parquet/polars.parquet")] {
            for end in 0..whole.len() {
                assert!(read_all(whole[..end].to_vec()).is_err(), "{end}");
            }
            for at in 0..whole.len() {
                for change in [0x01, 0x80, 0xff] {
                    let mut changed = whole.to_vec();
                    changed[at] ^= change;
                    // Whatever it is taken for, it is no panic.
                    let _ = read_all(changed);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_table_is_read_as_in_csv(
            rows in proptest::collection::vec((0..4_u8, 0..3_u8, 0..3_i64, proptest::option::of(-0.1..0.3_f64)), 1..40),
            rows_a_group in 1..20_usize,
            dictionary: bool,
            zstd: bool,
        ) {
            let mut csv = "unit,stimulus,repeat,time_s\n".to_owned();
            for (unit, stimulus, repeat, time) in &rows {
                csv += &format!("u{unit},s{stimulus},{repeat},{}\n", time.map_or(String::new(), |time| time.to_string()));
            }
            let columns = [
                ("unit", Column::Text(rows.iter().map(|row| Some(format!("u{}", row.0))).collect())),
                ("stimulus", Column::Text(rows.iter().map(|row| Some(format!("s{}", row.1))).collect())),
                ("repeat", whole_numbers(rows.iter().map(|row| row.2))),
                ("time_s", Column::Real(rows.iter().map(|row| row.3).collect())),
            ];
            let compression =
                if zstd { Compression::ZSTD(Default::default()) } else { Compression::UNCOMPRESSED };
            let bytes = file(&columns, rows_a_group, compression, dictionary);
            let expected = content(&read(folder("spikes.csv", csv).path()));
            prop_assert!(content(&read(folder("spikes.parquet", bytes).path())) == expected);
        }
    }
}
