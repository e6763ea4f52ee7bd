//! mesur-tests
