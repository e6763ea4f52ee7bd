### Geiriad datganiad Ebrill 2020 i Fawrth 2021, yn Gymraeg.
### $ffigur yw'r ffigur a argreffir, $ffigur-n y rhif sy'n dewis ffurf.

title = Gweithgarwch gwasanaethau cymdeithasol: Ebrill 2020 i Fawrth 2021
description = Sut y bu gwasanaethau cymdeithasol awdurdodau lleol Cymru yn asesu ac yn diogelu pobl rhwng Ebrill 2020 a Mawrth 2021.
designation-experimental = Ystadegau arbrofol yw'r rhain, a dylid eu darllen felly.
contact = Tîm ystadegau gwasanaethau cymdeithasol, Llywodraeth Cymru

section-adults = Oedolion
section-children = Plant a theuluoedd
section-expenditure = Gwariant
group-during-year = Yn ystod y flwyddyn, 1 Ebrill 2020 i 31 Mawrth 2021
group-at-31-march = Ar 31 Mawrth 2021

# Ar ôl "Ar gyfer", a chyn coma.
population-adults = oedolion (gan gynnwys oedolion sy'n ofalwyr)
population-children = plant (gan gynnwys gofalwyr ifanc)

note-safeguarding-items = Cyhoeddir rhagor o eitemau data am ddiogelu hefyd.
note-children-looked-after = Cyhoeddir data am blant sy'n derbyn gofal gyda data StatsCymru ar blant sy'n derbyn gofal.

## Oedolion

statement-a1 = Cafodd y gwasanaethau cymdeithasol statudol { $adults-iaa-contacts-n ->
    [one] { $adults-iaa-contacts } cysylltiad
   *[other] { $adults-iaa-contacts } o gysylltiadau
} ynghylch gwasanaethau gwybodaeth, cyngor a chynhorthwy (IAA) ar gyfer oedolion.
statement-a2 = Cwblhaodd y gwasanaethau cymdeithasol { $adults-new-assessments-n ->
    [one] { $adults-new-assessments } asesiad newydd
   *[other] { $adults-new-assessments } o asesiadau newydd
} o oedolion.
statement-a3 = Cafodd y gwasanaethau cymdeithasol { $adults-at-risk-reports-n ->
    [one] { $adults-at-risk-reports } adroddiad
   *[other] { $adults-at-risk-reports } o adroddiadau
} am oedolion yr amheuid eu bod yn wynebu risg. O'r rhain, daeth { $adults-at-risk-reports-police-percent } gan yr heddlu a { $adults-at-risk-reports-provider-percent } gan ddarparwr gofal a chymorth neu ddarparwr gwasanaethau cymorth i ofalwyr; roedd { $adults-at-risk-reports-neglect-percent } yn nodi esgeulustod fel categori o gamdriniaeth honedig. Gall un adroddiad nodi mwy nag un categori.
statement-a4 = O'r adroddiadau am oedolion yr amheuid eu bod yn wynebu risg, arweiniodd { $adults-at-risk-reports-to-enquiry-percent } at ymholiadau. Casgliad { $adults-enquiries-additional-action-percent } o'r ymholiadau oedd y dylid cymryd camau ychwanegol.
statement-a5 = Cafodd y gwasanaethau cymdeithasol statudol { $adult-carers-iaa-contacts-n ->
    [one] { $adult-carers-iaa-contacts } cysylltiad
   *[other] { $adult-carers-iaa-contacts } o gysylltiadau
} gan oedolion sy'n ofalwyr, neu gan weithwyr proffesiynol a gysylltodd â'r gwasanaeth IAA ar eu rhan.
statement-a6 = Cwblhaodd y gwasanaethau cymdeithasol { $adult-carers-new-assessments-n ->
    [one] { $adult-carers-new-assessments } asesiad newydd
   *[other] { $adult-carers-new-assessments } o asesiadau newydd
} o oedolion sy'n ofalwyr.
statement-a7 = Roedd gan { $adults-care-and-support-plan-n ->
    [one] { $adults-care-and-support-plan } oedolyn
   *[other] { $adults-care-and-support-plan } o oedolion
} gynllun gofal a chymorth. Yn achos { $adults-care-and-support-plan-direct-payment-percent } ohonynt, roedd Taliad Uniongyrchol yn cefnogi'r cynllun.
statement-a8 = Roedd gan { $adult-carers-support-plan-n ->
    [one] { $adult-carers-support-plan } oedolyn sy'n ofalwr
   *[other] { $adult-carers-support-plan } o oedolion sy'n ofalwyr
} gynllun cymorth.

## Plant a theuluoedd

statement-c1 = Cafodd y gwasanaethau cymdeithasol statudol { $children-iaa-contacts-n ->
    [one] { $children-iaa-contacts } cysylltiad
   *[other] { $children-iaa-contacts } o gysylltiadau
} ynghylch gwasanaethau gwybodaeth, cyngor a chynhorthwy (IAA) ar gyfer plant.
statement-c2 = Cwblhaodd y gwasanaethau cymdeithasol { $children-new-assessments-n ->
    [one] { $children-new-assessments } asesiad newydd
   *[other] { $children-new-assessments } o asesiadau newydd
} o blant.
statement-c3 = Rhoddodd y gwasanaethau cymdeithasol { $children-cpr-placed-n ->
    [one] { $children-cpr-placed } plentyn
   *[other] { $children-cpr-placed } o blant
} ar y gofrestr amddiffyn plant, { $children-cpr-placed-emotional-abuse-percent } ohonynt o dan y categori cam-drin emosiynol. Yn yr un flwyddyn tynnwyd { $children-cpr-removed-n ->
    [one] { $children-cpr-removed } plentyn
   *[other] { $children-cpr-removed } o blant
} oddi ar y gofrestr.
statement-c4 = Cafodd y gwasanaethau cymdeithasol statudol { $young-carers-iaa-contacts-n ->
    [one] { $young-carers-iaa-contacts } cysylltiad
   *[other] { $young-carers-iaa-contacts } o gysylltiadau
} gan ofalwyr ifanc, neu gan weithwyr proffesiynol a gysylltodd â'r gwasanaeth IAA ar eu rhan.
statement-c5 = Cwblhaodd y gwasanaethau cymdeithasol { $young-carers-new-assessments-n ->
    [one] { $young-carers-new-assessments } asesiad newydd
   *[other] { $young-carers-new-assessments } o asesiadau newydd
} o ofalwyr ifanc.
statement-c6 = Roedd gan { $children-care-and-support-plan-n ->
    [one] { $children-care-and-support-plan } plentyn
   *[other] { $children-care-and-support-plan } o blant
} gynllun gofal a chymorth. Yn achos { $children-care-and-support-plan-direct-payment-percent } ohonynt, roedd Taliad Uniongyrchol yn cefnogi'r cynllun.
statement-c7 = Roedd { $children-cpr-at-31-march-n ->
    [one] { $children-cpr-at-31-march } plentyn
   *[other] { $children-cpr-at-31-march } o blant
} ar y gofrestr amddiffyn plant.

## Gwariant

statement-x1 = Gwariodd awdurdodau lleol { $expenditure-total } ar wasanaethau cymdeithasol yn 2020-21, { $expenditure-change-percent } yn fwy nag yn y flwyddyn flaenorol. Mae'r manylion yn y datganiad ar wariant alldro refeniw a chyfalaf awdurdodau lleol, Ebrill 2020 i Fawrth 2021.
