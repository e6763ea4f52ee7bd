### Wording of the release of April 2020 to March 2021, in English.
### $figure is the printed figure, $figure-n the number that chooses a form.

title = Social services activity: April 2020 to March 2021
description = How local authority social services in Wales assessed and safeguarded people from April 2020 to March 2021.
designation-experimental = These are experimental statistics, and should be read as such.
contact = Social services statistics team, Welsh Government

section-adults = Adults
section-children = Children and families
section-expenditure = Expenditure
group-during-year = During the year, 1 April 2020 to 31 March 2021
group-at-31-march = On 31 March 2021

# After "For", and before a comma.
population-adults = adults (including adult carers)
population-children = children (including young carers)

note-safeguarding-items = Further items of data on safeguarding are published as well.
note-children-looked-after = Data about children looked after is published with the StatsWales data on children looked after.

## Adults

statement-a1 = Statutory social services received { $adults-iaa-contacts-n ->
    [one] { $adults-iaa-contacts } contact
   *[other] { $adults-iaa-contacts } contacts
} about information, advice and assistance (IAA) services for adults.
statement-a2 = Social services completed { $adults-new-assessments-n ->
    [one] { $adults-new-assessments } new assessment
   *[other] { $adults-new-assessments } new assessments
} of adults.
statement-a3 = Social services received { $adults-at-risk-reports-n ->
    [one] { $adults-at-risk-reports } report
   *[other] { $adults-at-risk-reports } reports
} that an adult was suspected of being at risk. Of these, { $adults-at-risk-reports-police-percent } came from the police and { $adults-at-risk-reports-provider-percent } from a provider of care and support or of support services to carers; { $adults-at-risk-reports-neglect-percent } gave neglect as a category of alleged abuse. One report can give more than one category.
statement-a4 = Of the reports that an adult was suspected of being at risk, { $adults-at-risk-reports-to-enquiry-percent } led to enquiries. The finding of { $adults-enquiries-additional-action-percent } of the enquiries was that additional action should be taken.
statement-a5 = Statutory social services received { $adult-carers-iaa-contacts-n ->
    [one] { $adult-carers-iaa-contacts } contact
   *[other] { $adult-carers-iaa-contacts } contacts
} from adult carers, or from professionals who contacted the IAA service for them.
statement-a6 = Social services completed { $adult-carers-new-assessments-n ->
    [one] { $adult-carers-new-assessments } new assessment
   *[other] { $adult-carers-new-assessments } new assessments
} of adult carers.
statement-a7 = A care and support plan was in place for { $adults-care-and-support-plan-n ->
    [one] { $adults-care-and-support-plan } adult
   *[other] { $adults-care-and-support-plan } adults
}. For { $adults-care-and-support-plan-direct-payment-percent } of them, a Direct Payment supported the plan.
statement-a8 = A support plan was in place for { $adult-carers-support-plan-n ->
    [one] { $adult-carers-support-plan } adult carer
   *[other] { $adult-carers-support-plan } adult carers
}.

## Children and families

statement-c1 = Statutory social services received { $children-iaa-contacts-n ->
    [one] { $children-iaa-contacts } contact
   *[other] { $children-iaa-contacts } contacts
} about information, advice and assistance (IAA) services for children.
statement-c2 = Social services completed { $children-new-assessments-n ->
    [one] { $children-new-assessments } new assessment
   *[other] { $children-new-assessments } new assessments
} of children.
statement-c3 = Social services placed { $children-cpr-placed-n ->
    [one] { $children-cpr-placed } child
   *[other] { $children-cpr-placed } children
} on the child protection register, { $children-cpr-placed-emotional-abuse-percent } of them under the category of emotional abuse. In the same year { $children-cpr-removed-n ->
    [one] { $children-cpr-removed } child was
   *[other] { $children-cpr-removed } children were
} taken off the register.
statement-c4 = Statutory social services received { $young-carers-iaa-contacts-n ->
    [one] { $young-carers-iaa-contacts } contact
   *[other] { $young-carers-iaa-contacts } contacts
} from young carers, or from professionals who contacted the IAA service for them.
statement-c5 = Social services completed { $young-carers-new-assessments-n ->
    [one] { $young-carers-new-assessments } new assessment
   *[other] { $young-carers-new-assessments } new assessments
} of young carers.
statement-c6 = A care and support plan was in place for { $children-care-and-support-plan-n ->
    [one] { $children-care-and-support-plan } child
   *[other] { $children-care-and-support-plan } children
}. For { $children-care-and-support-plan-direct-payment-percent } of them, a Direct Payment supported the plan.
statement-c7 = The child protection register held { $children-cpr-at-31-march-n ->
    [one] { $children-cpr-at-31-march } child
   *[other] { $children-cpr-at-31-march } children
}.

## Expenditure

statement-x1 = Local authorities spent { $expenditure-total } on social services in 2020-21, { $expenditure-change-percent } more than in the year before. Details are in the release of local authority revenue and capital outturn expenditure for April 2020 to March 2021.
