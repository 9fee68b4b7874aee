//! How long large tables take: printed, with the bar beside it, when asked for.

use std::{fmt::Write, time::Instant};

use statenet_data::readers::table::{self, TableOptions};

use crate::{write, write_sound};

#[test]
#[ignore = "takes seconds; run with --release"]
fn a_table_of_100_mb() {
    let folder = tempfile::tempdir().unwrap();
    write_sound(folder.path().join("audio/s0.wav"), 5000);
    let mut table = "unit,stimulus,repeat,time_s\n".to_owned();
    let mut row = 0_u32;
    while table.len() < 100_000_000 {
        let time = f64::from(row.wrapping_mul(2_654_435_761) % 5_000_000) / 1e6;
        writeln!(table, "unit{:03},s0,{},{time:.6}", row / 40_000, row % 20).unwrap();
        row += 1;
    }
    write(folder.path().join("spikes.csv"), &table);
    let start = Instant::now();
    let raw = table::read(folder.path(), &TableOptions::default()).unwrap();
    println!("{} units, {row} spikes: {:.2} s (bar 2 s)", raw.neurons.len(), start.elapsed().as_secs_f64());
}
