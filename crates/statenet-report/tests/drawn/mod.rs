//! Checks a rendered figure: well-formed, without ids, all elements inside.
#![allow(dead_code, reason = "each test program uses its part")]

use roxmltree::{Document, Node, ParsingOptions};

/// Parses markup as XML, allowing HTML's doctype.
pub(crate) fn parse(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

/// Checks one figure; `name` identifies it in messages.
pub(crate) fn check(name: &str, svg: &str) {
    let document = parse(svg);
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"), "{name}");
    let children: Vec<&str> = root.children().filter(Node::is_element).map(|n| n.tag_name().name()).collect();
    assert_eq!(children[..2], ["title", "desc"], "{name}");
    for word in ["NaN", "inf", "script"] {
        assert!(!svg.contains(&format!("\"{word}")) && !svg.contains(&format!(" {word} ")), "{name}: {word}");
    }
    let view: Vec<f64> = numbers(root.attribute("viewBox").unwrap());
    let inside = |what: &str, x: f64, y: f64| {
        assert!(
            (-0.51..=view[2] + 0.51).contains(&x) && (-0.51..=view[3] + 0.51).contains(&y),
            "{name}: {what} at {x}, {y} is outside of {view:?}"
        );
    };
    for node in document.descendants().filter(Node::is_element) {
        assert_eq!(node.attribute("id"), None, "{name}: ids would meet in a page");
        let number = |key: &str| -> f64 {
            let text = node.attribute(key).unwrap_or("0");
            text.parse().unwrap_or_else(|_| panic!("{name}: {key}={text:?}"))
        };
        match node.tag_name().name() {
            "rect" | "image" => {
                inside("box", number("x"), number("y"));
                inside("box", number("x") + number("width"), number("y") + number("height"));
            }
            "line" => {
                inside("line", number("x1"), number("y1"));
                inside("line", number("x2"), number("y2"));
            }
            "circle" => inside("dot", number("cx"), number("cy")),
            "text" => {
                for (x, y) in text_corners(node) {
                    inside(&format!("text {:?}", shown(node)), x, y);
                }
            }
            "path" if node.parent_element().is_none_or(|g| g.attribute("transform").is_none()) => {
                for (x, y) in path_points(node.attribute("d").unwrap()) {
                    inside("path", x, y);
                }
            }
            _ => {}
        }
    }
}

/// The text of a node without its title.
pub(crate) fn shown(node: Node<'_, '_>) -> String {
    let texts = node.children().filter(Node::is_text);
    texts.filter_map(|n| n.text()).collect()
}

/// Two opposite corners of a text, assuming letters of 0.6 em, narrow characters of 0.36 em, and a height of 0.75 em.
fn text_corners(node: Node<'_, '_>) -> [(f64, f64); 2] {
    let number = |key: &str| -> f64 { node.attribute(key).unwrap().parse().unwrap() };
    let (x, y, px) = (number("x"), number("y"), number("font-size"));
    let narrow = |c: char| " .,:;|()[]'il".contains(c);
    let em: f64 = shown(node).chars().map(|c| if narrow(c) { 0.36 } else { 0.6 }).sum();
    let width = px * em;
    let (before, after) = match node.attribute("text-anchor") {
        Some("middle") => (width / 2.0, width / 2.0),
        Some("end") => (width, 0.0),
        _ => (0.0, width),
    };
    if node.attribute("transform").is_some() {
        [(x - 0.75 * px, y + before), (x, y - after)]
    } else {
        [(x - before, y - 0.75 * px), (x + after, y)]
    }
}

/// The points of a path that consists of M with absolute pairs, h, v and z.
fn path_points(d: &str) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::new();
    let starts: Vec<usize> =
        d.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(i, _)| i).collect();
    for (n, &start) in starts.iter().enumerate() {
        let end = starts.get(n + 1).copied().unwrap_or(d.len());
        let values = numbers(&d[start + 1..end]);
        let last = points.last().copied();
        match &d[start..=start] {
            "M" => points.extend(values.chunks_exact(2).map(|p| (p[0], p[1]))),
            "h" => points.extend(last.map(|(x, y)| (x + values[0], y))),
            "v" => points.extend(last.map(|(x, y)| (x, y + values[0]))),
            "z" | "Z" => {}
            other => panic!("{other} in {d:?}"),
        }
    }
    points
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|n| n.parse().unwrap_or_else(|_| panic!("{n:?} in {text:?}"))).collect()
}
