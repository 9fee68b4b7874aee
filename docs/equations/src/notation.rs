//! The plain notation of equations, read into a tree.
//!
//! | plain | is |
//! |---|---|
//! | `x`, `tau`, `GRU` | a letter, a Greek letter, a name set upright; `f0` is f with the index 0, `h'` a primed h |
//! | `x[f,t]`, `x_{l-1}` | indices; a label in front of indices, `e_on[t]`, is set above them |
//! | `a b` | a product |
//! | `a b / c d` | a fraction with everything up to the next sum, relation or comma; `a/b` without spaces stays in the line |
//! | `x^2`, `e^(-x)` | powers |
//! | `f(x)`, `sqrt(x)`, `\|x\|`, `⟨x⟩` | functions, roots, sizes, means |
//! | `sum_{f,k} a` | a sum, its range below |
//! | `+ - * . = < > <= >= <- ->` | signs; `*` is a convolution, `.` a product of vectors |
//! | `1e-5` | a power of ten |
//! | `"text"` | words |

/// A part of an equation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    /// Digits, as written.
    Number(String),
    /// One letter, set in italics.
    Letter(String),
    /// A word of several letters, set upright.
    Name(String),
    /// Words between quotes.
    Text(String),
    /// Something with primes behind it.
    Primed {
        base: Box<Node>,
        primes: usize,
    },
    /// A sign between two parts, or in front of one.
    Sign {
        text: &'static str,
        prefix: bool,
    },
    /// Terms and signs in turn.
    Row(Vec<Node>),
    /// Factors beside each other.
    Product(Vec<Node>),
    /// A number of the form `mantissa e exponent`.
    PowerOfTen {
        mantissa: String,
        exponent: String,
    },
    /// What `/` divides: built up, or in one line.
    Fraction {
        above: Box<Node>,
        below: Box<Node>,
        in_line: bool,
    },
    Root(Box<Node>),
    /// Something between brackets.
    Fenced {
        open: char,
        inside: Box<Node>,
        close: char,
    },
    /// Something with an index, a power or both.
    Script {
        base: Box<Node>,
        index: Option<Box<Node>>,
        power: Option<Box<Node>>,
    },
    /// A function and its arguments in brackets.
    Call {
        function: Box<Node>,
        arguments: Box<Node>,
    },
    /// A sum or product over a range.
    Large {
        sign: &'static str,
        range: Option<Box<Node>>,
    },
}

/// Reads one equation.
pub(crate) fn parse(text: &str) -> Result<Node, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, inside: Vec::new() };
    let row = parser.row()?;
    match parser.peek() {
        Some(token) => Err(format!("`{}` stands where nothing can", token.text)),
        None => Ok(row),
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Number,
    Word,
    Text,
    Sign,
    Bracket,
    Mark,
}

#[derive(Clone, Debug)]
struct Token {
    kind: Kind,
    text: String,
    spaced: bool,
}

/// What is written for a sign, and what is set.
const SIGNS: [(&str, &str); 27] = [
    ("...", "…"),
    ("..", "…"),
    ("<-", "←"),
    ("->", "→"),
    ("<=", "≤"),
    (">=", "≥"),
    ("+", "+"),
    ("-", "−"),
    ("*", "∗"),
    (".", "·"),
    ("=", "="),
    ("<", "<"),
    (">", ">"),
    ("~", "∼"),
    ("∝", "∝"),
    ("≤", "≤"),
    ("≥", "≥"),
    ("≈", "≈"),
    ("∈", "∈"),
    ("×", "×"),
    ("·", "·"),
    ("…", "…"),
    ("←", "←"),
    ("→", "→"),
    (",", ","),
    (";", ";"),
    (":", ":"),
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let spaced = trimmed.len() < rest.len() || tokens.is_empty();
        rest = trimmed;
        let Some(first) = rest.chars().next() else { return Ok(tokens) };
        let (kind, length) = if first.is_ascii_digit() || starts_with_decimal(rest) {
            (Kind::Number, number_length(rest))
        } else if first.is_alphabetic() || first == '∂' {
            let letters: usize =
                rest.chars().take_while(|c| c.is_alphanumeric() || *c == '∂').map(char::len_utf8).sum();
            (Kind::Word, letters + rest[letters..].chars().take_while(|c| *c == '\'').count())
        } else if first == '"' {
            let length = rest[1..].find('"').ok_or("`\"` is not closed")?;
            (Kind::Text, length + 2)
        } else if "()[]{}|⟨⟩".contains(first) {
            (Kind::Bracket, first.len_utf8())
        } else if "_^/".contains(first) {
            (Kind::Mark, 1)
        } else if let Some((written, _)) = SIGNS.iter().find(|(written, _)| rest.starts_with(written)) {
            (Kind::Sign, written.len())
        } else {
            return Err(format!("`{first}` has no meaning in an equation"));
        };
        let (token, after) = rest.split_at(length);
        tokens.push(Token { kind, text: token.to_owned(), spaced });
        rest = after;
    }
}

fn starts_with_decimal(text: &str) -> bool {
    text.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

fn number_length(text: &str) -> usize {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let mut length = digits(text);
    if starts_with_decimal(&text[length..]) {
        length += 1 + digits(&text[length + 1..]);
    }
    // An exponent needs a sign or a digit behind the e: `2 e^x` and `3e` have none.
    if let Some(exponent) = text[length..].strip_prefix('e') {
        let sign = usize::from(exponent.starts_with('-'));
        let behind = digits(&exponent[sign..]);
        if behind > 0 {
            length += 1 + sign + behind;
        }
    }
    length
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    /// The brackets that are open.
    inside: Vec<char>,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    /// Whether the next token is `text`, and written without a space before it.
    fn tight(&self, text: &str) -> bool {
        self.peek().is_some_and(|token| token.text == text && token.kind != Kind::Text && !token.spaced)
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.peek().cloned();
        self.at += 1;
        token
    }

    /// Terms and signs up to the end or a closing bracket.
    fn row(&mut self) -> Result<Node, String> {
        let mut items = Vec::new();
        while let Some(token) = self.peek() {
            if token.kind == Kind::Sign {
                let operand = items.last().is_none_or(|item| matches!(item, Node::Sign { .. }));
                let text =
                    SIGNS.iter().find(|(written, _)| *written == token.text).map_or("", |(_, set)| *set);
                self.at += 1;
                // A point without anything around it stands for a whole axis: h[., t].
                items.push(if operand && text == "·" {
                    Node::Letter("·".to_owned())
                } else {
                    Node::Sign { text, prefix: operand && matches!(text, "+" | "−") }
                });
            } else if self.starts_factor() {
                items.push(self.product()?);
            } else {
                break;
            }
        }
        Ok(if items.len() == 1 { items.remove(0) } else { Node::Row(items) })
    }

    fn starts_factor(&self) -> bool {
        self.peek().is_some_and(|token| match token.kind {
            Kind::Number | Kind::Word | Kind::Text => true,
            Kind::Bracket => match token.text.as_str() {
                "(" | "[" | "{" | "⟨" => true,
                "|" => self.inside.last() != Some(&'|'),
                _ => false,
            },
            Kind::Sign | Kind::Mark => false,
        })
    }

    /// Factors, and what a spaced `/` makes of them.
    fn product(&mut self) -> Result<Node, String> {
        let mut above = None;
        loop {
            let mut factors = Vec::new();
            while self.starts_factor() {
                factors.push(self.factor()?);
            }
            if factors.is_empty() {
                return Err("`/` has nothing behind it".to_owned());
            }
            let product = if factors.len() == 1 { factors.remove(0) } else { Node::Product(factors) };
            let node = match above.take() {
                None => product,
                Some(above) => {
                    Node::Fraction { above: Box::new(above), below: Box::new(product), in_line: false }
                }
            };
            if self.peek().is_none_or(|token| token.text != "/") {
                return Ok(node);
            }
            self.at += 1;
            above = Some(node);
        }
    }

    /// An atom with its indices, powers and arguments, and what a `/` without spaces adds.
    fn factor(&mut self) -> Result<Node, String> {
        let above = self.scripted()?;
        if !self.tight("/") || self.tokens.get(self.at + 1).is_none_or(|token| token.spaced) {
            return Ok(above);
        }
        self.at += 1;
        let below = self.scripted()?;
        Ok(Node::Fraction { above: Box::new(above), below: Box::new(below), in_line: true })
    }

    fn scripted(&mut self) -> Result<Node, String> {
        let token = self.take().ok_or("something is missing at the end")?;
        let callable = token.kind == Kind::Word;
        if token.kind == Kind::Word {
            match token.text.as_str() {
                "sqrt" => {
                    let inside = self.scripted()?;
                    return Ok(Node::Root(Box::new(without_brackets(inside))));
                }
                "sum" => {
                    let range = if self.tight("_") { Some(Box::new(self.label()?)) } else { None };
                    return Ok(Node::Large { sign: "∑", range });
                }
                _ => {}
            }
        }
        let mut node = self.atom(token)?;
        let mut label = None;
        if self.tight("_") {
            label = Some(self.label()?);
        }
        if self.tight("[") {
            self.at += 1;
            let index = Box::new(self.bracketed('[', ']')?);
            let power = label.map(|label| Box::new(as_label(label)));
            node = Node::Script { base: Box::new(node), index: Some(index), power };
        } else if let Some(label) = label {
            node = with_index(node, label);
        }
        if callable && self.tight("(") {
            self.at += 1;
            let inside = Box::new(self.bracketed('(', ')')?);
            node = Node::Call {
                function: Box::new(node),
                arguments: Box::new(Node::Fenced { open: '(', inside, close: ')' }),
            };
        }
        if self.tight("^") {
            self.at += 1;
            let power = self.power()?;
            node = with_power(node, power);
        }
        Ok(node)
    }

    /// Behind `_`: one word or number, or anything in braces.
    fn label(&mut self) -> Result<Node, String> {
        self.at += 1;
        let token = self.take().ok_or("`_` has nothing behind it")?;
        match (token.kind, token.text.as_str()) {
            (Kind::Bracket, "{") => self.bracketed('{', '}'),
            (Kind::Number | Kind::Word, _) => self.atom(token),
            (_, text) => Err(format!("`_` needs a word, a number or {{..}} behind it, found `{text}`")),
        }
    }

    /// Behind `^`: one atom with a sign or without, or anything in brackets.
    fn power(&mut self) -> Result<Node, String> {
        let token = self.take().ok_or("`^` has nothing behind it")?;
        match (token.kind, token.text.as_str()) {
            (Kind::Bracket, "(") => self.bracketed('(', ')'),
            (Kind::Bracket, "{") => self.bracketed('{', '}'),
            (Kind::Sign, "*") => Ok(Node::Letter("∗".to_owned())),
            (Kind::Sign, "-") => {
                let token = self.take().ok_or("`^-` has nothing behind it")?;
                Ok(Node::Row(vec![Node::Sign { text: "−", prefix: true }, self.atom(token)?]))
            }
            _ => self.atom(token),
        }
    }

    /// What stands between an open bracket, which has been taken, and its end.
    fn bracketed(&mut self, open: char, close: char) -> Result<Node, String> {
        self.inside.push(open);
        let row = self.row()?;
        self.inside.pop();
        match self.take() {
            Some(token) if token.text.starts_with(close) && token.kind == Kind::Bracket => Ok(row),
            Some(token) => Err(format!("`{open}` is closed by `{}`", token.text)),
            None => Err(format!("`{open}` is not closed")),
        }
    }

    fn atom(&mut self, token: Token) -> Result<Node, String> {
        let fenced = |inside, open, close| Node::Fenced { open, inside: Box::new(inside), close };
        match (token.kind, token.text.as_str()) {
            (Kind::Number, text) => Ok(match text.split_once('e') {
                Some((mantissa, exponent)) => {
                    Node::PowerOfTen { mantissa: mantissa.to_owned(), exponent: exponent.to_owned() }
                }
                None => Node::Number(text.to_owned()),
            }),
            (Kind::Text, text) => Ok(Node::Text(text.trim_matches('"').to_owned())),
            (Kind::Word, text) => Ok(word(text)),
            (Kind::Bracket, "(") => Ok(fenced(self.bracketed('(', ')')?, '(', ')')),
            (Kind::Bracket, "[") => Ok(fenced(self.bracketed('[', ']')?, '[', ']')),
            (Kind::Bracket, "{") => self.bracketed('{', '}'),
            (Kind::Bracket, "⟨") => Ok(fenced(self.bracketed('⟨', '⟩')?, '⟨', '⟩')),
            (Kind::Bracket, "|") => Ok(fenced(self.bracketed('|', '|')?, '|', '|')),
            (_, text) => Err(format!("`{text}` stands where a number, a word or a bracket should")),
        }
    }
}

const GREEK: [(&str, &str); 20] = [
    ("alpha", "α"),
    ("beta", "β"),
    ("gamma", "γ"),
    ("delta", "δ"),
    ("eps", "ε"),
    ("eta", "η"),
    ("theta", "θ"),
    ("lambda", "λ"),
    ("mu", "μ"),
    ("nu", "ν"),
    ("pi", "π"),
    ("rho", "ρ"),
    ("sigma", "σ"),
    ("tau", "τ"),
    ("phi", "φ"),
    ("chi", "χ"),
    ("psi", "ψ"),
    ("omega", "ω"),
    ("inf", "∞"),
    ("Delta", "Δ"),
];

/// A letter, a Greek letter or a name, its primes, and the digits behind one letter as its index.
fn word(text: &str) -> Node {
    let bare = text.trim_end_matches('\'');
    let primes = text.len() - bare.len();
    let letters = bare.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &bare[letters.len()..];
    let named = |name: &str| match GREEK.iter().find(|(word, _)| *word == name) {
        Some((_, letter)) => Node::Letter((*letter).to_owned()),
        None if name.chars().count() == 1 => Node::Letter(name.to_owned()),
        None => Node::Name(name.to_owned()),
    };
    let mut node = named(letters);
    if !digits.is_empty() {
        node = if matches!(node, Node::Letter(_)) || letters == "log" {
            with_index(node, Node::Number(digits.to_owned()))
        } else {
            named(bare)
        };
    }
    if primes == 0 { node } else { Node::Primed { base: Box::new(node), primes } }
}

fn with_index(base: Node, index: Node) -> Node {
    match base {
        Node::Script { base, index: None, power } => {
            Node::Script { base, index: Some(Box::new(index)), power }
        }
        base => Node::Script { base: Box::new(base), index: Some(Box::new(index)), power: None },
    }
}

fn with_power(base: Node, power: Node) -> Node {
    match base {
        Node::Script { base, index, power: None } => {
            Node::Script { base, index, power: Some(Box::new(power)) }
        }
        base => Node::Script { base: Box::new(base), index: None, power: Some(Box::new(power)) },
    }
}

/// A label above indices: a word as it is, letters and numbers in brackets, so that they do not look like powers.
fn as_label(label: Node) -> Node {
    match label {
        label @ Node::Name(_) => label,
        label => Node::Fenced { open: '(', inside: Box::new(label), close: ')' },
    }
}

/// Without the round brackets around all of it, which a fraction, a root or a power makes superfluous.
pub(crate) fn without_brackets(node: Node) -> Node {
    match node {
        Node::Fenced { open: '(', inside, .. } => *inside,
        node => node,
    }
}
