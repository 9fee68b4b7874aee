//! An equation as MathML.
//!
//! Browsers do not break lines inside `<math>`. A long equation is therefore several of them, one for each term, between
//! which a line may end where the page is too narrow.

use crate::notation::{Node, without_brackets};

/// The left side of an equation, if it has a relation, and the rest, each as HTML that can stand in a line of text.
pub(crate) fn sides(node: &Node) -> (Option<String>, String) {
    let items = match node {
        Node::Row(items) => items.as_slice(),
        node => std::slice::from_ref(node),
    };
    match items.iter().position(is_relation) {
        Some(relation) if relation > 0 => (Some(math(&items[..relation])), pieces(&items[relation..])),
        _ => (None, pieces(items)),
    }
}

/// One `<math>` for each term, so that lines can end between them.
fn pieces(items: &[Node]) -> String {
    let mut pieces: Vec<&[Node]> = Vec::new();
    let mut start = 0;
    for at in 1..items.len() {
        if breaks_before(&items[at]) && !matches!(items[at - 1], Node::Sign { .. }) {
            pieces.push(&items[start..at]);
            start = at;
        }
    }
    pieces.push(&items[start..]);
    pieces.iter().map(|piece| factors(piece)).collect::<Vec<_>>().join(" ")
}

/// A term; if it is a long product, one `<math>` for each factor.
fn factors(term: &[Node]) -> String {
    let [signs @ .., Node::Product(factors)] = term else { return math(term) };
    if width(term) < 40.0 || !signs.iter().all(|node| matches!(node, Node::Sign { .. })) {
        return math(term);
    }
    let mut parts = Vec::new();
    let mut current = signs.to_vec();
    for factor in factors {
        let bare = current.iter().all(|node| matches!(node, Node::Sign { .. } | Node::Large { .. }));
        if !bare {
            parts.push(math(&current));
            current.clear();
        }
        current.push(factor.clone());
    }
    parts.push(math(&current));
    parts.join(" ")
}

fn breaks_before(node: &Node) -> bool {
    matches!(node, Node::Sign { text: "+" | "−", prefix: false }) || is_relation(node)
}

fn is_relation(node: &Node) -> bool {
    matches!(
        node,
        Node::Sign {
            text: "=" | "<" | ">" | "≤" | "≥" | "≈" | "∼" | "∝" | "∈" | "←" | "→", ..
        }
    )
}

/// About how wide something is, in letters.
fn width(nodes: &[Node]) -> f64 {
    nodes.iter().map(node_width).sum()
}

fn node_width(node: &Node) -> f64 {
    match node {
        Node::Number(text) | Node::Letter(text) | Node::Name(text) | Node::Text(text) => {
            text.chars().count() as f64
        }
        Node::Sign { prefix, .. } => {
            if *prefix {
                1.0
            } else {
                2.0
            }
        }
        Node::Row(nodes) | Node::Product(nodes) => width(nodes),
        Node::PowerOfTen { .. } => 3.0,
        Node::Primed { base, primes } => node_width(base) + 0.5 * *primes as f64,
        Node::Fraction { above, below, in_line: false } => node_width(above).max(node_width(below)),
        Node::Fraction { above, below, in_line: true } => node_width(above) + 1.0 + node_width(below),
        Node::Root(inside) => node_width(inside) + 1.0,
        Node::Fenced { inside, .. } => node_width(inside) + 1.0,
        Node::Script { base, index, power } => {
            let script =
                |node: &Option<Box<Node>>| node.as_deref().map_or(0.0, |node| 0.7 * node_width(node));
            node_width(base) + script(index).max(script(power))
        }
        Node::Call { function, arguments } => node_width(function) + node_width(arguments),
        Node::Large { range, .. } => range.as_deref().map_or(1.0, |range| 0.7 * node_width(range)).max(1.0),
    }
}

/// An equation inside a line of text, where sums keep their ranges beside them.
pub(crate) fn inline(node: &Node) -> String {
    let items = match node {
        Node::Row(items) => items.as_slice(),
        node => std::slice::from_ref(node),
    };
    pieces(items)
        .replace(" displaystyle=\"true\"", "")
        .replace("movablelimits=\"false\"", "movablelimits=\"true\"")
}

/// Nodes beside each other as one `<math>`.
pub(crate) fn math(nodes: &[Node]) -> String {
    let mut out = String::from("<math displaystyle=\"true\">");
    for (at, node) in nodes.iter().enumerate() {
        match node {
            // The space before the sign is the one between two pieces of a line.
            Node::Sign { text, prefix: false } if at == 0 => {
                out.push_str(&format!("<mo form=\"infix\" lspace=\"0\">{}</mo>", escape(text)));
            }
            node => write(node, false, &mut out),
        }
    }
    out.push_str("</math>");
    out
}

/// Appends a node. `small` inside indices and powers, where fractions stay in the line.
fn write(node: &Node, small: bool, out: &mut String) {
    match node {
        Node::Number(text) => element("mn", &escape(text), out),
        Node::Letter(text) | Node::Name(text) => element("mi", &escape(text), out),
        Node::Text(text) => element("mtext", &escape(text), out),
        Node::Sign { text, prefix: true } => {
            out.push_str(&format!("<mo form=\"prefix\">{}</mo>", escape(text)));
        }
        Node::Sign { text, prefix: false } => element("mo", &escape(text), out),
        Node::Row(nodes) => nested("mrow", out, |out| nodes.iter().for_each(|node| write(node, small, out))),
        Node::Product(factors) => nested("mrow", out, |out| {
            for (at, factor) in factors.iter().enumerate() {
                out.push_str(match at.checked_sub(1).map(|before| (&factors[before], factor)) {
                    None | Some((Node::Fenced { .. }, Node::Fenced { .. })) => "",
                    Some((Node::Text(_), _) | (_, Node::Text(_))) => "<mspace width=\"0.35em\"></mspace>",
                    Some(_) => "<mspace width=\"0.17em\"></mspace>",
                });
                match factor {
                    // A fraction needs no brackets to be a factor.
                    Node::Fenced { open: '(', inside, .. } if !small && is_built_up(inside) => {
                        write(inside, small, out);
                    }
                    factor => write(factor, small, out),
                }
            }
        }),
        Node::PowerOfTen { mantissa, exponent } => nested("mrow", out, |out| {
            if mantissa != "1" {
                element("mn", mantissa, out);
                element("mo", "·", out);
            }
            let exponent = exponent.replace('-', "−");
            out.push_str(&format!("<msup><mn>10</mn><mn>{exponent}</mn></msup>"));
        }),
        Node::Fraction { above, below, in_line } => {
            let numbers = matches!((&**above, &**below), (Node::Number(_), Node::Number(_)));
            if *in_line && numbers && !small {
                out.push_str("<mstyle displaystyle=\"false\">");
                nested("mfrac", out, |out| {
                    [above, below].into_iter().for_each(|part| write(part, small, out));
                });
                out.push_str("</mstyle>");
            } else if *in_line || small {
                nested("mrow", out, |out| {
                    write(above, small, out);
                    out.push_str("<mo lspace=\"0\" rspace=\"0\">/</mo>");
                    write(below, small, out);
                });
            } else {
                nested("mfrac", out, |out| {
                    for part in [above, below] {
                        nested("mrow", out, |out| write(&without_brackets((**part).clone()), small, out));
                    }
                });
            }
        }
        Node::Root(inside) => nested("msqrt", out, |out| write(inside, small, out)),
        Node::Primed { base, primes } => nested("mrow", out, |out| {
            write(base, small, out);
            out.push_str(&format!(
                "<mo form=\"postfix\" lspace=\"0\" rspace=\"0\">{}</mo>",
                "′".repeat(*primes)
            ));
        }),
        Node::Fenced { open, inside, close } => nested("mrow", out, |out| {
            let stretchy = is_tall(inside);
            let bracket = |bracket: char, form: &str, out: &mut String| {
                out.push_str(&format!("<mo form=\"{form}\" stretchy=\"{stretchy}\">{bracket}</mo>"));
            };
            bracket(*open, "prefix", out);
            write(inside, small, out);
            bracket(*close, "postfix", out);
        }),
        Node::Script { base, index, power } => {
            let tag = match (index, power) {
                (Some(_), Some(_)) => "msubsup",
                (Some(_), None) => "msub",
                _ => "msup",
            };
            nested(tag, out, |out| {
                write(base, small, out);
                for script in [index, power].into_iter().flatten() {
                    nested("mrow", out, |out| write(script, true, out));
                }
            });
        }
        Node::Call { function, arguments } => nested("mrow", out, |out| {
            write(function, small, out);
            write(arguments, small, out);
        }),
        Node::Large { sign, range: None } => element("mo", sign, out),
        Node::Large { sign, range: Some(range) } => nested("munder", out, |out| {
            out.push_str(&format!("<mo movablelimits=\"false\">{sign}</mo>"));
            nested("mrow", out, |out| write(range, true, out));
        }),
    }
}

fn is_built_up(node: &Node) -> bool {
    matches!(node, Node::Fraction { in_line: false, .. })
}

/// Whether brackets around it must grow.
fn is_tall(node: &Node) -> bool {
    match node {
        Node::Fraction { above, below, in_line } => !in_line || is_tall(above) || is_tall(below),
        Node::Large { .. } => true,
        Node::Row(nodes) | Node::Product(nodes) => nodes.iter().any(is_tall),
        Node::Root(inside) | Node::Fenced { inside, .. } => is_tall(inside),
        Node::Script { base, .. } => is_tall(base),
        Node::Call { arguments, .. } => is_tall(arguments),
        _ => false,
    }
}

fn element(tag: &str, text: &str, out: &mut String) {
    out.push_str(&format!("<{tag}>{text}</{tag}>"));
}

fn nested(tag: &str, out: &mut String, inside: impl FnOnce(&mut String)) {
    out.push_str(&format!("<{tag}>"));
    inside(out);
    out.push_str(&format!("</{tag}>"));
}

/// Text as it stands in HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::math;
    use crate::notation::parse;

    /// What an equation is set as, without spaces, form and stretching.
    fn set(text: &str) -> String {
        let html = math(&[parse(text).unwrap()]).replace("<mspace width=\"0.17em\"></mspace>", "");
        let html = html.replace("<math displaystyle=\"true\">", "").replace("</math>", "");
        [
            " form=\"prefix\"",
            " form=\"postfix\"",
            " stretchy=\"false\"",
            " stretchy=\"true\"",
            " movablelimits=\"false\"",
        ]
        .iter()
        .fold(html, |html, attribute| html.replace(attribute, ""))
    }

    #[test]
    fn letters_are_in_italics_and_names_upright() {
        assert_eq!(set("x"), "<mi>x</mi>");
        assert_eq!(set("tau"), "<mi>τ</mi>");
        assert_eq!(set("GRU"), "<mi>GRU</mi>");
        assert_eq!(set("f0"), "<msub><mi>f</mi><mrow><mn>0</mn></mrow></msub>");
        assert_eq!(set("h'"), "<mrow><mi>h</mi><mo lspace=\"0\" rspace=\"0\">′</mo></mrow>");
        assert_eq!(set("\"in ms\""), "<mtext>in ms</mtext>");
    }

    #[test]
    fn indices_stand_below_and_labels_above_them() {
        assert_eq!(set("W_ir"), "<msub><mi>W</mi><mrow><mi>ir</mi></mrow></msub>");
        let index = "<mrow><mrow><mi>n</mi><mo>,</mo><mi>t</mi></mrow></mrow>";
        assert_eq!(set("r[n,t]"), format!("<msub><mi>r</mi>{index}</msub>"));
        assert_eq!(set("e_on[n,t]"), format!("<msubsup><mi>e</mi>{index}<mrow><mi>on</mi></mrow></msubsup>"));
    }

    #[test]
    fn a_spaced_slash_takes_the_products_on_both_sides() {
        assert_eq!(
            set("1 + 2 a / (b + c)"),
            "<mrow><mn>1</mn><mo>+</mo><mfrac><mrow><mrow><mn>2</mn><mi>a</mi></mrow></mrow>\
             <mrow><mrow><mi>b</mi><mo>+</mo><mi>c</mi></mrow></mrow></mfrac></mrow>"
        );
        assert_eq!(
            set("a/b c"),
            "<mrow><mrow><mi>a</mi><mo lspace=\"0\" rspace=\"0\">/</mo><mi>b</mi></mrow><mi>c</mi></mrow>"
        );
    }

    #[test]
    fn powers_roots_and_sums() {
        assert_eq!(set("x^2"), "<msup><mi>x</mi><mrow><mn>2</mn></mrow></msup>");
        assert_eq!(set("A^-1"), "<msup><mi>A</mi><mrow><mrow><mo>−</mo><mn>1</mn></mrow></mrow></msup>");
        assert_eq!(set("sqrt(a b)"), "<msqrt><mrow><mi>a</mi><mi>b</mi></mrow></msqrt>");
        assert_eq!(
            set("sum_t y"),
            "<mrow><munder><mo>∑</mo><mrow><mi>t</mi></mrow></munder><mi>y</mi></mrow>"
        );
        assert_eq!(set("1e-5"), "<mrow><msup><mn>10</mn><mn>−5</mn></msup></mrow>");
    }

    #[test]
    fn brackets_belong_to_functions_or_stand_alone() {
        assert_eq!(set("f(x)"), "<mrow><mi>f</mi><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow></mrow>");
        assert_eq!(set("|x|"), "<mrow><mo>|</mo><mi>x</mi><mo>|</mo></mrow>");
        assert_eq!(
            set("h[., t]"),
            "<msub><mi>h</mi><mrow><mrow><mi>·</mi><mo>,</mo><mi>t</mi></mrow></mrow></msub>"
        );
    }

    #[test]
    fn what_cannot_be_read_is_said() {
        let error = |text| parse(text).unwrap_err();
        assert_eq!(error("(a"), "`(` is not closed");
        assert_eq!(error("(a]"), "`(` is closed by `]`");
        assert_eq!(error("a)"), "`)` stands where nothing can");
        assert_eq!(error("a / "), "`/` has nothing behind it");
        assert_eq!(error("a § b"), "`§` has no meaning in an equation");
    }
}
