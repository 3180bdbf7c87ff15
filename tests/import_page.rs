//! A configuration that is written is read again as it was meant, whatever its names and texts are.

use hcc::diag::SourceId;
use hcc::import::page::{Item, Marked, write};
use hcc::syntax::parse::parse;
use hcc::syntax::tree::{Node, Scalar, Value};
use proptest::prelude::*;

/// Texts of all kinds: any letters, those that mean something, and several lines.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\PC\\n\\t\r \"'\\\\#{}()/=;~$*\\u{2028}\\u{85}\\u{202e}\\u{feff}\\u{200f}]{0,12}",
        "( *[a-z\"\\\\]{0,4} *\n){0,4}",
        Just("true".to_owned()),
        Just("\"\"\"\n".to_owned()),
        Just("-1".to_owned()),
    ]
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        text().prop_map(|own| Scalar::String(own.into())),
        any::<bool>().prop_map(Scalar::Bool),
        any::<i64>().prop_map(|own| Scalar::Int(own.into())),
        Just(Scalar::Null),
    ]
}

fn marked() -> impl Strategy<Value = Marked> {
    let mark = prop_oneof![3 => Just(None), 1 => Just(Some("f")), 1 => Just(Some("default+expr"))];
    (mark, scalar()).prop_map(|(mark, value)| Marked { mark, value })
}

fn item() -> impl Strategy<Value = Item> {
    let own = (
        // One without a name is only its comment.
        text().prop_filter("a name", |name| !name.is_empty()),
        prop::collection::vec(marked(), 0..3),
        prop::collection::vec((text(), marked()), 0..3),
        prop::collection::vec(text(), 0..2),
        prop::option::of(text()),
        any::<bool>(),
        prop_oneof![3 => Just(None), 1 => Just(Some("force"))],
    );
    let leaf = own.prop_map(|(name, args, props, comment, note, open, mark)| Item {
        mark,
        comment,
        note,
        name,
        args,
        props,
        children: Vec::new(),
        open,
    });
    leaf.prop_recursive(3, 12, 3, |inner| {
        (inner.clone(), prop::collection::vec(inner, 0..3))
            .prop_map(|(item, children)| Item { children, ..item })
    })
}

fn is_same(item: &Item, node: &Node) -> bool {
    let value = |said: &Marked, read: &Value| {
        said.mark == read.ty.as_ref().map(|ty| &*ty.value) && said.value == read.data
    };
    let args: Vec<&Value> = node.args().map(|entry| &entry.value).collect();
    let props: Vec<(&str, &Value)> =
        node.props().map(|(name, entry)| (&*name.value, &entry.value)).collect();
    *item.name == *node.name.value
        && item.mark == node.ty.as_ref().map(|ty| &*ty.value)
        && item.args.len() == args.len()
        && item.args.iter().zip(args).all(|(said, read)| value(said, read))
        && item.props.len() == props.len()
        && item
            .props
            .iter()
            .zip(props)
            .all(|((name, said), (own, read))| name == own && value(said, read))
        && item.children.len() == node.children().len()
        && item.children.iter().zip(node.children()).all(|(item, node)| is_same(item, node))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn what_is_written_is_read_back_the_same(items in prop::collection::vec(item(), 0..4)) {
        let text = write(&items);
        let (tree, diags) = parse(SourceId(0), &text);
        // A property said twice is the reader's business, not the writer's.
        prop_assert!(!diags.has_errors(), "{text}\n{:?}", diags.iter().next());
        prop_assert!(tree.len() == items.len(), "{text:?} {tree:?}");
        for (item, node) in items.iter().zip(&tree) {
            prop_assert!(is_same(item, node), "{text}\n{item:#?}\n{node:#?}");
        }
    }
}
