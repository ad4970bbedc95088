//! Names of resources in messages.

use std::sync::Arc;

use crate::estate::Field;

/// A text for messages, whether it is known or not.
pub(crate) fn shown(field: &Field<Arc<str>>) -> Arc<str> {
    match &field.value {
        Ok(text) => Arc::clone(text),
        Err(unknown) => Arc::clone(&unknown.text),
    }
}
