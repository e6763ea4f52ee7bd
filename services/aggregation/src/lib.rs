//! mesur-aggregation
