//! The closed list of what can be found.

use mesur_catalogue::{RuleKind, Severity};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)+) => {
        /// What was found. The texts are stable for ever: other systems know findings by them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum FindingKind {
            $($(#[$doc])* $name,)+
        }

        impl FindingKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The stable text.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

kinds! {
    /// The categories do not make up the total.
    SumMismatch = "sum_mismatch",
    /// A category is above what its total leaves for it.
    CategoryAboveTotal = "category_above_total",
    /// The categories of several answers do not cover the cases that have an answer.
    Cover = "cover",
    /// A part is above what it is based on.
    SubsetAboveBase = "subset_above_base",
    /// Parts that exclude each other are above the whole together.
    Exclusive = "exclusive",
    /// Within timescale is above completed.
    Timescale = "timescale",
    /// A breakdown has another total than its base.
    SameTotal = "same_total",
    /// The stock does not follow from the flow.
    StockFlow = "stock_flow",
    /// A rate that cannot be.
    RateImpossible = "rate_impossible",
    /// A rate outside its usual range.
    UsualRange = "usual_range",
    /// The change since an earlier period is above the threshold.
    YearOnYear = "year_on_year",
    /// A relation of sums does not hold.
    LinearMismatch = "linear_mismatch",
    /// A total and its breakdown cover different parts of the period.
    CoverageMismatch = "coverage_mismatch",
    /// Cells that should differ have one value.
    SameValue = "same_value",
    /// Zero where the earlier period had a value.
    SuspiciousZero = "suspicious_zero",
    /// The value is far from those of other authorities.
    PeerDifference = "peer_difference",
    /// A count is below zero.
    Negative = "negative",
    /// A count has a decimal part or an exponent.
    NotWhole = "not_whole",
    /// The value is not a number in plain digits.
    NotANumber = "not_a_number",
    /// The value is above the largest allowed, or does not fit 64 bits.
    TooLarge = "too_large",
    /// The value has more decimals than its metric.
    TooManyDecimals = "too_many_decimals",
    /// The metric code is in no edition.
    UnknownMetric = "unknown_metric",
    /// The metric code is in another edition.
    MetricNotInEdition = "metric_not_in_edition",
    /// The metric has no such category.
    UnknownCategory = "unknown_category",
    /// A total for a metric that has parts and no total.
    TotalNotAllowed = "total_not_allowed",
    /// The same metric and category stand twice.
    DuplicateRow = "duplicate_row",
    /// A row of the edition is absent, or a form has nothing in it.
    MissingRow = "missing_row",
    /// No reason beside a status that needs one.
    MissingReason = "missing_reason",
    /// The reason is not one of the edition's.
    UnknownReason = "unknown_reason",
    /// The end of a part period is no date of the period, or stands beside another status.
    InvalidEndDate = "invalid_end_date",
    /// A value beside a status that has none.
    ValueNotAllowed = "value_not_allowed",
    /// No value beside a status that has one.
    ValueMissing = "value_missing",
    /// The status is not one of the four.
    UnknownStatus = "unknown_status",
    /// The row has no status.
    MissingStatus = "missing_status",
    /// The edition is not the one expected.
    WrongEdition = "wrong_edition",
    /// The form is of the same edition with another content.
    WrongDigest = "wrong_digest",
    /// The authority is not the one expected, or not an authority.
    WrongAuthority = "wrong_authority",
    /// Nothing in the file names its authority.
    NoAuthority = "no_authority",
    /// A text is longer than allowed.
    CellTooLong = "cell_too_long",
    /// A comment that a spreadsheet would take for a formula.
    FormulaText = "formula_text",
    /// Spaces around a text that is read without them.
    SurroundingSpace = "surrounding_space",
    /// The file has no header.
    EmptyFile = "empty_file",
    /// The file has a header and nothing else.
    NoRows = "no_rows",
    /// The file is too large to be a return.
    FileTooLarge = "file_too_large",
    /// The file has too many rows to be a return.
    TooManyRows = "too_many_rows",
    /// The file is of a kind that is not read.
    UnsupportedFormat = "unsupported_format",
    /// The bytes are no text and no known kind of file.
    UnknownFormat = "unknown_format",
    /// A part of the spreadsheet cannot be read.
    DamagedFile = "damaged_file",
    /// The spreadsheet needs a password.
    ProtectedFile = "protected_file",
    /// The spreadsheet is too large when it is unpacked.
    UnpackedTooLarge = "unpacked_too_large",
    /// No sheet has the header of a return.
    NoDataSheet = "no_data_sheet",
    /// The header has too many columns.
    TooManyColumns = "too_many_columns",
    /// A cell of the spreadsheet holds the error of a formula.
    CellError = "cell_error",
    /// The number has more digits than a spreadsheet keeps.
    InexactNumber = "inexact_number",
    /// The bytes are not UTF-8.
    Encoding = "encoding",
    /// A NUL byte stands in the text.
    NulByte = "nul_byte",
    /// A column is missing.
    Columns = "columns",
    /// A column stands twice.
    DuplicateColumn = "duplicate_column",
    /// A column that the format does not know.
    ExtraColumn = "extra_column",
    /// A column without a name.
    UnnamedColumn = "unnamed_column",
    /// The fields are not separated by commas.
    Delimiter = "delimiter",
    /// A quotation mark does not close, or a row has another number of fields than the header.
    MalformedCsv = "malformed_csv",
    /// A byte order mark stands at the start.
    ByteOrderMark = "byte_order_mark",
}

impl FindingKind {
    /// The kind that a stable text names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }

    /// Whether it keeps a file from being read as a table of rows.
    pub(crate) fn is_unreadable(self) -> bool {
        matches!(
            self,
            Self::EmptyFile
                | Self::FileTooLarge
                | Self::TooManyRows
                | Self::TooManyColumns
                | Self::UnpackedTooLarge
                | Self::UnsupportedFormat
                | Self::UnknownFormat
                | Self::DamagedFile
                | Self::ProtectedFile
                | Self::NoDataSheet
                | Self::Encoding
                | Self::NulByte
                | Self::Columns
                | Self::DuplicateColumn
                | Self::Delimiter
                | Self::MalformedCsv
        )
    }

    /// What a finding of this kind means where no rule says so.
    pub(crate) fn severity(self) -> Severity {
        match self {
            Self::ByteOrderMark => Severity::Info,
            Self::ExtraColumn
            | Self::UnnamedColumn
            | Self::FormulaText
            | Self::SurroundingSpace => Severity::Warning,
            _ => Severity::Error,
        }
    }

    /// The kind of a rule's findings.
    pub(crate) fn of_rule(kind: RuleKind, severity: Severity) -> Self {
        match kind {
            RuleKind::Count => Self::Negative,
            RuleKind::ValueRange => Self::TooLarge,
            RuleKind::Sum => Self::SumMismatch,
            RuleKind::Category => Self::CategoryAboveTotal,
            RuleKind::Cover => Self::Cover,
            RuleKind::Subset => Self::SubsetAboveBase,
            RuleKind::Exclusive => Self::Exclusive,
            RuleKind::SameTotal => Self::SameTotal,
            RuleKind::Timescale => Self::Timescale,
            RuleKind::StockFlow => Self::StockFlow,
            RuleKind::Rate if severity == Severity::Error => Self::RateImpossible,
            RuleKind::Rate => Self::UsualRange,
            RuleKind::YearOnYear => Self::YearOnYear,
            RuleKind::Linear => Self::LinearMismatch,
            RuleKind::Coverage => Self::CoverageMismatch,
            RuleKind::SameValue => Self::SameValue,
            RuleKind::Zeros => Self::SuspiciousZero,
            RuleKind::Peers => Self::PeerDifference,
        }
    }
}
