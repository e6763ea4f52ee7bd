//! JSON for machines: what a service answered, as protobuf's own JSON mapping writes it, with the
//! field names of the contract. So the contract documents it, and nothing is said in another way.

use std::sync::LazyLock;

use anyhow::Context;
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

use super::say;

static CONTRACT: LazyLock<Result<DescriptorPool, prost_reflect::DescriptorError>> =
    LazyLock::new(|| DescriptorPool::decode(mesur_proto::FILE_DESCRIPTOR_SET));

/// A message of the contract, by its full name such as `mesur.types.v1.Finding`.
pub(crate) fn value(name: &str, message: &impl Message) -> anyhow::Result<Value> {
    let contract = CONTRACT.as_ref().map_err(anyhow::Error::new)?;
    let kind = contract
        .get_message_by_name(name)
        .with_context(|| format!("{name} is not in the contract"))?;
    let dynamic = DynamicMessage::decode(kind, message.encode_to_vec().as_slice())?;
    let options = SerializeOptions::new().use_proto_field_name(true);
    Ok(dynamic.serialize_with_options(serde_json::value::Serializer, &options)?)
}

/// Prints a message of the contract.
pub(crate) fn print(name: &str, message: &impl Message) -> anyhow::Result<()> {
    say!("{}", serde_json::to_string_pretty(&value(name, message)?)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use mesur_proto::types::v1 as pb;

    use super::*;

    #[test]
    fn a_finding_has_the_names_of_the_contract() {
        let finding = pb::Finding {
            id: "sum:AD/005".to_owned(),
            severity: pb::finding::Severity::Error.into(),
            effect: 12,
            ..pb::Finding::default()
        };
        let value = value("mesur.types.v1.Finding", &finding).expect("JSON");
        let due = serde_json::json!({"id": "sum:AD/005", "severity": "ERROR", "effect": "12"});
        assert_eq!(value, due);
    }
}
