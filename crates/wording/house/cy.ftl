### Geiriad y tŷ yn Gymraeg: yr hyn y mae pob datganiad a phob gwiriad yn ei ddweud.
###
### Mae'r un enwau negeseuon a'r un newidynnau yn en.ftl. Daw rhif n fel dau newidyn: mae $n yn dewis
### y ffurf, a $n-digits yw'r hyn a argreffir.

## Rhifau, unedau a dyddiadau

count-authorities = { $n ->
    [0] dim un awdurdod lleol
    [1] un awdurdod lleol
    [2] dau awdurdod lleol
    [3] tri awdurdod lleol
    [4] pedwar awdurdod lleol
    [5] pum awdurdod lleol
    [6] chwe awdurdod lleol
    [7] saith awdurdod lleol
    [8] wyth awdurdod lleol
    [9] naw awdurdod lleol
    [10] deg awdurdod lleol
   *[other] { $n-digits } awdurdod lleol
}
# Ar ddechrau brawddeg.
count-authorities-initial = { $n ->
    [0] Dim un awdurdod lleol
    [1] Un awdurdod lleol
    [2] Dau awdurdod lleol
    [3] Tri awdurdod lleol
    [4] Pedwar awdurdod lleol
    [5] Pum awdurdod lleol
    [6] Chwe awdurdod lleol
    [7] Saith awdurdod lleol
    [8] Wyth awdurdod lleol
    [9] Naw awdurdod lleol
    [10] Deg awdurdod lleol
   *[other] { $n-digits } awdurdod lleol
}
percent = { $value }%
percent-nearly-100 = bron 100%
unit-percent = { $value }%
unit-gbp_billion = £{ $value } biliwn
month-1 = Ionawr
month-2 = Chwefror
month-3 = Mawrth
month-4 = Ebrill
month-5 = Mai
month-6 = Mehefin
month-7 = Gorffennaf
month-8 = Awst
month-9 = Medi
month-10 = Hydref
month-11 = Tachwedd
month-12 = Rhagfyr
date = { $day } { $month } { $year }

## Troednodiadau

footnote-not-provided = Ni ddarparodd { count-authorities } ddata ar gyfer y ffigur hwn.
footnote-part-period = Dim ond hyd at { $date } y gallai { count-authorities } ddarparu data, oherwydd { $reason }.
footnote-part-period-no-reason = Dim ond hyd at { $date } y gallai { count-authorities } ddarparu data.
footnote-part-period-no-date = Dim ond am ran o'r cyfnod y gallai { count-authorities } ddarparu data, oherwydd { $reason }.
footnote-part-period-only = Dim ond am ran o'r cyfnod y gallai { count-authorities } ddarparu data.
footnotes-heading = Troednodiadau
footnote-mark = Troednodyn { $mark }
footnote-back = Yn ôl at ffigur { $number } sydd â throednodyn { $mark }

## Ffrâm y datganiad

# Y dudalen sy'n rhestru'r datganiadau.
index-heading = Datganiadau ystadegol
index-empty = Nid oes datganiad wedi'i gyhoeddi eto.
default-title = { $collection }: { $period }
skip-link = Neidio i'r prif gynnwys
language-switch = English
nav-label = Rhannau'r datganiad hwn
nav-main-points = Prif bwyntiau
nav-tables = Tablau
nav-quality = Ansawdd
nav-data = Data (CSV)
nav-facts = Y datganiad hwn fel ffeithiau (JSON)
main-points-heading = Prif bwyntiau
tables-heading = Tablau
quality-heading = Ansawdd
changes-heading = Newidiadau i ddiffiniadau
data-heading = Data (CSV)
contact-heading = Cyswllt
licence-heading = Trwydded
release-reference = Cyfeirnod: { $reference }
release-date = Cyhoeddwyd: { $date }
release-period = Cyfnod: { $period }
not-available = ddim ar gael
figure-source = Ffynhonnell: { $source }
wording-not-held = nid yw'r geiriad gennym
english-only = Saesneg yn unig
licence = Oni nodir yn wahanol, gellir ailddefnyddio'r datganiad hwn o dan y Drwydded Llywodraeth Agored v3.0.
acknowledgement = Yn cynnwys gwybodaeth sector cyhoeddus a drwyddedwyd o dan y Drwydded Llywodraeth Agored v3.0.
synthetic-notice = Gwerthoedd synthetig sydd i awdurdodau lleol unigol yn y sampl hwn. Peidiwch â'u cyhoeddi na'u dyfynnu.
partial-totals = Lle nad oes data gan bob awdurdod lleol, dim ond gweithgarwch yr awdurdodau a'i darparodd y mae'r cyfanswm yn ei ddangos. Nid yw'n dangos sefyllfa { $nation } gyfan.

## Tudalennau datganiad

contents-heading = Pob metrig ac awdurdod lleol
topics-heading = Ffigurau yn ôl pwnc
topic-metrics = Pob metrig
topic-stated = Metrigau'r prif bwyntiau
authorities-heading = Awdurdodau lleol
trail-label = Lle mae'r dudalen hon
find-label = Chwilio am fetrig neu awdurdod lleol
find-button = Chwilio
find-heading = Chwilio am fetrig neu awdurdod lleol
find-result = { $n ->
    [0] Dim canlyniadau ar gyfer “{ $query }”
    [one] Un dudalen ar gyfer “{ $query }”
   *[other] { $n-digits } tudalen ar gyfer “{ $query }”
}
based-on = Yn seiliedig ar:
stated-heading = Yn y prif bwyntiau
values-heading = Gwerthoedd
definition-heading = Diffiniad
neighbours-label = Metrigau eraill
neighbours-previous = Metrig blaenorol
neighbours-next = Metrig nesaf
authority-intro = Gwerth pob metrig a gyhoeddir, ochr yn ochr â gwerth y genedl.
authority-provided = Darparwyd: { $provided-digits } o { $all-digits } metrig a gyhoeddir.
compared-by = Sail y gymhariaeth
compared-picture = Cymhariaeth
table-period = Cyfnod
count-of = { $provided-digits } o { $all-digits }
date-time = { $date }, { $time }

## Siartiau

measure-rate = Fesul { $people } o bobl
authorities-by = { $measure }, yn ôl awdurdod lleol
chart-title = { $code }: { $measure }, yn ôl awdurdod lleol
chart-about = Uchaf: { $highest } ({ $highest-area }). Isaf: { $lowest } ({ $lowest-area }). Llinell: { $line }.
chart-line = { $nation } { $value }
chart-mean = Cyfartaledd { $value }
chart-values = Gwerthoedd y siart hon
measure-rate-basis = Mae'r llinell yn dangos cyfradd { $n ->
    [one] yr un awdurdod lleol y mae ei werth
   *[other] y { $n-digits } awdurdod lleol y mae eu gwerth
} yn cwmpasu'r cyfnod cyfan. Amcangyfrifon canol blwyddyn yw'r poblogaethau.
measure-mean-basis = Mae'r llinell yn dangos cyfartaledd { $n ->
    [one] yr un awdurdod lleol y mae ei werth
   *[other] y { $n-digits } awdurdod lleol y mae eu gwerth
} yn cwmpasu'r cyfnod cyfan.
spread-heading = Ystod, chwarteli a newid
spread-lowest = Isaf
spread-lower-quartile = Chwartel isaf
spread-median = Canolrif
spread-upper-quartile = Chwartel uchaf
spread-highest = Uchaf
spread-note = Mae'r chwarteli yn ôl y safle agosaf, o'r gwerthoedd yn y tabl o'r holl werthoedd. Nid oes dim lle mae gan lai na thri awdurdod lleol werth, neu lle mae un wedi'i guddio.
year-change = Newid ers { $period }
year-change-value = { $change } ({ $n ->
    [one] un awdurdod lleol
   *[other] { $n-digits } awdurdod lleol
})
year-change-note = Mae'r newid dros yr awdurdodau lleol y mae eu gwerth a gyhoeddwyd yn cwmpasu'r cyfnod cyfan yn y ddau. [b]: newidiodd y diffiniad.
years-heading = Dros y blynyddoedd
years-title = { $code }: { $nation } yn ôl cyfnod
years-break = Toriad
years-break-note = Lle mae toriad yn y gyfres, newidiodd y diffiniad: ni ddylid cymharu'r gwerthoedd cyn ac ar ôl hynny.
years-none = Nid oes datganiad cynharach a gyhoeddwyd yma sy'n cynnwys y metrig hwn.

## O ble y daw ffigurau

where-from-heading = O ble y daw hyn
where-from-intro = Gellir olrhain y ffigur i'r ffurflenni data a adiwyd i'w gyfrifo, yn ôl eu henwau a'u crynodebau.
where-from-snapshot = Ciplun
where-from-edition = Argraffiad
where-from-decisions = Penderfyniadau mewn grym
where-from-no-decisions = dim
where-from-returns = Ffurflenni data yn y cyfansymiau hyn
where-from-return = Ffurflen ddata
where-from-digest = Crynodeb
where-from-signed-off = Cymeradwywyd
where-from-no-return = Nid oes ffurflen ddata gan yr awdurdod hwn yn y cyfansymiau hyn.

## Lawrlwythiadau

downloads-heading = Lawrlwythiadau
downloads-caption = Ffeiliau'r datganiad hwn
downloads-file = Ffeil
downloads-kind = Beth yw hi
downloads-size = Maint
size-bytes = { $value } beit
size-kilobytes = { $value } kB
size-megabytes = { $value } MB
download-data = Pob gwerth, un rhes yr un (CSV)
download-csvw = Disgrifiad o'r ffeil ddata (CSVW)
download-xlsx = Llyfr gwaith â phob tabl (XLSX)
download-ods = Llyfr gwaith â phob tabl (ODS)
download-parquet = Pob gwerth ar gyfer offer data (Parquet)
download-facts = Y datganiad hwn fel ffeithiau (JSON)
download-json-stat = Pob gwerth ar gyfer offer ystadegol (JSON-stat 2.0)
download-text = Y prif bwyntiau fel testun plaen
download-look-up = Tabl chwilio codau (CSV)
download-statswales = Data a thablau chwilio ar gyfer StatsCymru (ZIP)
download-bundle = Holl ffeiliau'r datganiad, wedi'u llofnodi (ZIP)
download-signature = Llofnod
download-other = Ffeil

## Diwygiadau

revisions-heading = Diwygiadau
revisions-none = Dyma gyhoeddiad cyntaf y datganiad.
revisions-no-values = Ni newidiodd yr un gwerth a gyhoeddwyd.
revision-notice = Dyma ddiwygiad { $revision } o'r datganiad.
revision-number = Diwygiad { $revision }
revision-what = Beth newidiodd
revision-why = Pam
revision-before = Fel yr oedd o'r blaen
revision-figures = Ffigurau'r prif bwyntiau a newidiodd
revision-values = Gwerthoedd a newidiodd
revision-value-before = Cyn hyn
revision-value-after = Nawr
table-statement = Datganiad
table-area = Ardal

## Adborth

feedback-heading = Rhoi adborth ar y dudalen hon
feedback-label = Beth hoffech chi ei ddweud wrthym?
feedback-hint = Dim mwy na 4,000 o nodau. Peidiwch â rhoi gwybodaeth bersonol: ni allwn ateb.
feedback-button = Anfon adborth
feedback-trap = Gadewch y maes hwn yn wag
feedback-thanks = Diolch. Daeth eich adborth i law.
feedback-empty = Nid anfonwyd dim: roedd y testun yn wag.
feedback-too-long = Nid anfonwyd dim: roedd y testun yn hirach na 4,000 o nodau.
feedback-too-many = Nid anfonwyd dim: mae gormod o adborth wedi dod i law. Rhowch gynnig arall arni yn nes ymlaen.
feedback-back = Yn ôl i'r dudalen

## Y rhestr o ddatganiadau

missing-heading = Heb ddod o hyd i'r dudalen
missing-text = Nid oes dim wedi'i gyhoeddi yn y cyfeiriad hwn. Efallai iddo gael ei gamdeipio, neu nad yw'r dudalen wedi'i chyhoeddi eto.
away-heading = Ni ellir dangos y dudalen ar hyn o bryd
away-text = Ein bai ni yw hyn, nid eich bai chi. Rhowch gynnig arall arni ymhen ychydig funudau.
index-upcoming = Datganiadau i ddod
index-published = Datganiadau a gyhoeddwyd
index-feed = Ffrwd datganiadau newydd (Atom)

## Tablau a llaw-fer

table-authority = Awdurdod lleol
table-wales = Cymru
table-metric = Metrig
table-category = Categori
table-value = Gwerth
table-note = Nodyn
table-coverage = Cwmpas
table-total = Cyfanswm
table-coverage-value = { $provided-digits } o'r { $authorities-digits } awdurdod lleol ({ $share })
table-caption = { $code }: { $title }
shorthand-heading = Llaw-fer
shorthand-a = cyfartaledd
shorthand-b = toriad yn y gyfres: newidiodd y diffiniad
shorthand-c = cyfrinachol
shorthand-e = amcangyfrif
shorthand-f = rhagolwg
shorthand-k = ffigur isel sy’n talgrynnu i sero
shorthand-p = amodol
shorthand-r = diwygiedig
shorthand-t = cyfanswm
shorthand-u = dibynadwyedd isel
shorthand-x = ddim ar gael
shorthand-z = ddim yn berthnasol
part-period-mark = rhan o'r cyfnod yn unig
part-period-short = rhan

## Ansawdd

quality-published = Ar gyfer { $population }, cyhoeddir { $published-digits } o'r { $metrics-digits } metrig.
quality-published-all = { $metrics ->
    [one] Ar gyfer { $population }, cyhoeddir yr un metrig sydd.
   *[other] Ar gyfer { $population }, cyhoeddir pob un o'r { $metrics-digits } metrig.
}
quality-lowest-coverage = Ymhlith y metrigau a gyhoeddir, { $share } yw'r cwmpas isaf: mae data { count-authorities } ar goll.
quality-coverage-complete = Mae gan bob metrig a gyhoeddir ddata gan bob awdurdod lleol.
quality-incomplete = Mae data o leiaf un awdurdod lleol ar goll ar gyfer { $incomplete-digits } o'r { $metrics-digits } metrig ({ $share }).
quality-unpublished-incomplete = Mae data o leiaf un awdurdod lleol ar goll ar gyfer pob metrig nas cyhoeddir.
quality-unpublished-mixed = O'r { $unpublished-digits } metrig nas cyhoeddir, mae data o leiaf un awdurdod lleol ar goll ar gyfer { $incomplete-digits } ac mae { $complete-digits } yn gyflawn.
quality-unpublished-complete = Mae gan bob metrig nas cyhoeddir ddata gan bob awdurdod lleol.
quality-unpublished-heading = Metrigau nas cyhoeddir
quality-missing-authorities = Ni ddaeth ffurflen ddata gan { $n ->
    [0] ddim un awdurdod lleol
    [1] un awdurdod lleol
    [2] ddau awdurdod lleol
    [3] dri awdurdod lleol
    [4] bedwar awdurdod lleol
    [5] bum awdurdod lleol
    [6] chwe awdurdod lleol
    [7] saith awdurdod lleol
    [8] wyth awdurdod lleol
    [9] naw awdurdod lleol
    [10] ddeg awdurdod lleol
   *[other] { $n-digits } awdurdod lleol
}: { $authorities }.
quality-no-missing-authorities = Daeth ffurflen ddata gan bob awdurdod lleol.

## Newidiadau i ddiffiniadau

changes-intro = Mae diffiniadau'r metrigau hyn yn wahanol i rai'r flwyddyn flaenorol, felly efallai na ellir cymharu eu ffigurau. Lle mae gwall argraffu yn y rhestr, dangosir wrth ei ymyl sut y'i darllenir.
change-line = { $code }: { $change }
change-line-misprint = { $code }: { $change } (darllenir fel: { $read-as })
change-code-misprint = { $printed } fel yr argraffwyd, darllenir fel { $code }

## Ieithoedd y testunau

language-report-heading = Ieithoedd y testunau
language-report-titles = Teitlau metrigau: { $en-digits } o { $all-digits } ar gael yn Saesneg, { $cy-digits } yn Gymraeg.
language-report-labels = Labeli categorïau: { $en-digits } o { $all-digits } ar gael yn Saesneg, { $cy-digits } yn Gymraeg.
language-report-changes = Newidiadau i ddiffiniadau: { $en-digits } o { $all-digits } ar gael yn Saesneg, { $cy-digits } yn Gymraeg.
language-report-messages = Testunau'r datganiad: { $en-digits } o { $all-digits } ar gael yn Saesneg, { $cy-digits } yn Gymraeg.

## Ffeiliau datganiad

publisher = Llywodraeth Cymru
licence-name = Trwydded Llywodraeth Agored v3.0
licence-address = https://www.nationalarchives.gov.uk/doc/open-government-licence-cymraeg/version/3/
file-publisher = Cyhoeddwr: { $publisher }
file-contents = Cynnwys
file-notes = Nodiadau
file-one-table = Mae'r daflen waith hon yn cynnwys un tabl.
file-see-notes = Esbonnir y nodiadau yn y daflen waith “{ $sheet }”.
file-shorthand = Llaw-fer yn y tabl hwn: { $list }.
file-no-notes = Nid oes unrhyw nodiadau.
file-note-mark = [nodyn { $number }]
file-worksheet = Taflen waith
file-area = Ardal
file-area-code = Cod ardal
file-period = Cyfnod
file-title = Teitl
file-label = Label
file-unit = Uned
file-decimals = Lleoedd degol
file-meaning = Ystyr
file-provided = Awdurdodau yn y swm
file-expected = Yr holl awdurdodau
file-row-notes = Nodiadau ar werthoedd
file-no-row-notes = dim
file-note-text = Testun
file-cell = Metrig a chategori
file-measure = Nifer
file-measure-decimals = Nifer, i { $decimals } lle degol

## Canfyddiadau'r gwiriadau

severity-error = Gwall
severity-warning = Rhybudd
severity-info = Gwybodaeth
finding-at-line = Llinell { $line }: { $finding }
finding-place-line = llinell { $line }
finding-place-row = { $sheet }, rhes { $line }
finding-previous = { $previous } ydoedd yn y cyfnod cynharach.
finding-rule = Rheol { $rule }.
finding-suggestion = Ai { $advice } oedd gennych mewn golwg?

finding-sum_mismatch = { $found } yw { $metric_cell }, ond { $expected } yw swm ei gategorïau, gan gynnwys y rhai heb eu cofnodi. Cywirwch y cyfanswm neu'r categorïau.
finding-category_above_total = { $found } yw { $metric_cell }, mwy na'r { $expected } y mae'r cyfanswm yn ei adael ar ei gyfer. Cywirwch y categori neu'r cyfanswm.
finding-subset_above_base = { $found } yw { $metric_cell }, mwy na'r { $expected } y mae'n rhan ohono. Cywirwch un o'r ddau.
finding-timescale = Mae { $metric_cell } yn cyfrif { $found } o fewn yr amserlen, mwy na'r { $expected } a gwblhawyd. Cywirwch un o'r ddau.
finding-same_total = { $found } yw { $metric_cell }, ond { $expected } yw'r metrig y mae'n ei ddadansoddi. Gwnewch y ddau gyfanswm yn gyfartal.
finding-stock_flow = { $found } yw { $metric_cell }, ond { $expected } fyddai'n dilyn o lif y flwyddyn. Gwiriwch y ddau, a chywiro neu esbonio.
finding-rate_impossible = Mae { $metric_cell } yn rhoi cyfradd o { $found }, y tu allan i'r ystod bosibl { $expected }. Cywirwch y rhan neu ei sail.
finding-usual_range = Mae { $metric_cell } yn rhoi cyfradd o { $found }, y tu allan i'r ystod arferol { $expected }. Gwiriwch hi, a chywiro neu esbonio.
finding-linear_mismatch = Mae { $metric_cell } yn rhoi { $found }, ond yn ôl yr hyn y mae'n perthyn iddo { $expected } ddylai fod. Gwiriwch werthoedd y rheol, a chywiro neu esbonio.
finding-coverage_mismatch = “{ $found }” yw { $metric_cell }, ond “{ $expected }” yw ei ddadansoddiad. Rhowch y ddau ar gyfer yr un rhan o'r cyfnod, neu dywedwch pam maent yn wahanol.
finding-same_value = Mae gan { $metric_cell } a'r celloedd wrth ei ymyl i gyd y gwerth { $found }. Gwiriwch na chafodd un gwerth ei gopïo i bob un ohonynt, a chywiro neu esbonio.
finding-suspicious_zero = { $found } yw { $metric_cell }, ond { $expected } ydoedd yn y cyfnod cynharach. Gwiriwch ef; os nad yw'r gwerth yn hysbys, nodwch na ddarparwyd ef yn lle rhoi sero.
finding-peer_difference = { $found } yw { $metric_cell }; i'r rhan fwyaf o'r awdurdodau eraill mae o fewn { $expected }. Gwiriwch ef gyda'r awdurdod.
finding-year_on_year = { $found } yw { $metric_cell }; { $expected } sydd yn yr argraffiad blaenorol a gedwir. Gwiriwch y gwerth, a chywiro neu esbonio.
finding-negative = { $value } yw { $metric_cell }, sy'n llai na sero. Rhowch gyfrif o 0 neu fwy.
finding-not_whole = { $value } yw { $metric_cell }, ac nid yw'n rhif cyfan. Rhowch ddigidau cyfan, heb ran ddegol na phŵer o ddeg.
finding-not_a_number = “{ $value }” yw { $metric_cell }, ac nid yw'n rhif. Rhowch y digidau 0 i 9 yn unig, heb wahanyddion, arwyddion na geiriau.
finding-too_large = { $value } yw { $metric_cell }, sy'n fwy nag y gall unrhyw gyfrif fod yma. Gwiriwch y digidau.
finding-too_many_decimals = { $value } yw { $metric_cell }, ac mae ynddo ormod o leoedd degol. Rhowch { $expected } ar y mwyaf.
finding-unknown_metric = Nid yw “{ $metric_cell }” yn fetrig yn y catalog. Gwiriwch y cod; mae categori'n mynd yn ei golofn ei hun neu, lle mae colofn i bob cell, mewn bachau petryal: AD/005[b].
finding-metric_not_in_edition = Nid yw { $metric_cell } yn yr argraffiad hwn. Dilëwch y rhes, neu gwiriwch ar gyfer pa argraffiad y mae'r ffurflen ddata.
finding-unknown_category = Nid yw { $metric_cell } yn gategori o'r metrig hwn. Gwiriwch y llythyren yn y catalog.
finding-total_not_allowed = Mae gan { $metric_cell } rannau ar wahân a dim cyfanswm. Dilëwch res y cyfanswm a rhowch y rhannau.
finding-duplicate_row = Rhoddir { $metric_cell } fwy nag unwaith. Cadwch un ohonynt.
finding-missing_row = Mae { $metric_cell } yn wag neu ar goll. Llenwch y rhes neu ychwanegwch hi, gyda gwerth neu gyda statws sy'n dweud pam nad oes un.
finding-missing_reason = Nid oes rheswm ar gyfer { $metric_cell }. Rhowch un o resymau'r argraffiad, neu dywedwch yn y sylw pam mae'r data ar goll neu'n cwmpasu rhan o'r cyfnod yn unig.
finding-unknown_reason = Mae gan { $metric_cell } y rheswm “{ $value }”, ac nid yw'n un o resymau'r argraffiad. Defnyddiwch un o'r rhain: { $expected }; neu dywedwch hynny yn y sylw yn lle hynny.
finding-invalid_end_date = Mae gan { $metric_cell } y dyddiad gorffen “{ $value }”. Rhowch ddiwrnod fel 2023-03-31 gyda'r statws part_period yn unig, o fewn cyfnod y ffurflen ddata; disgwylid: { $expected }.
finding-value_not_allowed = Mae gan { $metric_cell } y gwerth { $value } wrth ymyl statws nad oes gwerth iddo. Dilëwch y gwerth neu cywirwch y statws.
finding-value_missing = Nid oes gwerth ar gyfer { $metric_cell }, er bod ei statws yn dweud bod un. Rhowch y gwerth neu cywirwch y statws.
finding-unknown_status = Y statws “{ $value }” sydd gan { $metric_cell }, ac nid yw'n bod. Defnyddiwch un o'r rhain: { $expected }.
finding-missing_status = Nid oes statws ar gyfer { $metric_cell }. Rhowch un o'r rhain: { $expected }. Ar ffurflen, mae gwerth ar ei ben ei hun yn ddigon.
finding-wrong_edition = Nid “{ $value }” yw'r argraffiad a ddisgwylir. Mae'r ffurflen ddata hon ar gyfer { $expected }.
finding-wrong_authority = Nid “{ $value }” yw'r awdurdod y daw'r ffurflen ddata hon ohono, neu nid yw'n awdurdod. Gwiriwch y cod.
finding-no_authority = Nid yw'r ffeil yn dweud yn unman o ba awdurdod y daw. Rhowch god yr awdurdod ar y ddalen glawr, neu mewn colofn “authority”.
finding-empty_file = Mae'r ffeil yn wag. Anfonwch ffeil gyda'r pennawd a'r holl resi.
finding-no_rows = Mae gan y ffeil bennawd ond dim rhesi. Ychwanegwch resi'r ffurflen ddata.
finding-encoding = Nid yw'r ffeil mewn { $expected }; mae'n edrych fel { $found }, yn ôl y beit { $value }. Yn Excel cadwch hi fel “CSV UTF-8”, yn LibreOffice dewiswch y set nodau “Unicode (UTF-8)”; gwiriwch lythrennau fel ŵ ac ŷ, a'i hanfon eto.
finding-nul_byte = Mae beit NUL yn y testun. Allforiwch y ffeil eto o'i ffynhonnell.
finding-columns = Mae'r golofn { $column } ar goll. Ychwanegwch hi at y pennawd ac at bob rhes.
finding-duplicate_column = Mae'r golofn { $column } yn y pennawd fwy nag unwaith. Cadwch un ohonynt.
finding-extra_column = Nid yw'r golofn { $column } yn hysbys, ac ni chafodd ei darllen. Dilëwch hi, neu gwiriwch ei henw.
finding-unnamed_column = Ni ddarllenwyd colofnau heb enw yn y pennawd: { $column }. Dilëwch nhw, neu rhowch eu henwau iddynt.
finding-delimiter = Nid comas sy'n gwahanu'r meysydd. Cadwch y ffeil gyda chomas rhwng y meysydd.
finding-malformed_csv = Ni ellir darllen y rhes: nid yw dyfynnod yn cau, neu mae nifer y meysydd yn anghywir. Cywirwch y rhes.
finding-cell_too_long = Mae gan { $metric_cell } destun hwy na { $expected } o nodau. Byrhewch ef.
finding-formula_text = Mae'r sylw ar { $metric_cell } yn dechrau fel fformiwla. Cedwir ef fel testun; dechreuwch ef â gair yn lle hynny.
finding-surrounding_space = Mae bylchau o amgylch gwerth { $metric_cell }. Fe'i darllenwyd hebddynt.
finding-byte_order_mark = Mae'r ffeil yn dechrau â marc trefn beitiau. Fe'i darllenwyd hebddo; nid oes angen gwneud dim.
finding-file_too_large = Mae'r ffeil yn { $found }, mwy na'r { $expected } a ganiateir. Anfonwch resi'r ffurflen ddata hon yn unig.
finding-too_many_rows = Mae gan y ffeil fwy na { $expected } o resi. Anfonwch resi'r ffurflen ddata hon yn unig.
finding-wrong_digest = Ffurflen o fersiwn arall o'r argraffiad yw hon ({ $value }); { $expected } yw'r un sydd mewn grym. Mynnwch ffurflen newydd, a chopïwch y gwerthoedd iddi.
finding-unsupported_format = Ffeil o'r math { $found } yw hon, ac ni ddarllenir y math hwnnw. Cadwch hi fel un o'r rhain: { $expected }.
finding-unknown_format = Nid yw'r ffeil yn un o { $expected }, nac o unrhyw fath arall hysbys. Cadwch y ffurflen ddata fel un ohonynt.
finding-damaged_file = Ni ellir darllen y daenlen: mae ei rhan “{ $found }” wedi'i difrodi, neu nid yw'r hyn y mae rhaglen daenlenni yn ei ysgrifennu. Agorwch hi, cadwch hi eto, ac anfonwch honno.
finding-protected_file = Ni ellir agor y daenlen heb gyfrinair. Tynnwch y cyfrinair, cadwch hi a'i hanfon eto; caiff diogelwch y dalennau aros.
finding-unpacked_too_large = Mae'r daenlen yn fwy na { $expected } ar ôl ei dadbacio. Anfonwch ddalennau'r ffurflen ddata hon yn unig, a dilëwch y rhesi a'r colofnau gwag sydd wedi'u fformatio; neu copïwch y gwerthoedd i ffurflen newydd.
finding-no_data_sheet = Nid oes gan unrhyw ddalen bennawd â'r colofnau { $expected }. Defnyddiwch ffurflen yr argraffiad hwn; rhaid i ffeil â cholofn i bob cell fod yn CSV.
finding-too_many_columns = Mae gan y pennawd { $found } o golofnau, mwy na'r { $expected } a ganiateir. Anfonwch golofnau'r ffurflen ddata hon yn unig.
finding-cell_error = Mae gan { $metric_cell } { $value }, sef gwall fformiwla, yn y golofn { $column }. Rhowch yr hyn a olygir yn ei le.
finding-inexact_number = { $value } yw { $metric_cell }, ac mae ynddo fwy o ddigidau nag y mae taenlen yn eu cadw'n union. Talgrynnwch ef i'r lleoedd degol y gofynnir amdanynt.
finding-cover = Mae { $metric_cell } yn gadael { $found } o achosion ag ateb, ond { $expected } yn unig yw swm y categorïau. Gwiriwch y categorïau, a chywiro neu esbonio.
finding-exclusive = { $found } yw swm { $metric_cell } a'r hyn sy'n ei gau allan, mwy na'r { $expected } y maent yn rhan ohono. Cywirwch un ohonynt.

## Canfyddiadau mewn terfynell

findings-summary = gwallau: { $errors-digits }, rhybuddion: { $warnings-digits }, nodiadau: { $notes-digits }
check-accepted = gellir ei hanfon
check-not-accepted = ni ellir ei hanfon
check-unreadable = ni ellir ei darllen fel ffurflen ddata
check-result = { $file } ar gyfer { $edition }: { $verdict }; { $summary }
finding-duplicate_return = Ffurflen ddata { $authority } yw { $file }, a { $other } hefyd. Cadwch un ohonynt.

## Ffurflenni

form-title = Ffurflen ddata: { $collection }, { $period }
form-period = { $period }: { $start } hyd { $end }
form-sheet-cover = Clawr
form-sheet-guidance = Canllawiau
form-sheet-metrics = Metrigau
# What a file is known by when it comes back: the reader of files knows these words.
form-cover-edition = Argraffiad
form-cover-edition-digest = Crynodeb yr argraffiad
form-cover-authority = Awdurdod
form-cover-authority-name = Enw
form-cover-collection = Casgliad
form-cover-period = Cyfnod
form-cover-contact = Cyswllt
form-column-metric = Metrig
form-column-category = Categori
form-column-metric-wording = Geiriad y metrig
form-column-category-wording = Geiriad y categori
form-column-unit = Uned
form-column-previous-value = Gwerth blaenorol
form-column-value = Gwerth
form-column-status = Statws
form-column-reason = Rheswm
form-column-comment = Sylw
form-column-end-date = Dyddiad gorffen
form-column-reference = Cyfeirnod
form-steps-heading = Sut i lenwi'r ffurflen
form-step-value = Rhowch werth ym mhob rhes. Mae sero yn werth; nid yw rhes wag wedi'i llenwi, ac ni chymerir byth mai sero ydyw. Nid oes angen statws ar werth ar ei ben ei hun.
form-step-missing = Lle nad oes gwerth, dewiswch statws sy'n dweud pam a rheswm, neu rhowch y rheswm yn y sylw, neu'r ddau.
form-step-part-period = Lle mae gwerth yn cwmpasu rhan o'r cyfnod yn unig, dewiswch part_period, rhowch reswm, a rhowch y diwrnod olaf y mae'n ei gwmpasu fel dyddiad gorffen.
form-step-other-columns = Eich rhai chi yw'r sylw a'r cyfeirnod: cedwir sylw fel y mae, ac mae canfyddiadau'n rhoi eich cyfeirnod yn ôl.
form-step-locked = Dim ond y celloedd i'w llenwi sydd heb eu cloi. Peidiwch â newid codau, dalennau na'r clawr hwn: wrthynt hwy yr adnabyddir y ffurflen pan ddaw yn ôl.
form-step-send = Cadwch y ffurflen fel y mae (XLSX, ODS neu CSV UTF-8), gwiriwch hi, ac anfonwch hi.
form-step-previous = Gwerth { $period } yw'r gwerth blaenorol.
form-statuses-heading = Statysau
form-status-provided = Gwerth ar gyfer y cyfnod cyfan.
form-status-part_period = Gwerth ar gyfer rhan o'r cyfnod yn unig; gyda rheswm neu sylw.
form-status-not_provided = Nid oes gwerth; gyda rheswm neu sylw.
form-status-not_applicable = Nid yw'r gell yn berthnasol i'r awdurdod; gyda rheswm neu sylw. Mae'n cyfrif fel sero.
form-reasons-heading = Rhesymau (Saesneg / Cymraeg)
form-rules-heading = Yr hyn y gwirir y ffurflen ddata yn ei erbyn
form-rules-signs = Mae pob rheol o dan yr hyn y mae'n ymwneud ag ef. Mae cod yn sefyll am ei werth, * am bob gwerth, a prev: am werth y cyfnod blaenorol.
form-rule-count = Mae gwerthoedd yn sero neu fwy.
form-rule-value_range = Nid yw gwerthoedd yn fwy nag y gallant fod.
form-rule-sum = Y categorïau sy'n gwneud y cyfanswm.
form-rule-category = Nid yw categori yn fwy na'r cyfanswm.
form-rule-cover = Mae pob achos ag ateb mewn o leiaf un categori.
form-rule-subset = Nid yw rhan yn fwy na'r hyn y mae'n rhan ohono.
form-rule-exclusive = Nid yw rhannau sy'n cau ei gilydd allan, gyda'i gilydd, yn fwy na'r cyfan.
form-rule-same_total = Mae gan ddadansoddiad gyfanswm yr hyn y mae'n ei ddadansoddi.
form-rule-timescale = Nid yw'r hyn a wnaed o fewn yr amserlen yn fwy na'r hyn a wnaed.
form-rule-stock_flow = Mae'r stoc yn dilyn o'r stoc cynt a llif y flwyddyn.
form-rule-rate = Mae rhan fel canran o'i sail o fewn terfynau.
form-rule-year_on_year = Mae gwerth sydd wedi newid llawer ers y cyfnod blaenorol i'w esbonio.
form-rule-linear = Perthnasoedd eraill rhwng gwerthoedd.
form-rule-coverage = Mae cyfanswm a'i gategorïau'n cwmpasu'r un rhan o'r cyfnod.
form-rule-same_value = Nid yw gwerthoedd a ddylai fod yn wahanol i gyd yr un fath.
form-rule-zeros = Mae sero lle bu gwerth yn y cyfnod blaenorol i'w esbonio.
form-rule-peers = Edrychir ar werth sy'n wahanol iawn i werthoedd awdurdodau eraill.

## Cynnydd y casgliad, i ystadegwyr

progress-index = Cynnydd yn ôl argraffiad
progress-heading = { $edition }: cynnydd y casgliad
progress-filter = Awdurdodau yn ôl cyflwr
progress-all = Pob un
progress-watch = Ail-lwytho'r dudalen hon bob 30 eiliad
progress-unwatch = Peidio ag ail-lwytho'r dudalen hon
progress-authorities = Ffurflenni data yn ôl awdurdod lleol
progress-metrics = Ffurflenni data yn ôl metrig
progress-state = Cyflwr
progress-state-not-sent = Heb ei hanfon
progress-state-submitted = Wedi'i chyflwyno
progress-state-queried = Ymholiad yn agored
progress-state-signed-off = Wedi'i chymeradwyo
progress-state-reopened = Wedi'i hailagor
progress-late = Hwyr
progress-errors = Gwallau
progress-warnings = Rhybuddion
progress-open = Agored
progress-queries = Ymholiadau heb eu hateb
progress-values = Celloedd â gwerth
progress-values-of = { $values } o { $cells }
progress-provided = Cyfan
progress-part = Rhannol
progress-missing = Dim gwerth
progress-not-applicable = Amherthnasol
sign-in-heading = Mewngofnodi
sign-in-token = Tocyn mynediad
sign-in-button = Mewngofnodi
sign-in-refused = Nid yw'r tocyn hwn yn ddilys, neu mae wedi dod i ben.
sign-in-too-long = Mae'r tocyn hwn yn rhy hir i borwr ei gadw. Gofynnwch am un â llai o rolau.
sign-in-denied = Nid yw'r tocyn hwn yn rhoi'r hawl i weld cynnydd y casgliad.
sign-out-button = Allgofnodi
problem-heading = Ni ellir dangos y dudalen hon
problem-not-found = Nid oes tudalen o'r fath. Dewiswch argraffiad o'r rhestr.
problem-foreign = Daeth y cais o wefan arall ac ni chafodd ei dderbyn. Dechreuwch yma yn lle hynny, wrth y rhestr o argraffiadau.
problem-late = Cymerwyd gormod o amser i ateb. Rhowch gynnig arall arni.
problem-away = Ni ellir gwirio tocynnau mynediad am y tro, gan nad yw'r darparwr hunaniaeth yn ateb. Rhowch gynnig arall arni cyn hir.
problem-request = Nid yw hwn yn gais y gall y dudalen ei ateb.
problem-failed = Methodd y gwasanaeth. Rhowch gynnig arall arni; os bydd yn methu eto, rhowch wybod i'r sawl sy'n ei weithredu.
