//! mesur-validation
