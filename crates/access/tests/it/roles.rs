//! What a grant says.

use mesur_access::{Access, Caller, Denied, Grant, Role};
use mesur_catalogue::AuthorityCode;

const GET_RETURN: &str = "/mesur.submission.v1.SubmissionService/GetReturn";
const GET_RELEASE: &str = "/mesur.publication.v1.PublicationService/GetRelease";

fn code(text: &str) -> AuthorityCode {
    AuthorityCode::parse(text).expect("a code")
}

fn caller(roles: &[&str]) -> Caller {
    let roles = roles.iter().map(|role| Role::parse(role).expect("a role"));
    Caller {
        identity: "somebody".to_owned(),
        roles: roles.collect(),
    }
}

#[test]
fn a_grant_reaches_what_the_roles_of_the_caller_reach_and_no_more() {
    let (own, other) = (code("W06000003"), code("W06000004"));
    for (roles, on_own, on_other, of_all) in [
        (
            vec!["submitter/W06000003"],
            Access::Allowed,
            Access::Denied,
            false,
        ),
        (
            vec!["approver/W06000003"],
            Access::Allowed,
            Access::Denied,
            false,
        ),
        (
            vec!["supplier"],
            Access::IfDelegated,
            Access::IfDelegated,
            false,
        ),
        (
            vec!["supplier", "submitter/W06000003"],
            Access::Allowed,
            Access::IfDelegated,
            false,
        ),
        (
            vec!["submitter/W06000003", "approver/W06000004"],
            Access::Allowed,
            Access::Allowed,
            false,
        ),
        (vec!["statistician"], Access::Allowed, Access::Allowed, true),
    ] {
        let grant = Grant::new(GET_RETURN, caller(&roles)).expect("let in");
        assert_eq!(grant.on(&own), on_own, "{roles:?}");
        assert_eq!(grant.on(&other), on_other, "{roles:?}");
        assert_eq!(
            (grant.is_of_all(), grant.is_by_role()),
            (of_all, true),
            "{roles:?}"
        );
    }
    for roles in [vec![], vec!["publisher"], vec!["operator"]] {
        assert_eq!(
            Grant::new(GET_RETURN, caller(&roles)),
            Err(Denied),
            "{roles:?}"
        );
    }
    assert_eq!(Grant::new(GET_RETURN, Caller::public()), Err(Denied));
}

#[test]
fn what_is_for_everybody_tells_those_who_are_let_in_by_a_role() {
    for (roles, by_role) in [
        (vec![], false),
        (vec!["submitter/W06000003"], false),
        (vec!["statistician"], true),
        (vec!["submitter/W06000003", "publisher"], true),
    ] {
        let grant = Grant::new(GET_RELEASE, caller(&roles)).expect("let in");
        assert_eq!(
            (grant.is_of_all(), grant.is_by_role()),
            (true, by_role),
            "{roles:?}"
        );
    }
}

#[test]
fn a_method_without_a_row_is_nobodys() {
    for method in [
        "",
        "GetReturn",
        "/mesur.submission.v1.SubmissionService/",
        "/mesur.submission.v1.SubmissionService/getReturn",
        "/mesur.submission.v1.SubmissionService/GetReturn/",
        "mesur.submission.v1.SubmissionService/GetReturn",
    ] {
        let all = caller(&["statistician", "publisher", "operator", "service"]);
        assert_eq!(Grant::new(method, all), Err(Denied), "{method}");
    }
}
