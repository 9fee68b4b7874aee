//! The steps of `score`: read, score, compare, write.

use serde_json::Value;
use statenet::{core::atomic, metrics::ScoreTable, prelude::*};

use super::{
    args::ScoreArgs,
    model::Scored,
    page::{self, Scene},
    results, tables,
};
use crate::{
    reading::{Origin, source},
    shared::{
        Lock, Warnings, clusters, comparison_notes, comparison_table, cut, expect_apart, interrupt,
        split_file, write_json,
    },
};

/// Runs the program.
///
/// # Errors
/// If the recording or a prediction cannot be read, they do not match, or the file cannot be written.
pub fn run(args: &ScoreArgs) -> anyhow::Result<()> {
    args.machine.start()?;
    let printer = args.machine.printer();
    let (names, is_named) = args.names()?;
    let page_file = args.page()?;
    let mut inputs: Vec<_> = args.data.iter().map(|path| ("--data", path)).collect();
    inputs.extend(args.predictions.iter().map(|model| ("--predictions", &*model.folder)));
    inputs.extend(args.read.inputs());
    inputs.extend(split_file(&args.split).map(|path| ("--split", path)));
    expect_apart(&args.out, &inputs)?;
    expect_apart(&page_file, &inputs)?;
    let _locked = Lock::file(&args.out, "score", &printer)?;
    atomic::sweep_of(&args.out)?;
    let beside = args.out.parent().unwrap_or(&args.out);
    let origin = Origin::of(Some(&args.data), args.read.read(), beside);
    let mut warnings = Warnings::default();
    let recording = source(&origin, &args.select, args.seed, &mut warnings)?.recording;
    let recording = cut(recording, args.cut.as_ref())?;
    let split = args.parts.resolve(&args.split, &recording)?;
    interrupt::check()?;
    let mut models = Vec::with_capacity(names.len());
    warnings.about(&recording, &split)?;
    for (name, model) in names.iter().zip(&args.predictions) {
        models.push(Scored::of(name, model, args, &recording, &split, &mut warnings)?);
        interrupt::check()?;
    }
    let differences = results::differences(&models, &clusters(&recording), Seed::new(args.seed));
    let mut file = match &models[..] {
        [model] if !is_named => results::test_object(model)?,
        models => results::models_object(models, &differences)?,
    };
    file.insert("warnings".to_owned(), serde_json::to_value(&warnings)?);
    interrupt::check()?;
    let scene = Scene {
        recording: &recording,
        split: &split,
        models: &models,
        differences: &differences,
        warnings: &warnings,
    };
    page::page(&scene)?.write(&page_file)?;
    write_json(&args.out, &Value::Object(file))?;
    let evaluations: Vec<_> = models.iter().map(|model| (model.name.as_str(), &model.test)).collect();
    for model in &models {
        if models.len() > 1 {
            printer.line(&model.name);
        }
        printer.line(ScoreTable::of_neurons(&model.test));
        printer.line(tables::printed_neurons(model));
    }
    printer.line(ScoreTable::of_models(&evaluations));
    if let Some(table) = comparison_table(results::compared_title(&models), &differences)? {
        printer.line(table.to_text());
    }
    for note in comparison_notes(&differences) {
        printer.line(note);
    }
    for model in &models {
        if let Some(left_out) = model.test.left_out() {
            printer.line(format_args!("{left_out}\n"));
        }
    }
    printer.line(format_args!("wrote {} and {}", args.out.display(), page_file.display()));
    printer.finish()
}
