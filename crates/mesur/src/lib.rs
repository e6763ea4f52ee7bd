//! mesur
