//! Entries of a plan's lists: a text alone, or a table with more to say.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{
        DeserializeOwned, Error, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use serde_json::Value;

/// What a text alone stands for.
pub(super) trait FromText: DeserializeOwned {
    fn from_text(text: &str) -> Self;
}

/// A list of entries.
pub(super) fn entries<'de, D: Deserializer<'de>, T: FromText>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Vec::<Entry<T>>::deserialize(deserializer)?.into_iter().map(|Entry(entry)| entry).collect())
}

struct Entry<T>(T);

impl<'de, T: FromText> Deserialize<'de> for Entry<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor(PhantomData))
    }
}

struct EntryVisitor<T>(PhantomData<T>);

impl<'de, T: FromText> Visitor<'de> for EntryVisitor<T> {
    type Value = Entry<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a table")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Entry(T::from_text(text)))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Self::Value, M::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Entry)
    }
}

/// One value, or a list of candidates.
#[derive(Debug)]
pub(super) struct Candidates(pub(super) Vec<Value>);

impl<'de> Deserialize<'de> for Candidates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Value::deserialize(deserializer)? {
            Value::Array(values) => Self(values),
            value => Self(vec![value]),
        })
    }
}

/// Seeds: how many from 0, or a list.
pub(super) fn seeds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    deserializer.deserialize_any(SeedsVisitor)
}

struct SeedsVisitor;

impl<'de> Visitor<'de> for SeedsVisitor {
    type Value = Vec<u64>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("how many seeds, counted from 0, or a list of seeds")
    }

    fn visit_i64<E: Error>(self, n: i64) -> Result<Self::Value, E> {
        let n = u64::try_from(n).map_err(|_| E::invalid_value(serde::de::Unexpected::Signed(n), &self))?;
        self.visit_u64(n)
    }

    fn visit_u64<E: Error>(self, n: u64) -> Result<Self::Value, E> {
        const MOST: u64 = 1_000_000;
        if n > MOST {
            return Err(E::invalid_value(serde::de::Unexpected::Unsigned(n), &"at most 1000000 seeds"));
        }
        Ok((0..n).collect())
    }

    fn visit_seq<S: SeqAccess<'de>>(self, seq: S) -> Result<Self::Value, S::Error> {
        Vec::<u64>::deserialize(SeqAccessDeserializer::new(seq))
    }
}
