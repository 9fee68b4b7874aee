//! The page is well-formed and self-contained; ids are unique and all text is escaped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests may fail them")]

mod drawn;

use std::collections::BTreeSet;

use statenet_report::{Block, Cell, Histogram, Page, Section, Table};

const SCRIPT_ID: &str = "<script>alert('x')</script>";

fn page() -> Page {
    let svg = Histogram::new(SCRIPT_ID, "CC", [Some(0.5), None]).render();
    let mut table = Table::new(["model", SCRIPT_ID]);
    table.push([SCRIPT_ID.into(), Cell::number(0.5, 2)]).unwrap();
    let inner = Section::new("Config").code("{\n  \"a\": 1\n}").figure(svg.clone(), "");
    Page::new(SCRIPT_ID)
        .subtitle(SCRIPT_ID)
        .fact("seed", SCRIPT_ID)
        .section(Section::new(SCRIPT_ID).paragraph(SCRIPT_ID).table(table))
        .section(
            Section::new(SCRIPT_ID)
                .figure(svg.clone(), SCRIPT_ID)
                .figure(svg, SCRIPT_ID)
                .facts([("dt", "5 ms")])
                .details(inner)
                .block(Block::Paragraph("end".to_string())),
        )
}

#[test]
fn it_is_well_formed_and_ids_are_unique_and_linked() {
    let html = page().to_html();
    let document = drawn::parse(&html);
    let ids: Vec<&str> = document.descendants().filter_map(|n| n.attribute("id")).collect();
    let unique: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len());
    let links: Vec<&str> = document
        .descendants()
        .filter(|n| n.has_tag_name("a"))
        .filter_map(|n| n.attribute("href")?.strip_prefix('#'))
        .collect();
    assert_eq!(links, ids);
}

#[test]
fn nothing_is_fetched_and_no_text_becomes_markup() {
    let html = page().to_html();
    let document = drawn::parse(&html);
    let scripts = document.descendants().filter(|n| n.tag_name().name() == "script");
    assert_eq!(scripts.count(), 1);
    for node in document.descendants() {
        for key in ["src", "href", "srcset", "action"] {
            let address = node.attribute(key).unwrap_or("#");
            assert!(address.starts_with(['#']) || address.starts_with("data:"), "{address}");
        }
    }
    assert_eq!(document.descendants().filter(|n| n.tag_name().name() == "svg").count(), 3);
}

#[test]
fn it_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out/report.html");
    page().write(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), page().to_html());
}

#[test]
fn public_types_can_be_sent_and_shared() {
    fn check<T: Send + Sync + 'static>() {}
    check::<Page>();
    check::<Table>();
    check::<statenet_report::Figure>();
    check::<statenet_report::Svg>();
    check::<statenet_report::Error>();
}
