//! What several tests of the reader check.

use hcc::diag::{Diagnostics, Span};
use hcc::syntax::tree::Node;

/// Every span lies in the text and cuts no character.
pub fn check_spans(text: &str, tree: &[Node], problems: &Diagnostics) {
    for node in tree {
        check_node(text, node);
    }
    for problem in problems.iter() {
        for label in problem.label.iter().chain(&problem.others) {
            check_span(text, label.span);
        }
        if let Some(fix) = &problem.fix {
            check_span(text, fix.span);
        }
    }
}

fn check_node(text: &str, node: &Node) {
    check_span(text, node.span);
    check_span(text, node.name.span);
    assert!(holds(node.span, node.name.span), "{node:?}");
    for entry in &*node.entries {
        check_span(text, entry.span);
        check_span(text, entry.value.span);
        assert!(holds(node.span, entry.span), "{node:?}");
        assert!(holds(entry.span, entry.value.span), "{entry:?}");
    }
    for child in node.children() {
        assert!(holds(node.span, child.span), "{node:?}");
        check_node(text, child);
    }
}

fn holds(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

fn check_span(text: &str, span: Span) {
    assert!(span.start <= span.end, "{span:?}");
    assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?} in {text:?}");
}
