//! `data.parquet`: one row for each area and cell, with its words, for programs.
//!
//! Values are decimals of 38 digits with six behind the point, whatever the metric: every figure that
//! there can be fits exactly, and the columns are the same in every release. What is not held is null;
//! so is the category of the metric itself.

use std::sync::Arc;

use mesur_figures::DECIMALS_MAX;
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType,
    Int32Type,
};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::dataset::{Area, Cell, Column, Dataset, Table};
use crate::error::Error;
use crate::file::File;

const FILE: &str = "data.parquet";
const MEDIA_TYPE: &str = "application/vnd.apache.parquet";

/// The most digits of a decimal, and how many bytes they take.
const PRECISION: i32 = 38;
const DECIMAL_BYTES: i32 = 16;

/// One row.
struct Row<'a> {
    table: &'a Table,
    column: &'a Column,
    area: &'a Area,
    cell: &'a Cell,
    is_nation: bool,
}

/// What stands in a column, read from a row; `None` is null.
enum Kind {
    Text(fn(&Dataset, &Row<'_>) -> Option<String>),
    Count(fn(&Row<'_>) -> Option<i32>),
    Flag(fn(&Row<'_>) -> bool),
    Value,
}

fn held(text: &str) -> Option<String> {
    Some(text.to_owned()).filter(|text| !text.is_empty())
}

fn count(number: u32) -> Option<i32> {
    i32::try_from(number).ok()
}

/// The columns.
fn columns() -> Vec<(&'static str, Kind)> {
    vec![
        (
            "collection",
            Kind::Text(|dataset, _| held(&dataset.collection)),
        ),
        ("period", Kind::Text(|dataset, _| held(&dataset.period))),
        ("area_code", Kind::Text(|_, row| held(&row.area.code))),
        ("area", Kind::Text(|_, row| held(&row.area.name.en))),
        ("area_cy", Kind::Text(|_, row| held(&row.area.name.cy))),
        ("metric", Kind::Text(|_, row| held(&row.table.metric))),
        ("title", Kind::Text(|_, row| held(&row.table.title.en))),
        ("title_cy", Kind::Text(|_, row| held(&row.table.title.cy))),
        ("category", Kind::Text(|_, row| row.column.category.clone())),
        ("label", Kind::Text(|_, row| held(&row.column.label.en))),
        ("label_cy", Kind::Text(|_, row| held(&row.column.label.cy))),
        ("unit", Kind::Text(|_, row| held(&row.table.unit))),
        (
            "decimals",
            Kind::Count(|row| Some(row.table.decimals.into())),
        ),
        ("value", Kind::Value),
        (
            "shorthand",
            Kind::Text(|_, row| held(&row.cell.marks.to_string())),
        ),
        ("part_period", Kind::Flag(|row| row.cell.part_period)),
        (
            "provided",
            Kind::Count(|row| count(row.column.coverage.provided).filter(|_| row.is_nation)),
        ),
        (
            "expected",
            Kind::Count(|row| count(row.column.coverage.expected).filter(|_| row.is_nation)),
        ),
    ]
}

/// Writes the file.
pub(crate) fn write(dataset: &Dataset) -> Result<File, Error> {
    let rows: Vec<Row<'_>> = dataset
        .columns()
        .flat_map(|(table, column)| {
            let cells = dataset.areas.iter().zip(&column.cells).enumerate();
            cells.map(move |(place, (area, cell))| Row {
                table,
                column,
                area,
                cell,
                is_nation: place == 0,
            })
        })
        .collect();
    let columns = columns();
    let fields = columns.iter().map(|(name, kind)| field(name, kind));
    let schema = Type::group_type_builder("release")
        .with_fields(fields.collect::<Result<_, _>>()?)
        .build()?;
    let said = |key: &str, value: &str| KeyValue::new(key.to_owned(), value.to_owned());
    let properties = WriterProperties::builder()
        .set_key_value_metadata(Some(vec![
            said("edition", &dataset.edition),
            said("edition_digest", &dataset.edition_digest),
            said("snapshot", &dataset.snapshot),
            said("snapshot_digest", &dataset.snapshot_digest),
            said("reference", &dataset.reference),
            said("revision", &dataset.revision.to_string()),
        ]))
        .build();
    let mut content = Vec::new();
    let mut writer =
        SerializedFileWriter::new(&mut content, Arc::new(schema), Arc::new(properties))?;
    let mut group = writer.next_row_group()?;
    for (_, kind) in &columns {
        let Some(mut column) = group.next_column()? else {
            break;
        };
        write_column(&mut column, dataset, &rows, kind)?;
        column.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(File::new(FILE, MEDIA_TYPE, content))
}

fn field(name: &str, kind: &Kind) -> Result<TypePtr, Error> {
    let builder = match kind {
        Kind::Text(_) => Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String)),
        Kind::Count(_) => Type::primitive_type_builder(name, Physical::INT32),
        Kind::Flag(_) => Type::primitive_type_builder(name, Physical::BOOLEAN),
        Kind::Value => Type::primitive_type_builder(name, Physical::FIXED_LEN_BYTE_ARRAY)
            .with_length(DECIMAL_BYTES)
            .with_precision(PRECISION)
            .with_scale(DECIMALS_MAX.into())
            .with_logical_type(Some(LogicalType::decimal(DECIMALS_MAX.into(), PRECISION))),
    };
    let repetition = match kind {
        Kind::Flag(_) => Repetition::REQUIRED,
        Kind::Text(_) | Kind::Count(_) | Kind::Value => Repetition::OPTIONAL,
    };
    Ok(Arc::new(builder.with_repetition(repetition).build()?))
}

fn write_column(
    column: &mut SerializedColumnWriter<'_>,
    dataset: &Dataset,
    rows: &[Row<'_>],
    kind: &Kind,
) -> Result<(), Error> {
    match kind {
        Kind::Text(read) => {
            let texts = rows.iter().map(|row| read(dataset, row));
            let texts = texts.map(|text| text.map(|text| ByteArray::from(text.into_bytes())));
            write_optional::<ByteArrayType>(column, texts)
        }
        Kind::Count(read) => write_optional::<Int32Type>(column, rows.iter().map(read)),
        Kind::Flag(read) => {
            let flags: Vec<bool> = rows.iter().map(read).collect();
            column.typed::<BoolType>().write_batch(&flags, None, None)?;
            Ok(())
        }
        Kind::Value => {
            let decimals = rows.iter().map(|row| {
                row.cell
                    .units
                    .map(|units| decimal(units, row.table.decimals))
            });
            write_optional::<FixedLenByteArrayType>(column, decimals)
        }
    }
}

fn write_optional<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: impl Iterator<Item = Option<T::T>>,
) -> Result<(), Error> {
    let (mut held, mut levels) = (Vec::new(), Vec::new());
    for value in values {
        levels.push(i16::from(value.is_some()));
        held.extend(value);
    }
    column
        .typed::<T>()
        .write_batch(&held, Some(&levels), None)?;
    Ok(())
}

/// A value with six decimals, the highest byte first. The largest there can be has 25 digits.
fn decimal(units: i64, decimals: u8) -> FixedLenByteArray {
    let missing = DECIMALS_MAX.saturating_sub(decimals);
    let factor = 10_i128.saturating_pow(missing.into());
    let value = i128::from(units).saturating_mul(factor);
    FixedLenByteArray::from(value.to_be_bytes().to_vec())
}
