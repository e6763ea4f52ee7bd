### Geiriad datganiad Ebrill 2022 i Fawrth 2023, yn Gymraeg.
### $ffigur yw'r ffigur a argreffir, $ffigur-n y rhif sy'n dewis ffurf, $ffigur-area enw awdurdod.

title = Gweithgarwch gwasanaethau cymdeithasol: Ebrill 2022 i Fawrth 2023 (ystadegau swyddogol wrthi'n cael eu datblygu)
description = Sut y bu gwasanaethau cymdeithasol awdurdodau lleol Cymru yn asesu ac yn diogelu pobl rhwng Ebrill 2022 a Mawrth 2023.
designation-in_development = Ystadegau swyddogol wrthi'n cael eu datblygu yw'r rhain: mae gwaith arnynt yn parhau.
contact = Tîm ystadegau gwasanaethau cymdeithasol, Llywodraeth Cymru

section-adults = Oedolion
section-children = Plant
section-carers = Gofalwyr
group-during-year = Yn ystod y flwyddyn, 1 Ebrill 2022 i 31 Mawrth 2023
group-at-31-march = Ar 31 Mawrth 2023

# Ar ôl "Ar gyfer", a chyn coma.
population-adults = oedolion
population-children = plant
population-carers = gofalwyr

note-revisions = Gwnaed mân ddiwygiadau, gyda chytundeb yr awdurdodau lleol. Mae'r llaw-fer r wrth ffigurau blynyddoedd cynharach a ddiwygiwyd.

## Oedolion

statement-a1 = Cafodd y gwasanaethau cymdeithasol statudol { $adults-iaa-contacts-n ->
    [one] { $adults-iaa-contacts } cysylltiad
   *[other] { $adults-iaa-contacts } o gysylltiadau
} ynghylch gwasanaethau gwybodaeth, cyngor a chynhorthwy (IAA) ar gyfer oedolion nad oeddent, adeg y cyswllt, yn cael gofal a chymorth na chymorth fel gofalwr.
statement-a2 = Cwblhaodd y gwasanaethau cymdeithasol { $adults-new-assessments-n ->
    [one] { $adults-new-assessments } asesiad newydd
   *[other] { $adults-new-assessments } o asesiadau newydd
} o oedolion nad oedd ganddynt gynllun gofal a chymorth eisoes. O'r rhai y cofnodwyd eu canlyniad, daeth { $adults-assessments-met-without-plan-percent } i'r casgliad bod anghenion cymwys y gellid eu diwallu heb gynllun o'r fath.
statement-a3 = Cwblhaodd oedolion { $adults-reablement-completed-n ->
    [one] { $adults-reablement-completed } pecyn ailalluogi
   *[other] { $adults-reablement-completed } o becynnau ailalluogi
}. O'r rhai y mae eu canlyniad yn hysbys, roedd { $adults-reablement-reduced-maintained-mitigated-percent } wedi lleihau, cynnal neu liniaru'r angen am gymorth ar ôl y cyfnod ailalluogi.
statement-a4 = Cafodd y gwasanaethau cymdeithasol { $adults-at-risk-reports-n ->
    [one] { $adults-at-risk-reports } adroddiad
   *[other] { $adults-at-risk-reports } o adroddiadau
} am oedolion yr amheuid eu bod yn wynebu risg. O'r adroddiadau a nododd gategori o gamdriniaeth honedig, roedd { $adults-at-risk-reports-neglect-percent } yn nodi esgeulustod. Gall un adroddiad nodi mwy nag un categori.
statement-a5 = O'r adroddiadau am oedolion yr amheuid eu bod yn wynebu risg, arweiniodd { $adults-at-risk-reports-to-enquiry } ({ $adults-at-risk-reports-to-enquiry-percent }) at ymholiadau. O'r ymholiadau y cofnodwyd eu hamser, cwblhawyd { $adults-enquiries-within-7-working-days-percent } o fewn saith diwrnod gwaith. Casgliad { $adults-enquiries-additional-action-n ->
    [one] { $adults-enquiries-additional-action } ymholiad
   *[other] { $adults-enquiries-additional-action } o ymholiadau
} ({ $adults-enquiries-additional-action-percent } o'r holl ymholiadau) oedd y dylid cymryd camau ychwanegol.
statement-a6 = Roedd gan { $adults-care-and-support-plan-n ->
    [one] { $adults-care-and-support-plan } oedolyn
   *[other] { $adults-care-and-support-plan } o oedolion
} gynllun gofal a chymorth. Yn achos { $adults-care-and-support-plan-direct-payment-percent } ohonynt, roedd Taliad Uniongyrchol yn cefnogi'r cynllun.

## Plant

statement-c1 = Cafodd y gwasanaethau cymdeithasol statudol { $children-iaa-contacts-n ->
    [one] { $children-iaa-contacts } cysylltiad
   *[other] { $children-iaa-contacts } o gysylltiadau
} ynghylch gwasanaethau gwybodaeth, cyngor a chynhorthwy (IAA) ar gyfer plant nad oeddent, adeg y cyswllt, yn cael gofal a chymorth.
statement-c2 = Cwblhaodd y gwasanaethau cymdeithasol { $children-new-assessments-n ->
    [one] { $children-new-assessments } asesiad newydd
   *[other] { $children-new-assessments } o asesiadau newydd
} o blant nad oedd ganddynt gynllun gofal a chymorth eisoes. O'r rhai y cofnodwyd eu canlyniad, daeth { $children-assessments-met-without-plan-percent } i'r casgliad bod anghenion cymwys y gellid eu diwallu heb gynllun o'r fath.
statement-c3 = O'r asesiadau newydd a gwblhawyd ar gyfer plant, roedd { $children-assessments-within-42-days-percent } o fewn yr amserlen statudol, sef 42 diwrnod gwaith o adeg yr atgyfeiriad. Y canrannau isaf oedd { $children-assessments-within-42-days-lowest } ({ $children-assessments-within-42-days-lowest-area }) a { $children-assessments-within-42-days-second-lowest } ({ $children-assessments-within-42-days-second-lowest-area }). Yr uchaf oedd { $children-assessments-within-42-days-highest } ({ $children-assessments-within-42-days-highest-area }), { $children-assessments-within-42-days-authorities-90-plus-n ->
    [0] ac nid oedd yr un awdurdod lleol arall
   *[other] ac roedd { $children-assessments-within-42-days-authorities-90-plus } arall
} ar 90% neu'n uwch.
statement-c4 = Rhoddodd y gwasanaethau cymdeithasol { $children-cpr-placed-n ->
    [one] { $children-cpr-placed } plentyn
   *[other] { $children-cpr-placed } o blant
} ar y Gofrestr Amddiffyn Plant, { $children-cpr-placed-emotional-abuse-percent } ohonynt o dan y categori cam-drin emosiynol. Yn yr un flwyddyn tynnwyd { $children-cpr-removed-n ->
    [one] { $children-cpr-removed } plentyn
   *[other] { $children-cpr-removed } o blant
} oddi ar y Gofrestr.
statement-c5 = Profodd { $children-care-leavers-homeless-n ->
    [one] { $children-care-leavers-homeless } ymadawr gofal
   *[other] { $children-care-leavers-homeless } o ymadawyr gofal
} ddigartrefedd, fel y'i diffinnir yn Neddf Tai (Cymru) 2014.
statement-c6 = Roedd gan { $children-care-and-support-plan-n ->
    [one] { $children-care-and-support-plan } plentyn
   *[other] { $children-care-and-support-plan } o blant
} gynllun gofal a chymorth. Yn achos { $children-care-and-support-plan-direct-payment-percent } ohonynt, roedd Taliad Uniongyrchol yn cefnogi'r cynllun.
statement-c7 = Roedd { $children-cpr-at-31-march-n ->
    [one] { $children-cpr-at-31-march } plentyn
   *[other] { $children-cpr-at-31-march } o blant
} ar y Gofrestr Amddiffyn Plant.
statement-c8 = Roedd { $children-looked-after-n ->
    [one] { $children-looked-after } plentyn
   *[other] { $children-looked-after } o blant
} yn derbyn gofal, heb gyfrif y rhai a oedd yn derbyn gofal o dan gyfres o seibiannau byr yn unig.

## Gofalwyr

statement-k1 = Cafodd y gwasanaethau cymdeithasol statudol { $adult-carers-iaa-contacts-n ->
    [one] { $adult-carers-iaa-contacts } cysylltiad
   *[other] { $adult-carers-iaa-contacts } o gysylltiadau
} gan oedolion sy'n ofalwyr ac nad oeddent, adeg y cyswllt, yn cael cymorth fel gofalwr, neu gan weithwyr proffesiynol a gysylltodd â'r gwasanaeth gwybodaeth, cyngor a chynhorthwy (IAA) ar eu rhan.
statement-k2 = Cwblhaodd y gwasanaethau cymdeithasol { $adult-carers-new-assessments-n ->
    [one] { $adult-carers-new-assessments } asesiad newydd
   *[other] { $adult-carers-new-assessments } o asesiadau newydd
} o oedolion sy'n ofalwyr ac nad oedd ganddynt gynllun cymorth eisoes.
statement-k3 = Cafodd y gwasanaethau cymdeithasol statudol { $young-carers-iaa-contacts-n ->
    [one] { $young-carers-iaa-contacts } cysylltiad
   *[other] { $young-carers-iaa-contacts } o gysylltiadau
} gan ofalwyr ifanc nad oeddent, adeg y cyswllt, yn cael cymorth fel gofalwr, neu gan weithwyr proffesiynol a gysylltodd â'r gwasanaeth gwybodaeth, cyngor a chynhorthwy (IAA) ar eu rhan.
statement-k4 = Cwblhaodd y gwasanaethau cymdeithasol { $young-carers-new-assessments-n ->
    [one] { $young-carers-new-assessments } asesiad newydd
   *[other] { $young-carers-new-assessments } o asesiadau newydd
} o ofalwyr ifanc nad oedd ganddynt gynllun cymorth eisoes.
statement-k5 = Roedd gan { $adult-carers-support-plan-n ->
    [one] { $adult-carers-support-plan } oedolyn sy'n ofalwr
   *[other] { $adult-carers-support-plan } o oedolion sy'n ofalwyr
} gynllun cymorth.
statement-k6 = Roedd gan { $young-carers-support-plan-n ->
    [one] { $young-carers-support-plan } gofalwr ifanc
   *[other] { $young-carers-support-plan } o ofalwyr ifanc
} gynllun cymorth.
