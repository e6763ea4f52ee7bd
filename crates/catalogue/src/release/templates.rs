//! The Fluent templates of a release, as far as they can be checked against the edition: they
//! parse, and their statements name figures. How a template is formatted is `mesur-wording`'s.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast;

use crate::fault::{Faults, line_of, line_of_key};
use crate::figure::Figures;
use crate::folder::Folder;

/// The text of a template file and the messages in it.
pub(super) struct Templates<'a> {
    pub(super) text: &'a str,
    pub(super) messages: BTreeSet<String>,
    /// The variables of every message.
    pub(super) variables: BTreeMap<String, BTreeSet<String>>,
}

/// Reads a template file: `None` when it is absent, or when it has faults that leave its messages
/// unknown.
pub(super) fn read<'a>(
    folder: &'a Folder,
    file: &str,
    figures: &Figures,
    faults: &mut Faults,
) -> Option<Templates<'a>> {
    let text = folder.text(file, faults)?;
    let messages = match parse(text) {
        Ok(resource) => message_variables(&resource),
        Err(errors) => {
            for (line, message) in errors {
                faults.at(file, line, "", message);
            }
            return None;
        }
    };
    for (message, variables) in &messages {
        if !message.starts_with("statement-") {
            continue;
        }
        for variable in variables {
            if !is_given(variable, figures) {
                let row = line_of_key(text, message);
                faults.at(file, row, message, format!("${variable} is not a figure"));
            }
            // It is printed without its sign: the words around it must say up or down.
            let direction = format!("{variable}-direction");
            if figures.is(variable, "change") && !variables.contains(&direction) {
                let row = line_of_key(text, message);
                let problem =
                    format!("${variable} is a change: ${direction} must choose the words");
                faults.at(file, row, message, problem);
            }
        }
    }
    Some(Templates {
        text,
        messages: messages.keys().cloned().collect(),
        variables: messages,
    })
}

/// Whether a statement is given the variable: a figure, its number, its authority or its direction.
fn is_given(variable: &str, figures: &Figures) -> bool {
    let number = variable.strip_suffix("-n");
    let area = variable.strip_suffix("-area");
    let direction = variable.strip_suffix("-direction");
    figures.may_have(variable)
        || number.is_some_and(|id| figures.may_have(id))
        || area.is_some_and(|id| figures.may_be(id, "authority_percent"))
        || direction.is_some_and(|id| figures.may_be(id, "change"))
}

/// The ends of the variables that a figure is given by, beside its id alone.
const ENDS: [&str; 4] = ["", "-n", "-area", "-direction"];

/// Whether a variable is one of those that a statement is given of a figure.
pub(super) fn is_of(variable: &str, figure: &str) -> bool {
    let end = variable.strip_prefix(figure);
    end.is_some_and(|end| ENDS.contains(&end))
}

type Resource<'a> = ast::Resource<&'a str>;

fn parse(text: &str) -> Result<Resource<'_>, Vec<(u64, String)>> {
    fluent_syntax::parser::parse(text).map_err(|(_, errors)| {
        errors
            .into_iter()
            .map(|error| (line_of(text, Some(error.pos.clone())), error.to_string()))
            .collect()
    })
}

/// Every message with the variables that its text uses.
pub(crate) fn message_variables(resource: &Resource<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::new();
    for entry in &resource.body {
        if let ast::Entry::Message(message) = entry {
            let mut variables = BTreeSet::new();
            if let Some(pattern) = &message.value {
                pattern_variables(pattern, &mut variables);
            }
            messages.insert(message.id.name.to_owned(), variables);
        }
    }
    messages
}

fn pattern_variables(pattern: &ast::Pattern<&str>, found: &mut BTreeSet<String>) {
    for element in &pattern.elements {
        if let ast::PatternElement::Placeable { expression } = element {
            expression_variables(expression, found);
        }
    }
}

fn expression_variables(expression: &ast::Expression<&str>, found: &mut BTreeSet<String>) {
    match expression {
        ast::Expression::Inline(inline) => inline_variables(inline, found),
        ast::Expression::Select { selector, variants } => {
            inline_variables(selector, found);
            for variant in variants {
                pattern_variables(&variant.value, found);
            }
        }
    }
}

fn inline_variables(inline: &ast::InlineExpression<&str>, found: &mut BTreeSet<String>) {
    match inline {
        ast::InlineExpression::VariableReference { id } => {
            found.insert(id.name.to_owned());
        }
        ast::InlineExpression::Placeable { expression } => expression_variables(expression, found),
        ast::InlineExpression::TermReference {
            arguments: Some(arguments),
            ..
        }
        | ast::InlineExpression::FunctionReference { arguments, .. } => {
            for argument in &arguments.positional {
                inline_variables(argument, found);
            }
            for argument in &arguments.named {
                inline_variables(&argument.value, found);
            }
        }
        ast::InlineExpression::TermReference {
            arguments: None, ..
        }
        | ast::InlineExpression::StringLiteral { .. }
        | ast::InlineExpression::NumberLiteral { .. }
        | ast::InlineExpression::MessageReference { .. } => {}
    }
}
