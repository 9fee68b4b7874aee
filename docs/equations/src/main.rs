//! A preprocessor of mdBook: sets every block of equations of a page as MathML.
//!
//! Pages write equations in the plain notation of the sources, so that they can be read in a terminal:
//!
//! ````text
//! ```equations
//! r[n,t] = c[n] + sum_{f,k} W[n,f,k] x[f, t-k]        # `k = 0 .. K-1`, zeros before the sound
//! ```
//! ````
//!
//! Between dollars, `$tau = 1 + d^2$`, the same notation stands in a line or a table.
//!
//! [`notation`] reads an equation, [`mathml`] writes it, [`block`] lays out the lines of a block. mdBook gives the book as
//! JSON on the standard input and takes it back on the standard output; an equation that cannot be read ends the build
//! with the page and the line.

mod block;
mod mathml;
mod notation;

use serde_json::Value;
use std::{
    env,
    io::{Read, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [command, renderer] = &arguments[..]
        && command == "supports"
    {
        return if renderer == "html" { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match preprocess() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("book-equations: {message}");
            ExitCode::FAILURE
        }
    }
}

/// Reads `[context, book]` and writes the book with its equations set.
fn preprocess() -> Result<(), String> {
    let mut input = String::new();
    std::io::stdin().read_to_string(&mut input).map_err(|error| format!("reading the book: {error}"))?;
    let mut input: Value =
        serde_json::from_str(&input).map_err(|error| format!("reading the book: {error}"))?;
    let book = input.get_mut(1).ok_or("mdBook gave no book beside the context")?;
    set_chapters(book)?;
    std::io::stdout()
        .write_all(book.to_string().as_bytes())
        .map_err(|error| format!("writing the book: {error}"))
}

/// Sets the equations of every chapter below `value`: an object with a text `content` and a `path`.
fn set_chapters(value: &mut Value) -> Result<(), String> {
    match value {
        Value::Array(items) => items.iter_mut().try_for_each(set_chapters),
        Value::Object(fields) => {
            let path =
                fields.get("path").and_then(Value::as_str).unwrap_or("a page without a path").to_owned();
            if let Some(Value::String(content)) = fields.get_mut("content") {
                *content = set_page(content).map_err(|message| format!("{path}:{message}"))?;
            }
            fields.values_mut().try_for_each(set_chapters)
        }
        _ => Ok(()),
    }
}

/// A page with its equations set: the blocks ```` ```equations ````, each as one line of HTML, and what stands between
/// dollars. Other blocks of code are left alone.
fn set_page(page: &str) -> Result<String, String> {
    let mut html = String::with_capacity(2 * page.len());
    let mut lines = page.lines().enumerate();
    let mut fence: Option<&str> = None;
    while let Some((number, line)) = lines.next() {
        let ticks = &line[..line.len() - line.trim_start_matches('`').len()];
        if let Some(open) = fence {
            html.push_str(line);
            if ticks.len() >= open.len() && line.trim_end() == ticks {
                fence = None;
            }
        } else if line.trim_end() == "```equations" {
            let inside: Vec<&str> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim_end() != "```").collect();
            let block = block::to_html(&inside)
                .map_err(|(line, message)| format!("{}: {message}", number + 2 + line))?;
            html.push_str(&block);
        } else if ticks.len() >= 3 {
            html.push_str(line);
            fence = Some(ticks);
        } else {
            html.push_str(&set_line(line).map_err(|message| format!("{}: {message}", number + 1))?);
        }
        html.push('\n');
    }
    Ok(html)
}

/// A line of prose or of a table with what stands between dollars set, but not what stands between backticks.
fn set_line(line: &str) -> Result<String, String> {
    let mut html = String::new();
    for (at, part) in line.split('`').enumerate() {
        if at > 0 {
            html.push('`');
        }
        if at % 2 == 1 || part.matches('$').count() % 2 == 1 {
            html.push_str(part);
            continue;
        }
        for (at, piece) in part.split('$').enumerate() {
            if at % 2 == 0 {
                html.push_str(piece);
            } else {
                html.push_str(&mathml::inline(&notation::parse(piece)?));
            }
        }
    }
    Ok(html)
}

#[cfg(test)]
mod tests {
    use super::{set_chapters, set_page};
    use serde_json::json;
    use std::{fs, path::Path};

    #[test]
    fn only_blocks_of_equations_change() {
        let page = "before\n```text\na = b\n```\n```equations\na = b\n```\nafter\n";
        let set = set_page(page).unwrap();
        assert!(set.starts_with("before\n```text\na = b\n```\n<div"), "{set}");
        assert!(set.ends_with("</div>\n\nafter\n"), "{set}");
    }

    #[test]
    fn equations_stand_between_dollars_too_but_not_in_code() {
        let set = set_page("| $x$ | `$y$` |\n```sh\n$OUT $x$\n```\n").unwrap();
        assert!(set.starts_with("| <math"), "{set}");
        assert!(set.ends_with("</math> | `$y$` |\n```sh\n$OUT $x$\n```\n"), "{set}");
    }

    #[test]
    fn chapters_are_found_at_any_depth_and_an_error_names_page_and_line() {
        let chapter =
            |content: &str| json!({"Chapter": {"content": content, "path": "a.md", "sub_items": []}});
        let mut book = json!({"items": [{"Chapter": {"content": "", "path": "b.md",
            "sub_items": [chapter("```equations\nx\n```\n")]}}]});
        set_chapters(&mut book).unwrap();
        assert!(book.to_string().contains("<math"), "{book}");
        let mut book = json!({"items": [chapter("\n```equations\nx\n(y\n```\n")]});
        assert_eq!(set_chapters(&mut book).unwrap_err(), "a.md:4: `(` is not closed");
    }

    #[test]
    fn every_page_of_the_book_can_be_set() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../src")];
        let mut pages = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|ending| ending == "md") {
                    set_page(&fs::read_to_string(&path).unwrap())
                        .unwrap_or_else(|e| panic!("{}:{e}", path.display()));
                    pages += 1;
                }
            }
        }
        assert!(pages > 20, "found {pages} pages");
    }
}
