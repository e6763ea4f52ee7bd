//! What a message is made of, read from its syntax tree before it is ever formatted.

use std::collections::BTreeSet;

use fluent_syntax::ast::{Expression, InlineExpression, Pattern, PatternElement};

/// The variables of a message, also of those it refers to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Variables {
    /// Printed somewhere in the text.
    pub printed: BTreeSet<String>,
    /// Used to choose a form.
    pub choosing: BTreeSet<String>,
}

/// What one pattern refers to. Names borrow from the source, so their place in it can be told.
#[derive(Debug, Default)]
pub(crate) struct Shape<'s> {
    pub(crate) printed: Vec<&'s str>,
    pub(crate) choosing: Vec<&'s str>,
    pub(crate) messages: Vec<&'s str>,
    /// Terms, functions and attributes: the wording has no use for them.
    pub(crate) unsupported: Vec<&'s str>,
}

impl<'s> Shape<'s> {
    pub(crate) fn of(pattern: &Pattern<&'s str>) -> Self {
        let mut shape = Self::default();
        shape.pattern(pattern);
        shape
    }

    fn pattern(&mut self, pattern: &Pattern<&'s str>) {
        for element in &pattern.elements {
            match element {
                PatternElement::TextElement { .. } => {}
                PatternElement::Placeable { expression } => self.expression(expression),
            }
        }
    }

    fn expression(&mut self, expression: &Expression<&'s str>) {
        match expression {
            Expression::Inline(inline) => self.inline(inline),
            Expression::Select { selector, variants } => {
                if let InlineExpression::VariableReference { id } = selector {
                    self.choosing.push(id.name);
                } else {
                    self.inline(selector);
                }
                for variant in variants {
                    self.pattern(&variant.value);
                }
            }
        }
    }

    fn inline(&mut self, inline: &InlineExpression<&'s str>) {
        match inline {
            InlineExpression::VariableReference { id } => self.printed.push(id.name),
            InlineExpression::MessageReference {
                id,
                attribute: None,
            } => {
                self.messages.push(id.name);
            }
            InlineExpression::MessageReference {
                id,
                attribute: Some(_),
            }
            | InlineExpression::TermReference { id, .. }
            | InlineExpression::FunctionReference { id, .. } => self.unsupported.push(id.name),
            InlineExpression::Placeable { expression } => self.expression(expression),
            InlineExpression::StringLiteral { .. } | InlineExpression::NumberLiteral { .. } => {}
        }
    }
}
