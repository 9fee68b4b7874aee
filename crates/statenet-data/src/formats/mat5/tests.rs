//! Files made byte by byte, in every form that an element can have.

use proptest::prelude::*;

use super::{number::ByteOrder, *};

/// Writes numbers in an order of bytes.
#[derive(Clone, Copy)]
struct Maker(ByteOrder);

const BOTH: [Maker; 2] = [Maker(ByteOrder::Little), Maker(ByteOrder::Big)];

impl Maker {
    fn u32(self, x: u32) -> [u8; 4] {
        match self.0 {
            ByteOrder::Little => x.to_le_bytes(),
            ByteOrder::Big => x.to_be_bytes(),
        }
    }

    fn words(self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|&word| self.u32(word)).collect()
    }

    fn doubles(self, values: &[f64]) -> Vec<u8> {
        let bytes = |x: &f64| match self.0 {
            ByteOrder::Little => x.to_le_bytes(),
            ByteOrder::Big => x.to_be_bytes(),
        };
        values.iter().flat_map(bytes).collect()
    }

    fn file(self, elements: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = b"MATLAB 5.0 MAT-file, made by a test".to_vec();
        bytes.resize(124, b' ');
        bytes.extend(match self.0 {
            ByteOrder::Little => [0, 1, b'I', b'M'],
            ByteOrder::Big => [1, 0, b'M', b'I'],
        });
        bytes.extend(elements.concat());
        bytes
    }

    /// An element in the long form.
    fn long(self, kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = self.words(&[kind, data.len() as u32]);
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(8), 0);
        bytes
    }

    /// An element in the small form.
    fn small(self, kind: u32, data: &[u8]) -> Vec<u8> {
        let mut bytes = self.u32((data.len() as u32) << 16 | kind).to_vec();
        bytes.extend(data);
        bytes.resize(8, 0);
        bytes
    }

    /// Flags, shape and name, and the content.
    fn array(self, class: u32, shape: &[u32], name: &str, content: &[Vec<u8>]) -> Vec<u8> {
        let mut data = self.long(6, &self.words(&[class, 0]));
        data.extend(self.long(5, &self.words(shape)));
        data.extend(self.long(1, name.as_bytes()));
        data.extend(content.concat());
        self.long(14, &data)
    }

    /// A struct with a field `t`.
    fn structs(self, name: &str, values: &[Vec<u8>]) -> Vec<u8> {
        let names = [self.small(5, &self.u32(8)), self.long(1, b"t\0\0\0\0\0\0\0")];
        self.array(2, &[1, values.len() as u32], name, &[names.concat(), values.concat()])
    }

    fn compressed(self, element: &[u8]) -> Vec<u8> {
        let data = miniz_oxide::deflate::compress_to_vec_zlib(element, 9);
        let mut bytes = self.words(&[15, data.len() as u32]);
        bytes.extend(data);
        bytes
    }
}

fn only(bytes: &[u8]) -> MatArray {
    let mut variables = parse(bytes).unwrap();
    assert_eq!(variables.len(), 1);
    variables.remove(0).1
}

#[test]
fn doubles_are_stored_in_every_type() {
    for make in BOTH {
        let big = |bytes: &[u8]| -> Vec<u8> {
            if make.0 == ByteOrder::Big { bytes.iter().rev().copied().collect() } else { bytes.to_vec() }
        };
        let stored: [(u32, Vec<u8>, f64); 10] = [
            (tags::INT8, vec![0xfe], -2.0),
            (tags::UINT8, vec![254], 254.0),
            (tags::INT16, big(&(-300i16).to_le_bytes()), -300.0),
            (tags::UINT16, big(&60_000u16.to_le_bytes()), 60_000.0),
            (tags::INT32, big(&(-70_000i32).to_le_bytes()), -70_000.0),
            (tags::UINT32, big(&4_000_000_000u32.to_le_bytes()), 4e9),
            (tags::SINGLE, big(&0.5f32.to_le_bytes()), 0.5),
            (tags::DOUBLE, big(&(-0.1f64).to_le_bytes()), -0.1),
            (tags::INT64, big(&(-5i64).to_le_bytes()), -5.0),
            (tags::UINT64, big(&(1u64 << 40).to_le_bytes()), (1u64 << 40) as f64),
        ];
        for (kind, data, expected) in stored {
            let mut forms = vec![make.long(kind, &data)];
            if data.len() <= 4 {
                forms.push(make.small(kind, &data));
            }
            for content in forms {
                let array = only(&make.file(&[make.array(6, &[1, 1], "x", &[content])]));
                assert_eq!((array.class(), array.to_f64()), (Class::Double, Some(vec![expected])), "{kind}");
            }
        }
    }
}

#[test]
fn texts_are_stored_in_every_type() {
    for make in BOTH {
        let two = |x: u16| if make.0 == ByteOrder::Big { x.to_be_bytes() } else { x.to_le_bytes() };
        let units: Vec<u8> = "aä".encode_utf16().flat_map(two).collect();
        let points: Vec<u8> = "aä".chars().flat_map(|c| make.u32(c as u32)).collect();
        for (kind, data) in [
            (tags::UINT16, units.clone()),
            (tags::UTF16, units.clone()),
            (tags::UTF8, "aä".as_bytes().to_vec()),
            (tags::UINT8, vec![b'a', 0xe4]),
            (tags::INT8, "aä".as_bytes().to_vec()),
            (tags::UTF32, points),
        ] {
            let text = only(&make.file(&[make.array(4, &[1, 2], "s", &[make.long(kind, &data)])]));
            assert_eq!(text.text().as_deref(), Some("aä"), "{kind}");
        }
        // Rows lie beside each other, in columns.
        let rows = make.array(4, &[2, 3], "s", &[make.long(tags::UTF8, b"adbec ")]);
        let rows = only(&make.file(&[rows]));
        assert_eq!((rows.text(), rows.texts()), (None, Some(vec!["abc".to_owned(), "de".to_owned()])));
    }
}

#[test]
fn cells_structs_and_empty_arrays() {
    for make in BOTH {
        let spikes = make.array(6, &[1, 2], "", &[make.long(9, &make.doubles(&[0.5, 7.25]))]);
        // Without content, without dimensions, and without anything.
        let no_content = make.array(6, &[0, 0], "", &[]);
        let no_dimensions = make.array(6, &[], "", &[make.long(9, &[])]);
        let nothing = make.long(14, &[]);
        let repeats = make.structs("", &[spikes, no_content, no_dimensions, nothing]);
        let cells = make.array(1, &[1, 1], "set", &[repeats]);
        for bytes in [make.file(std::slice::from_ref(&cells)), make.file(&[make.compressed(&cells)])] {
            let array = only(&bytes);
            assert_eq!(list(&bytes).unwrap()[0].to_string(), "set (1x1 cell)");
            let repeats = array.cell(0).unwrap();
            assert_eq!((repeats.shape(), repeats.field_names()), (&[1, 4][..], vec!["t"]));
            assert_eq!(repeats.field("t").unwrap().to_f64(), Some(vec![0.5, 7.25]));
            for empty in 1..4 {
                let t = repeats.field_of(empty, "t").unwrap();
                assert_eq!((t.shape(), t.to_f64(), t.is_empty()), (&[0, 0][..], Some(vec![]), true));
            }
            assert_eq!(array.select(["t"]).unwrap_err(), "1x1 cell");
            let Selection::Many(all) = repeats.select(["t"]).unwrap() else { panic!("one") };
            assert_eq!(all.len(), 4);
            assert_eq!(repeats.select(["s"]).unwrap_err(), "a struct with the fields t");
        }
    }
}

#[test]
fn what_is_not_read_is_named() {
    let make = BOTH[0];
    let number = make.long(9, &make.doubles(&[1.0]));
    let complex = make.array(6 | 0x800, &[1, 1], "z", &[number.clone(), number.clone()]);
    let rows = [make.long(5, &make.words(&[0])), make.long(5, &make.words(&[0, 1])), number.clone()];
    let sparse = make.array(5, &[1, 1], "s", &rows);
    let function = make.array(16, &[1, 1], "f", &[]);
    let opaque = {
        let mut data = make.long(6, &make.words(&[17, 0]));
        data.extend([make.long(1, b"table1"), make.long(1, b"MCOS"), make.long(1, b"table")].concat());
        make.long(14, &data)
    };
    let hidden = make.array(9, &[1, 1], "", &[make.small(2, &[1])]);
    let bytes =
        make.file(&[complex, sparse, function, opaque, hidden, make.array(6, &[1, 1], "x", &[number])]);
    let names: Vec<String> = list(&bytes).unwrap().iter().map(ToString::to_string).collect();
    let expected = [
        "z (1x1 complex)",
        "s (1x1 sparse)",
        "f (1x1 function handle)",
        "table1 (object of a newer class)",
        "x (1x1 double)",
    ];
    assert_eq!(names, expected);
    assert_eq!(parse(&bytes).unwrap().len(), 5);
    assert_eq!(read(&bytes, "x").unwrap().number(), Some(1.0));
    let refusal = |name| read(&bytes, name).unwrap().to_array().unwrap_err().to_string();
    assert_eq!(refusal("z"), "is 1x1 complex, expected real numbers");
    assert_eq!(refusal("s"), "is 1x1 sparse, expected numbers: save full(x)");
    let error = read(&bytes, "y").unwrap_err().to_string();
    assert!(
        error.starts_with("variable y is not in the file, which holds z (1x1 complex), s (1x1"),
        "{error}"
    );
    let none = read(&make.file(&[]), "y").unwrap_err().to_string();
    assert_eq!(none, "variable y is not in the file, which holds no variables");
}

#[test]
fn other_files_are_named() {
    let fault = |bytes: &[u8]| list(bytes).unwrap_err().to_string();
    let mut hdf5 = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".to_vec();
    hdf5.resize(512, 0);
    hdf5.extend(b"\x89HDF\r\n\x1a\n");
    for bytes in [&hdf5[..], &hdf5[512..]] {
        assert!(matches!(list(bytes), Err(FormatError::MatlabHdf5)));
    }
    // `save x.mat x -v4` of a double 5: type 0, 1 row, 1 column, not complex, a name of 2 bytes.
    let words: Vec<u8> = [0u32, 1, 1, 0, 2].iter().flat_map(|word| word.to_le_bytes()).collect();
    let version_4 = [&words[..], b"x\0", &5f64.to_le_bytes()].concat();
    assert_eq!(fault(&version_4), "a MATLAB file of version 4, expected version 5: save it with -v7");
    assert_eq!(
        fault(b"RIFF"),
        "not a MATLAB file: starts with [52, 49, 46, 46], expected a header of 128 bytes that ends with IM or MI"
    );
    assert!(matches!(list(b""), Err(FormatError::NotMatlab { .. })));
}

/// A file with every kind of content, plain and compressed.
fn sample() -> Vec<u8> {
    let make = BOTH[0];
    let spikes = make.array(6, &[1, 3], "", &[make.small(2, &[1, 2, 3])]);
    let name = make.array(4, &[1, 3], "", &[make.small(16, b"abc")]);
    let set = make.array(1, &[1, 2], "set", &[make.structs("", &[spikes, make.long(14, &[])]), name]);
    let x = make.array(6, &[2, 2], "x", &[make.long(9, &make.doubles(&[1.0, 2.0, 3.0, 4.0]))]);
    make.file(&[set.clone(), make.compressed(&set), x])
}

#[test]
fn a_part_of_a_file_is_an_error_and_no_panic() {
    let bytes = sample();
    // Where a variable ends, the file may end too.
    let ends: Vec<usize> = (0..bytes.len()).filter(|&n| parse(&bytes[..n]).is_ok()).collect();
    assert_eq!(ends.len(), 3, "{ends:?}");
    assert_eq!(parse(&bytes).unwrap().len(), 3);
    let error = parse(&bytes[..bytes.len() - 9]).unwrap_err().to_string();
    assert!(error.ends_with("expected all of the element: the file is truncated or damaged"), "{error}");
}

#[test]
fn bytes_behind_a_compressed_variable_are_not_its_own() {
    let make = BOTH[0];
    let longer = [make.long(14, &[]), make.long(14, &[])].concat();
    // More than it says is refused, but for padding.
    let bytes = make.file(&[make.compressed(&longer)]);
    assert_eq!(list(&bytes).unwrap().len(), parse(&bytes).unwrap().len());
}

#[test]
fn an_error_names_the_variable_and_the_byte() {
    let make = BOTH[0];
    let short = make.array(6, &[1, 3], "spikes", &[make.long(9, &make.doubles(&[1.0]))]);
    assert_eq!(
        parse(&make.file(&[short])).unwrap_err().to_string(),
        "variable spikes, byte 192: found 1 numbers for the shape [1, 3], expected as many as the shape says"
    );
}

#[test]
fn claims_are_refused() {
    let make = BOTH[0];
    let huge = u32::from(u16::MAX) << 15;
    let refused = |element: Vec<u8>| parse(&make.file(&[element])).unwrap_err().to_string();
    for class in [1, 2, 4, 6] {
        let names = [make.small(5, &make.u32(8)), make.long(1, b"t\0\0\0\0\0\0\0")].concat();
        let content = if class == 2 { names } else { make.long(tags::UINT16, &[]) };
        let error = refused(make.array(class, &[huge, huge], "x", &[content]));
        assert!(error.starts_with("variable x, byte"), "{error}");
    }
    // Structs without fields take no room, however many they are.
    let no_fields = make.array(2, &[huge, 1], "x", &[make.small(5, &make.u32(1)), make.long(1, &[])]);
    assert_eq!(only(&make.file(&[no_fields])).len(), huge as usize);
    // A compressed variable of 4 GB, in a few bytes and in as many as it claims.
    let error = refused(make.compressed(&make.words(&[14, u32::MAX])));
    assert!(error.contains("claim to unpack to 4294967295"), "{error}");
    let longer = [make.long(14, &[]), vec![0; 1000]].concat();
    let error = refused(make.compressed(&longer));
    assert!(error.contains("found more than the 0 bytes that it claims to unpack to"), "{error}");
    // Cells in each other.
    let mut deep = make.long(14, &[]);
    for _ in 0..10_000 {
        deep = make.array(1, &[1, 1], "", &[deep]);
    }
    let deep = make.array(1, &[1, 1], "x", &[deep]);
    assert!(refused(deep).contains("more than 48 cells and structs in each other"));
}

fn arrays() -> impl Strategy<Value = MatArray> {
    let numbers = prop_oneof![
        prop::collection::vec(any::<f64>().prop_filter("equal to itself", |x| !x.is_nan()), 0..6)
            .prop_map(MatArray::row),
        prop::collection::vec(any::<i16>(), 0..6).prop_map(|values| {
            let shape = vec![values.len(), 1];
            MatArray::from_parts(Class::Int16, shape, MatValue::Numbers(Elements::I16(values)))
        }),
        prop::collection::vec(0u8..2, 0..6).prop_map(|values| {
            let shape = vec![1, values.len(), 1];
            MatArray::from_parts(Class::Logical, shape, MatValue::Numbers(Elements::U8(values)))
        }),
        ".{0,9}".prop_map(|text| MatArray::char(&text)),
        Just(MatArray::default()),
    ];
    numbers.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(MatArray::cells),
            prop::collection::vec(prop::collection::vec(inner, 2), 0..4)
                .prop_map(|structs| MatArray::structs(&["t", "repeat_id"], structs)),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_written_is_read(arrays in prop::collection::vec(arrays(), 0..4)) {
        let name = |i: usize| format!("v{i}");
        let variables: Vec<_> = arrays.into_iter().enumerate().map(|(i, array)| (name(i), array)).collect();
        let bytes = encode(&variables);
        prop_assert_eq!(parse(&bytes).unwrap(), variables.clone());
        let listed = list(&bytes).unwrap();
        prop_assert_eq!(listed.len(), variables.len());
        for (head, (name, array)) in listed.iter().zip(&variables) {
            prop_assert_eq!((&head.name, head.class, &head.shape[..]), (name, array.class(), array.shape()));
            prop_assert_eq!(&read(&bytes, name).unwrap(), array);
        }
    }

    #[test]
    fn any_change_of_a_file_is_arrays_or_an_error(at in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = sample();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = (list(&bytes), parse(&bytes), read(&bytes, "x"));
    }
}
