### Wording of the release of April 2022 to March 2023, in English.
### $figure is the printed figure, $figure-n the number that chooses a form, $figure-area an authority.

title = Social services activity: April 2022 to March 2023 (official statistics in development)
description = How local authority social services in Wales assessed and safeguarded people from April 2022 to March 2023.
designation-in_development = These are official statistics in development: work on them is still going on.
contact = Social services statistics team, Welsh Government

section-adults = Adults
section-children = Children
section-carers = Carers
group-during-year = During the year, 1 April 2022 to 31 March 2023
group-at-31-march = On 31 March 2023

# After "For", and before a comma.
population-adults = adults
population-children = children
population-carers = carers

note-revisions = Minor revisions have been made, with the agreement of local authorities. Figures of earlier years that were revised carry the shorthand r.

## Adults

statement-a1 = Statutory social services received { $adults-iaa-contacts-n ->
    [one] { $adults-iaa-contacts } contact
   *[other] { $adults-iaa-contacts } contacts
} about information, advice and assistance (IAA) services for adults who, when contact was made, were receiving neither care and support nor support as a carer.
statement-a2 = Social services completed { $adults-new-assessments-n ->
    [one] { $adults-new-assessments } new assessment
   *[other] { $adults-new-assessments } new assessments
} of adults with no care and support plan in place. Among those with a recorded outcome, { $adults-assessments-met-without-plan-percent } found eligible needs that could be met without such a plan.
statement-a3 = Adults completed { $adults-reablement-completed-n ->
    [one] { $adults-reablement-completed } package
   *[other] { $adults-reablement-completed } packages
} of reablement. Among those with a known result, { $adults-reablement-reduced-maintained-mitigated-percent } reduced, maintained or mitigated the need for support after the period of reablement.
statement-a4 = Social services received { $adults-at-risk-reports-n ->
    [one] { $adults-at-risk-reports } report
   *[other] { $adults-at-risk-reports } reports
} that an adult was suspected of being at risk. Among the reports that gave a category of alleged abuse, { $adults-at-risk-reports-neglect-percent } gave neglect. One report can give more than one category.
statement-a5 = Of the reports that an adult was suspected of being at risk, { $adults-at-risk-reports-to-enquiry } ({ $adults-at-risk-reports-to-enquiry-percent }) led to enquiries. Among the enquiries with a recorded time, { $adults-enquiries-within-7-working-days-percent } were completed within seven working days. The finding of { $adults-enquiries-additional-action-n ->
    [one] { $adults-enquiries-additional-action } enquiry
   *[other] { $adults-enquiries-additional-action } enquiries
} ({ $adults-enquiries-additional-action-percent } of all enquiries) was that additional action should be taken.
statement-a6 = A care and support plan was in place for { $adults-care-and-support-plan-n ->
    [one] { $adults-care-and-support-plan } adult
   *[other] { $adults-care-and-support-plan } adults
}. For { $adults-care-and-support-plan-direct-payment-percent } of them, a Direct Payment supported the plan.

## Children

statement-c1 = Statutory social services received { $children-iaa-contacts-n ->
    [one] { $children-iaa-contacts } contact
   *[other] { $children-iaa-contacts } contacts
} about information, advice and assistance (IAA) services for children who, when contact was made, were not receiving care and support.
statement-c2 = Social services completed { $children-new-assessments-n ->
    [one] { $children-new-assessments } new assessment
   *[other] { $children-new-assessments } new assessments
} of children with no care and support plan in place. Among those with a recorded outcome, { $children-assessments-met-without-plan-percent } found eligible needs that could be met without such a plan.
statement-c3 = Of the new assessments completed for children, { $children-assessments-within-42-days-percent } met the statutory timescale: 42 working days from the point of referral. The lowest shares were { $children-assessments-within-42-days-lowest } in { $children-assessments-within-42-days-lowest-area } and { $children-assessments-within-42-days-second-lowest } in { $children-assessments-within-42-days-second-lowest-area }. The highest was { $children-assessments-within-42-days-highest } in { $children-assessments-within-42-days-highest-area }, and { $children-assessments-within-42-days-authorities-90-plus-n ->
    [0] no other local authority was
    [one] besides it { $children-assessments-within-42-days-authorities-90-plus } was
   *[other] a further { $children-assessments-within-42-days-authorities-90-plus } were
} at 90% or above.
statement-c4 = Social services placed { $children-cpr-placed-n ->
    [one] { $children-cpr-placed } child
   *[other] { $children-cpr-placed } children
} on the Child Protection Register, { $children-cpr-placed-emotional-abuse-percent } of them under the category of emotional abuse. In the same year { $children-cpr-removed-n ->
    [one] { $children-cpr-removed } child was
   *[other] { $children-cpr-removed } children were
} taken off the Register.
statement-c5 = Homelessness, as the Housing (Wales) Act 2014 defines it, affected { $children-care-leavers-homeless-n ->
    [one] { $children-care-leavers-homeless } care leaver
   *[other] { $children-care-leavers-homeless } care leavers
}.
statement-c6 = A care and support plan was in place for { $children-care-and-support-plan-n ->
    [one] { $children-care-and-support-plan } child
   *[other] { $children-care-and-support-plan } children
}. For { $children-care-and-support-plan-direct-payment-percent } of them, a Direct Payment supported the plan.
statement-c7 = The Child Protection Register held { $children-cpr-at-31-march-n ->
    [one] { $children-cpr-at-31-march } child
   *[other] { $children-cpr-at-31-march } children
}.
statement-c8 = Local authorities looked after { $children-looked-after-n ->
    [one] { $children-looked-after } child
   *[other] { $children-looked-after } children
}, not counting those looked after only under a series of short breaks.

## Carers

statement-k1 = Statutory social services received { $adult-carers-iaa-contacts-n ->
    [one] { $adult-carers-iaa-contacts } contact
   *[other] { $adult-carers-iaa-contacts } contacts
} from adult carers who, when contact was made, were not receiving support as a carer, or from professionals who contacted the information, advice and assistance (IAA) service for them.
statement-k2 = Social services completed { $adult-carers-new-assessments-n ->
    [one] { $adult-carers-new-assessments } new assessment
   *[other] { $adult-carers-new-assessments } new assessments
} of adult carers with no support plan in place.
statement-k3 = Statutory social services received { $young-carers-iaa-contacts-n ->
    [one] { $young-carers-iaa-contacts } contact
   *[other] { $young-carers-iaa-contacts } contacts
} from young carers who, when contact was made, were not receiving support as a carer, or from professionals who contacted the information, advice and assistance (IAA) service for them.
statement-k4 = Social services completed { $young-carers-new-assessments-n ->
    [one] { $young-carers-new-assessments } new assessment
   *[other] { $young-carers-new-assessments } new assessments
} of young carers with no support plan in place.
statement-k5 = A support plan was in place for { $adult-carers-support-plan-n ->
    [one] { $adult-carers-support-plan } adult carer
   *[other] { $adult-carers-support-plan } adult carers
}.
statement-k6 = A support plan was in place for { $young-carers-support-plan-n ->
    [one] { $young-carers-support-plan } young carer
   *[other] { $young-carers-support-plan } young carers
}.
