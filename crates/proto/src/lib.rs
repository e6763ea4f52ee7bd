//! The contract of the suite: messages, clients and servers generated from `proto/`, and nothing
//! else. No service depends on another one's crate; they meet here.
//!
//! The code under `generated/` is committed, so that building needs no protobuf compiler; the
//! test `generated` compiles `proto/` again and compares.

/// Shared messages: observations and findings.
pub mod types {
    /// Version 1.
    pub mod v1 {
        include!("generated/mesur.types.v1.rs");
    }
}

/// The editions of the collections.
pub mod catalogue {
    /// Version 1.
    pub mod v1 {
        include!("generated/mesur.catalogue.v1.rs");
    }
}

/// Returns.
pub mod submission {
    /// Version 1.
    pub mod v1 {
        include!("generated/mesur.submission.v1.rs");
    }
}

/// Reports and answers.
pub mod validation {
    /// Version 1.
    pub mod v1 {
        include!("generated/mesur.validation.v1.rs");
    }
}

/// Totals and snapshots.
pub mod aggregation {
    /// Version 1.
    #[expect(
        clippy::large_enum_variant,
        reason = "a difference is sent as it is made, and never kept by the thousand"
    )]
    pub mod v1 {
        include!("generated/mesur.aggregation.v1.rs");
    }
}

/// Releases.
pub mod publication {
    /// Version 1.
    pub mod v1 {
        include!("generated/mesur.publication.v1.rs");
    }
}

/// What operators do with every service.
pub mod operations {
    /// Version 1.
    pub mod v1 {
        include!("generated/mesur.operations.v1.rs");
    }
}

/// What the services' stores hold.
pub mod storage {
    /// Version 1.
    pub mod v1 {
        include!("generated/mesur.storage.v1.rs");
    }
}

/// The encoded descriptors of every service, for reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");
