//! Two tables made of the cases: the operations in the crate's documentation, and which of them obeys which law.
//!
//! `STATENET_UPDATE=1 cargo test -p statenet-kernels --test kernels tables` writes them anew.

use std::{collections::BTreeSet, fs, path::PathBuf};

use crate::{
    cases,
    op_case::{Law, OpCase},
};

/// Operations of one signature, their inputs, their output, and the devices on which they are fused.
struct Row {
    names: &'static [&'static str],
    inputs: &'static str,
    output: &'static str,
    fused_on: &'static str,
}

const CPU: &str = "CPU";
const CPU_AND_CUDA: &str = "CPU, CUDA";

const ROWS: &[Row] = &[
    Row {
        names: &["affine"],
        inputs: "x (B, I, T) or (B, T, I), weight (O, I), bias (O)",
        output: "(B, O, T) or (B, T, O)",
        fused_on: CPU,
    },
    Row { names: &["affine_then"], inputs: "the same, [`Then`]", output: "the same", fused_on: CPU },
    Row {
        names: &["causal_self_attention"],
        inputs: "x (B, U, T), [`SelfAttention`]",
        output: "(B, U, T)",
        fused_on: CPU,
    },
    Row {
        names: &["causal_attention"],
        inputs: "q (B, heads, T, D), k and v (B, heads, S, D)",
        output: "(B, heads, T, D)",
        fused_on: CPU,
    },
    Row {
        names: &["causal_attention_dropped"],
        inputs: "the same, kept (B, heads, T, S)",
        output: "(B, heads, T, D)",
        fused_on: "no device: plain tensors",
    },
    Row {
        names: &["gated_recurrence"],
        inputs: "[`GatedCell`], gates (B, T, G H), weight_hh (G H, H), bias_hh (G H), h0 and c0 (B, H)",
        output: "states (B, T, H), last h and c (B, H)",
        fused_on: CPU_AND_CUDA,
    },
    Row {
        names: &["gated_layer"],
        inputs: "[`GatedCell`], x (B, I, T) or (B, T, I), [`GatedWeights`], h0 and c0 (B, H)",
        output: "states (B, T, H), last h and c (B, H)",
        fused_on: CPU,
    },
    Row { names: &["gated_layer_last"], inputs: "the same", output: "last h and c (B, H)", fused_on: CPU },
    Row {
        names: &["lmu"],
        inputs: "inputs (B, T, H + 1), [`LmuWeights`], h0 (B, H), m0 (B, M)",
        output: "states (B, T, H), last (B, H), memory (B, M)",
        fused_on: CPU,
    },
    Row {
        names: &["leaky"],
        inputs: "x (B, C, T) or (B, T, C), decay (C), gain (C), z0 (B, C)",
        output: "states like x, last (B, C)",
        fused_on: CPU_AND_CUDA,
    },
    Row {
        names: &["adaptation"],
        inputs: "x (B, C, T) or (B, T, C), decay (C), e0 (B, C)",
        output: "averages like x, last (B, C)",
        fused_on: CPU_AND_CUDA,
    },
    Row {
        names: &["plasticity"],
        inputs: "gain, loss (B, C, T), rate (C), z0 (B, C)",
        output: "states (B, C, T), last (B, C)",
        fused_on: CPU,
    },
    Row {
        names: &["diagonal_scan"],
        inputs: "u (B, T, H), a, b, c (H, N, 2), s0 (B, H, N, 2)",
        output: "y (B, T, H), last (B, H, N, 2)",
        fused_on: CPU_AND_CUDA,
    },
    Row {
        names: &["dplr_scan"],
        inputs: "u (B, T, H), [`DplrWeights`], s0 (B, H, N, 2)",
        output: "y (B, T, H), last (B, H, N, 2)",
        fused_on: CPU,
    },
    Row {
        names: &["selective_scan"],
        inputs: "[`SelectiveScan`]: x, delta (B, T, E), a (E, N), b, c (B, T, N), d (E), h0 (B, E, N)",
        output: "y (B, T, E), last (B, E, N)",
        fused_on: CPU_AND_CUDA,
    },
    Row {
        names: &["depthwise_conv1d"],
        inputs: "x (B, T, C), weight (C, K), bias (C), context (B, K-1, C)",
        output: "(B, T, C)",
        fused_on: CPU,
    },
    Row {
        names: &["causal_strf"],
        inputs: "x (B, C, F, T), weight (O, C, F, K), bias (O), context (B, C, F, K-1)",
        output: "(B, O, T)",
        fused_on: CPU,
    },
    Row {
        names: &["causal_conv2d"],
        inputs: "x (B, Ci, F, T), weight (Co, Ci, Kf, Kt), bias (Co), context (B, Ci, F, Kt-1)",
        output: "(B, Co, F-Kf+1, T)",
        fused_on: CPU,
    },
    Row {
        names: &["normed_conv2d"],
        inputs: "the same, [`NormThen`]",
        output: "(B, Co, F-Kf+1, T)",
        fused_on: CPU,
    },
    Row {
        names: &["locally_connected"],
        inputs: "x (B, Ci, F, T), weights (C, Ci K, L), biases (C, L)",
        output: "(B, C, L, T)",
        fused_on: CPU,
    },
    Row {
        names: &["band_convolution"],
        inputs: "x (B, Ci, F, T), weight (C, Ci, K), bias (C)",
        output: "(B, C, L, T)",
        fused_on: CPU,
    },
    Row {
        names: &["local_encoder"],
        inputs: "x (B, Ci, F, T), weights (C, Ci K, L), biases (C, L), gain (C), bias (C)",
        output: "(B, C, L, T)",
        fused_on: CPU,
    },
    Row { names: &["silu_gate"], inputs: "x, z, one shape", output: "the same", fused_on: CPU },
    Row {
        names: &["channel_norm"],
        inputs: "x (B, C, L, T), gain (C), bias (C)",
        output: "(B, C, L, T)",
        fused_on: CPU,
    },
    Row { names: &["dropout"], inputs: "x, kept, one shape", output: "the same", fused_on: CPU },
    Row { names: &["softplus"], inputs: "x, any shape", output: "the same", fused_on: CPU },
    Row {
        names: &["softplus_curve", "sigmoid_curve", "exponential_curve", "double_exponential_curve"],
        inputs: "x (B, N, T), parameters (N)",
        output: "(B, N, T)",
        fused_on: CPU,
    },
    Row {
        names: &["masked_mse", "masked_poisson", "masked_correlation"],
        inputs: "rate, target, mask (B, N, T)",
        output: "scalar",
        fused_on: CPU,
    },
    Row {
        names: &["masked_gaussian"],
        inputs: "the same, log_variance (N)",
        output: "scalar",
        fused_on: CPU,
    },
    Row {
        names: &["masked_negative_binomial"],
        inputs: "the same, log_dispersion (N)",
        output: "scalar",
        fused_on: CPU,
    },
];

fn cases() -> impl Iterator<Item = &'static OpCase> {
    cases::ALL.into_iter().flatten()
}

fn path(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)
}

const HOW: &str = "STATENET_UPDATE=1 cargo test -p statenet-kernels --test kernels tables";

fn is_updated() -> bool {
    std::env::var_os("STATENET_UPDATE").is_some()
}

/// The names of the functions that the crate has at its root.
fn functions() -> BTreeSet<String> {
    let text = fs::read_to_string(path("src/lib.rs")).unwrap();
    let mut functions = BTreeSet::new();
    for line in text.split("\npub use ").skip(1) {
        let item = line.split(';').next().unwrap();
        let names = item.rsplit_once("::").unwrap().1;
        let names = item.split_once('{').map_or(names, |(_, names)| names);
        let words = names.split(|c: char| !c.is_alphanumeric() && c != '_');
        functions.extend(words.filter(|name| name.starts_with(char::is_lowercase)).map(str::to_owned));
    }
    functions
}

/// An operation without a case would be held to no law; a case without a row would not be in the documentation.
#[test]
fn every_operation_has_a_case_and_a_row() {
    let of_cases: BTreeSet<String> = cases().map(|case| case.name.to_owned()).collect();
    let of_rows: BTreeSet<String> =
        ROWS.iter().flat_map(|row| row.names).map(|&name| name.to_owned()).collect();
    assert_eq!(functions(), of_cases, "functions of src/lib.rs, and cases");
    assert_eq!(of_rows, of_cases, "rows of the table, and cases");
}

#[test]
fn the_table_of_operations_is_that_of_the_documentation() {
    const HEAD: &str = "//! | operation | inputs | output | fused on |\n//! |---|---|---|---|\n";
    let links = |row: &Row| row.names.iter().map(|name| format!("[`{name}`]")).collect::<Vec<_>>().join(", ");
    let rows: String = ROWS
        .iter()
        .map(|row| format!("//! | {} | {} | {} | {} |\n", links(row), row.inputs, row.output, row.fused_on))
        .collect();
    let file = path("src/lib.rs");
    let text = fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(HEAD).expect("the head of the table");
    let after = rest.find("//!\n").expect("the end of the table");
    if is_updated() {
        fs::write(&file, [before, HEAD, &rows, &rest[after..]].concat()).unwrap();
    } else {
        assert!(rest[..after] == rows, "the table in src/lib.rs is stale: {HOW}\n{rows}");
    }
}

#[test]
fn the_table_of_laws_has_no_gap() {
    let mut page = String::from(
        "# Which operation obeys which law\n\n\
        Made of `tests/kernels/cases`; a test fails where this page is stale. What each law says stands at `Law` in\n\
        `tests/kernels/laws.rs`. A number stands for the reason below for which an operation cannot obey a law.\n\n",
    );
    let laws: Vec<String> = Law::ALL.iter().map(|law| format!("{law:?}").to_lowercase()).collect();
    page += &format!("| operation | {} |\n|---|{}\n", laws.join(" | "), "---|".repeat(laws.len()));
    let mut reasons: Vec<&str> = Vec::new();
    for case in cases() {
        let cell = |law: &Law| match case.reason_without(*law) {
            None => "yes".to_owned(),
            Some(reason) => {
                let known = reasons.iter().position(|known| *known == reason);
                let at = known.unwrap_or_else(|| {
                    reasons.push(reason);
                    reasons.len() - 1
                });
                format!("{}", at + 1)
            }
        };
        let cells: Vec<String> = Law::ALL.iter().map(cell).collect();
        page += &format!("| {} | {} |\n", case.title(), cells.join(" | "));
    }
    page += "\n";
    for (i, reason) in reasons.iter().enumerate() {
        page += &format!("{}. {reason}\n", i + 1);
    }
    println!("{page}");
    let file = path("tests/laws.md");
    if is_updated() {
        fs::write(&file, page).unwrap();
    } else {
        let there = fs::read_to_string(&file).unwrap_or_default();
        assert!(there == page, "tests/laws.md is stale: {HOW}");
    }
}
