### House wording in English: what every release and every check says, whatever the edition.
###
### An edition may replace a message by giving one with the same id. en.ftl and cy.ftl hold the same
### ids with the same variables.
###
### A number n comes as two variables: $n chooses the form, $n-digits is what is printed.

## Numbers, units and dates

# Also the printed figure of an `authority_count`.
count-authorities = { $n ->
    [0] no local authority
    [1] one local authority
    [2] two local authorities
    [3] three local authorities
    [4] four local authorities
    [5] five local authorities
    [6] six local authorities
    [7] seven local authorities
    [8] eight local authorities
    [9] nine local authorities
    [10] ten local authorities
   *[other] { $n-digits } local authorities
}
# At the start of a sentence.
count-authorities-initial = { $n ->
    [0] No local authority
    [1] One local authority
    [2] Two local authorities
    [3] Three local authorities
    [4] Four local authorities
    [5] Five local authorities
    [6] Six local authorities
    [7] Seven local authorities
    [8] Eight local authorities
    [9] Nine local authorities
    [10] Ten local authorities
   *[other] { $n-digits } local authorities
}
percent = { $value }%
# A share below 100 that rounds to 100.
percent-nearly-100 = nearly 100%
# Units of figures from outside the collection.
unit-percent = { $value }%
unit-gbp_billion = £{ $value } billion
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December
date = { $day } { $month } { $year }

## Footnotes

footnote-not-provided = { count-authorities-initial } did not provide data for this figure.
footnote-part-period = { count-authorities-initial } could provide data only up to { $date }, because of { $reason }.
footnote-part-period-no-reason = { count-authorities-initial } could provide data only up to { $date }.
footnote-part-period-no-date = { count-authorities-initial } could provide data for only part of the period, because of { $reason }.
footnote-part-period-only = { count-authorities-initial } could provide data for only part of the period.
footnotes-heading = Footnotes
# Read out for a footnote mark.
footnote-mark = Footnote { $mark }
# Read out for the way back from a footnote; $number tells apart the figures that share it.
footnote-back = Back to figure { $number } with footnote { $mark }

## Frame of a release

# For an edition that has no wording of its own.
# The page that lists the releases.
index-heading = Statistical releases
index-empty = No release has been published yet.
default-title = { $collection }: { $period }
skip-link = Skip to main content
language-switch = Cymraeg
nav-label = Parts of this release
nav-main-points = Main points
nav-tables = Tables
nav-quality = Quality
nav-data = Data (CSV)
nav-facts = This release as facts (JSON)
main-points-heading = Main points
tables-heading = Tables
quality-heading = Quality
changes-heading = Changes to definitions
data-heading = Data (CSV)
contact-heading = Contact
licence-heading = Licence
release-reference = Reference: { $reference }
release-date = Published: { $date }
release-period = Period: { $period }
not-available = not available
# Where a figure of another collection comes from.
figure-source = Source: { $source }
wording-not-held = wording not held
english-only = English only
licence = Except where it says otherwise, this release may be used again under the Open Government Licence v3.0.
acknowledgement = Contains public sector information licensed under the Open Government Licence v3.0.
synthetic-notice = The values of single local authorities in this sample are synthetic. Do not publish or quote them.
partial-totals = A total without data from every local authority shows only the activity of those that provided it. It is not the position of all of { $nation }.

## Pages of a release

contents-heading = All metrics and local authorities
topics-heading = Figures by topic
topic-metrics = All metrics
topic-stated = Metrics of the main points
authorities-heading = Local authorities
trail-label = Where this page stands
find-label = Find a metric or a local authority
find-button = Find
find-heading = Find a metric or a local authority
find-result = { $n ->
    [0] Nothing found for “{ $query }”
    [one] One page found for “{ $query }”
   *[other] { $n-digits } pages found for “{ $query }”
}
# Before the codes of metrics.
based-on = Based on:
stated-heading = In the main points
values-heading = Values
definition-heading = Definition
neighbours-label = Other metrics
neighbours-previous = Previous metric
neighbours-next = Next metric
authority-intro = The value of each published metric, beside that of the nation.
authority-provided = Provided: { $provided-digits } of { $all-digits } published metrics.
compared-by = Compared by
compared-picture = Comparison
table-period = Period
count-of = { $provided-digits } of { $all-digits }
date-time = { $date }, { $time }

## Charts

measure-rate = Per { $people } people
authorities-by = { $measure }, by local authority
chart-title = { $code }: { $measure }, by local authority
chart-about = Highest: { $highest } ({ $highest-area }). Lowest: { $lowest } ({ $lowest-area }). Line: { $line }.
chart-line = { $nation } { $value }
chart-mean = Average { $value }
chart-values = The values of this chart
measure-rate-basis = The line is the rate of the { $n ->
    [one] one local authority
   *[other] { $n-digits } local authorities
} whose value covers the whole period. Populations are mid-year estimates.
measure-mean-basis = The line is the average of the { $n ->
    [one] one local authority
   *[other] { $n-digits } local authorities
} whose value covers the whole period.
spread-heading = Range, quartiles and change
spread-lowest = Lowest
spread-lower-quartile = Lower quartile
spread-median = Median
spread-upper-quartile = Upper quartile
spread-highest = Highest
spread-note = Quartiles are by the nearest rank, of the values in the table of all values. Nothing stands where fewer than three local authorities have a value, or where one is hidden.
year-change = Change on { $period }
year-change-value = { $change } ({ $n ->
    [one] one local authority
   *[other] { $n-digits } local authorities
})
year-change-note = The change is over the local authorities whose published value covers the whole period in both. [b]: the definition changed.
years-heading = Over the years
years-title = { $code }: { $nation } by period
years-break = Break
years-break-note = Where the series breaks, the definition changed: the values before and after are not to be compared.
years-none = No earlier release published here has this metric.

## Where figures come from

where-from-heading = Where this comes from
where-from-intro = The figure can be followed to the returns that it was added up from, by their names and digests.
where-from-snapshot = Snapshot
where-from-edition = Edition
where-from-decisions = Decisions in force
where-from-no-decisions = none
where-from-returns = Returns in these totals
where-from-return = Return
where-from-digest = Digest
where-from-signed-off = Signed off
where-from-no-return = This authority has no return in these totals.

## Downloads

downloads-heading = Downloads
downloads-caption = Files of this release
downloads-file = File
downloads-kind = What it is
downloads-size = Size
size-bytes = { $value } bytes
size-kilobytes = { $value } kB
size-megabytes = { $value } MB
download-data = All values, one row each (CSV)
download-csvw = Description of the data file (CSVW)
download-xlsx = Workbook with all tables (XLSX)
download-ods = Workbook with all tables (ODS)
download-parquet = All values for data tools (Parquet)
download-facts = This release as facts (JSON)
download-json-stat = All values for statistics tools (JSON-stat 2.0)
download-text = Main points as plain text
download-look-up = Look-up table of codes (CSV)
download-statswales = Data and look-up tables for StatsWales (ZIP)
download-bundle = All files of the release, signed (ZIP)
download-signature = Signature
download-other = File

## Revisions

revisions-heading = Revisions
revisions-none = This is the first publication of the release.
revisions-no-values = No published value changed.
revision-notice = This is revision { $revision } of the release.
revision-number = Revision { $revision }
revision-what = What changed
revision-why = Why
revision-before = As it was before
revision-figures = Figures of the main points that changed
revision-values = Values that changed
revision-value-before = Before
revision-value-after = Now
table-statement = Statement
table-area = Area

## Feedback

feedback-heading = Give feedback on this page
feedback-label = What would you like to tell us?
feedback-hint = At most 4,000 characters. Please give no personal information: we cannot reply.
feedback-button = Send feedback
# Beside a field that readers never see.
feedback-trap = Leave this field empty
feedback-thanks = Thank you. Your feedback was received.
feedback-empty = Nothing was sent: the text was empty.
feedback-too-long = Nothing was sent: the text was longer than 4,000 characters.
feedback-too-many = Nothing was sent: too much feedback has come in. Please try again later.
feedback-back = Back to the page

## The list of releases

missing-heading = Page not found
missing-text = Nothing is published at this address. It may have been mistyped, or the page is not published yet.
away-heading = The page cannot be shown just now
away-text = The fault is ours, not yours. Please try again in a few minutes.
index-upcoming = Upcoming releases
index-published = Published releases
index-feed = Feed of new releases (Atom)

## Tables and shorthand

table-authority = Local authority
table-wales = Wales
table-metric = Metric
table-category = Category
table-value = Value
table-note = Note
table-coverage = Coverage
table-total = Total
table-coverage-value = { $provided-digits } of { $authorities-digits } local authorities ({ $share })
table-caption = { $code }: { $title }
shorthand-heading = Shorthand
shorthand-a = average
shorthand-b = break in the series: the definition changed
shorthand-c = confidential
shorthand-e = estimated
shorthand-f = forecast
shorthand-k = low figure that rounds to zero
shorthand-p = provisional
shorthand-r = revised
shorthand-t = total
shorthand-u = low reliability
shorthand-x = not available
shorthand-z = not applicable
part-period-mark = part of the period only
# In brackets beside a value, explained by part-period-mark.
part-period-short = part

## Quality

quality-published = For { $population }, { $published-digits } of the { $metrics-digits } metrics { $published ->
    [one] is
   *[other] are
} published.
quality-published-all = { $metrics ->
    [one] For { $population }, the one metric is published.
   *[other] For { $population }, all { $metrics-digits } metrics are published.
}
quality-lowest-coverage = Among the published metrics, the lowest coverage is { $share }: data is missing from { count-authorities }.
quality-coverage-complete = Every published metric has data from every local authority.
quality-incomplete = Data is missing from at least one local authority for { $incomplete-digits } of the { $metrics-digits } metrics ({ $share }).
quality-unpublished-incomplete = Every metric that is not published lacks data from at least one local authority.
quality-unpublished-mixed = Of the { $unpublished-digits } metrics that are not published, { $incomplete-digits } { $incomplete ->
    [one] lacks
   *[other] lack
} data from at least one local authority and { $complete-digits } { $complete ->
    [one] is
   *[other] are
} complete.
quality-unpublished-complete = Every metric that is not published has data from every local authority.
quality-unpublished-heading = Metrics that are not published
quality-missing-authorities = { count-authorities-initial } sent no return: { $authorities }.
quality-no-missing-authorities = Every local authority sent a return.

## Changes to definitions

changes-intro = The definitions of these metrics differ from those of the year before, so their figures may not be comparable. Where the printed list has a misprint, what it is read as stands beside it.
change-line = { $code }: { $change }
change-line-misprint = { $code }: { $change } (read as: { $read-as })
change-code-misprint = { $printed } as printed, read as { $code }

## Languages of the texts

language-report-heading = Languages of the texts
language-report-titles = Titles of metrics: { $en-digits } of { $all-digits } held in English, { $cy-digits } in Welsh.
language-report-labels = Labels of categories: { $en-digits } of { $all-digits } held in English, { $cy-digits } in Welsh.
language-report-changes = Changes to definitions: { $en-digits } of { $all-digits } held in English, { $cy-digits } in Welsh.
language-report-messages = Texts of the release: { $en-digits } of { $all-digits } held in English, { $cy-digits } in Welsh.

## Files of a release

publisher = Welsh Government
licence-name = Open Government Licence v3.0
licence-address = https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/
file-publisher = Publisher: { $publisher }
# The names of worksheets.
file-contents = Contents
file-notes = Notes
file-one-table = This worksheet contains one table.
file-see-notes = Notes are explained in the worksheet “{ $sheet }”.
# $list has each letter in brackets with its meaning.
file-shorthand = Shorthand in this table: { $list }.
file-no-notes = There are no notes.
# Behind what the note is about.
file-note-mark = [note { $number }]
# Above the columns of tables.
file-worksheet = Worksheet
file-area = Area
file-area-code = Area code
file-period = Period
file-title = Title
file-label = Label
file-unit = Unit
file-decimals = Decimals
file-meaning = Meaning
file-provided = Authorities in the sum
file-expected = Authorities in all
file-row-notes = Notes on values
# In a row without notes on values.
file-no-row-notes = none
file-note-text = Text
file-cell = Metric and category
# What the values of a data set are.
file-measure = Number
file-measure-decimals = Number, to { $decimals } decimal places

## Findings of the checks
## $metric_cell is the row (AD/005[b]), $found what it holds, $expected what it is held against.

severity-error = Error
severity-warning = Warning
severity-info = Information
finding-at-line = Line { $line }: { $finding }
# Where in a file: on a line, or in the row of a sheet.
finding-place-line = line { $line }
finding-place-row = { $sheet }, row { $line }
# These follow a finding, where there is what they say.
finding-previous = In the earlier period it was { $previous }.
finding-rule = Rule { $rule }.
# $advice is a code or name close to the one found.
finding-suggestion = Did you mean { $advice }?

finding-sum_mismatch = { $metric_cell } is { $found }, but its categories, with those not recorded, add up to { $expected }. Correct the total or the categories.
finding-category_above_total = { $metric_cell } is { $found }, more than the { $expected } its total leaves for it. Correct the category or the total.
finding-subset_above_base = { $metric_cell } is { $found }, more than the { $expected } it is part of. Correct one of the two.
finding-timescale = { $metric_cell } counts { $found } within timescale, more than the { $expected } completed. Correct one of the two.
finding-same_total = { $metric_cell } is { $found }, but the metric it breaks down is { $expected }. Make the two totals equal.
finding-stock_flow = { $metric_cell } is { $found }, but { $expected } would follow from the flow of the year. Check both, and correct or explain.
finding-rate_impossible = { $metric_cell } makes a rate of { $found }, outside the possible range { $expected }. Correct the part or its base.
finding-usual_range = { $metric_cell } makes a rate of { $found }, outside the usual range { $expected }. Check it, and correct or explain.
finding-linear_mismatch = { $metric_cell } makes { $found }, but by what it is related to it should be { $expected }. Check the values of the rule, and correct or explain.
finding-coverage_mismatch = { $metric_cell } is “{ $found }”, but its breakdown is “{ $expected }”. Give both for the same part of the period, or say why they differ.
finding-same_value = { $metric_cell } and the cells beside it all have the value { $found }. Check that one value was not copied into all of them, and correct or explain.
finding-suspicious_zero = { $metric_cell } is { $found }, but in the earlier period it was { $expected }. Check it; if the value is not known, give it as not provided instead of zero.
finding-peer_difference = { $metric_cell } is { $found }; for most other authorities it lies in { $expected }. Check it with the authority.
finding-year_on_year = { $metric_cell } is { $found }; the previous edition held has { $expected }. Check it, and correct or explain.
finding-negative = { $metric_cell } is { $value }, which is below zero. Give a count of 0 or more.
finding-not_whole = { $metric_cell } is { $value }, which is not a whole number. Give whole digits, with no decimal part and no exponent.
finding-not_a_number = { $metric_cell } is “{ $value }”, which is not a number. Give the digits 0 to 9 only, with no separators, signs or words.
finding-too_large = { $metric_cell } is { $value }, which is larger than any count can be here. Check the digits.
finding-too_many_decimals = { $metric_cell } is { $value }, which has too many decimals. Give at most { $expected }.
finding-unknown_metric = “{ $metric_cell }” is not a metric of the catalogue. Check the code; a category goes in its own column or, where each cell has a column, in brackets: AD/005[b].
finding-metric_not_in_edition = { $metric_cell } is not in this edition. Take the row out, or check which edition the return is for.
finding-unknown_category = { $metric_cell } is not a category of this metric. Check the letter against the catalogue.
finding-total_not_allowed = { $metric_cell } has separate parts and no total. Take the total row out and give the parts.
finding-duplicate_row = { $metric_cell } is given more than once. Keep one of them.
finding-missing_row = { $metric_cell } is empty or missing. Fill it in or add it, with a value or with a status that says why there is none.
finding-missing_reason = { $metric_cell } has no reason. Give one of the edition's reasons, or say in the comment why the data is missing or covers only part of the period.
finding-unknown_reason = { $metric_cell } has the reason “{ $value }”, which is not one of the edition's. Use one of: { $expected }; or say it in the comment instead.
finding-invalid_end_date = { $metric_cell } has the end date “{ $value }”. Give a day such as 2023-03-31 with the status part_period only, within the period of the return; expected: { $expected }.
finding-value_not_allowed = { $metric_cell } has the value { $value } beside a status that has none. Take the value out or correct the status.
finding-value_missing = { $metric_cell } has no value, though its status says there is one. Give the value or correct the status.
finding-unknown_status = { $metric_cell } has the status “{ $value }”, which does not exist. Use one of: { $expected }.
finding-missing_status = { $metric_cell } has no status. Give one of: { $expected }. In a form, a value alone is enough.
finding-wrong_edition = The edition “{ $value }” is not the one expected. This return is for { $expected }.
finding-wrong_authority = The authority “{ $value }” is not the one that this return is from, or not an authority. Check the code.
finding-no_authority = The file nowhere says which authority it is from. Give the code of the authority on the cover sheet, or in a column “authority”.
finding-empty_file = The file is empty. Send a file with the header and all rows.
finding-no_rows = The file has a header and no rows. Add the rows of the return.
finding-encoding = The file is not in { $expected }; it looks like { $found }, by the byte { $value }. In Excel save it as “CSV UTF-8”, in LibreOffice choose the character set “Unicode (UTF-8)”; check letters such as ŵ and ŷ, and send it again.
finding-nul_byte = The text has a NUL byte. Export the file again from its source.
finding-columns = The column { $column } is missing. Add it to the header and to every row.
finding-duplicate_column = The column { $column } stands in the header more than once. Keep one of them.
finding-extra_column = The column { $column } is not known and was not read. Take it out, or check its name.
finding-unnamed_column = Columns without a name in the header were not read: { $column }. Take them out, or give them their names.
finding-delimiter = The fields are not separated by commas. Save the file with commas between the fields.
finding-malformed_csv = The row cannot be read: a quotation mark does not close, or the number of fields is wrong. Correct the row.
finding-cell_too_long = { $metric_cell } has a text longer than { $expected } characters. Shorten it.
finding-formula_text = The comment of { $metric_cell } begins like a formula. It is kept as text; begin it with a word instead.
finding-surrounding_space = { $metric_cell } has spaces around its value. It was read without them.
finding-byte_order_mark = The file begins with a byte order mark. It was read without it; there is nothing to do.
finding-file_too_large = The file is { $found }, larger than the { $expected } allowed. Send only the rows of this return.
finding-too_many_rows = The file has more than { $expected } rows. Send only the rows of this return.
finding-wrong_digest = This form is of another version of the edition ({ $value }); the one in force is { $expected }. Get a new form, and copy the values into it.
finding-unsupported_format = The file is of the kind { $found }, which is not read. Save it as one of: { $expected }.
finding-unknown_format = The file is none of { $expected }, nor any other kind of file that is known. Save the return as one of them.
finding-damaged_file = The spreadsheet cannot be read: its part “{ $found }” is damaged, or is not what a spreadsheet program writes. Open it, save it again, and send that.
finding-protected_file = The spreadsheet cannot be opened without a password. Take the password off, save it, and send it again; the protection of its sheets may stay.
finding-unpacked_too_large = The spreadsheet is larger than { $expected } when it is unpacked. Send only the sheets of this return, and delete the empty rows and columns that have a format; or copy the values into a new form.
finding-no_data_sheet = No sheet has a header with the columns { $expected }. Use the form of this edition; a file with a column for each cell must be CSV.
finding-too_many_columns = The header has { $found } columns, more than the { $expected } allowed. Send only the columns of this return.
finding-cell_error = { $metric_cell } has { $value }, the error of a formula, in the column { $column }. Give what is meant in its place.
finding-inexact_number = { $metric_cell } is { $value }, which has more digits than a spreadsheet keeps exactly. Round it to the decimals that are asked for.
finding-cover = { $metric_cell } leaves { $found } cases with an answer, but its categories add up to only { $expected }. Check the categories, and correct or explain.
finding-exclusive = { $metric_cell } and what excludes it add up to { $found }, more than the { $expected } they are part of. Correct one of them.

## Findings in a terminal

findings-summary = { $errors-digits } { $errors ->
    [one] error
   *[other] errors
}, { $warnings-digits } { $warnings ->
    [one] warning
   *[other] warnings
}, { $notes-digits } { $notes ->
    [one] note
   *[other] notes
}
check-accepted = may be sent
check-not-accepted = may not be sent
check-unreadable = cannot be read as a return
check-result = { $file } for { $edition }: { $verdict }; { $summary }
finding-duplicate_return = { $file } is a return of { $authority }, and so is { $other }. Keep one of them.

## Forms

form-title = Return form: { $collection }, { $period }
form-period = { $period }: { $start } to { $end }
form-sheet-cover = Cover
form-sheet-guidance = Guidance
# The sheet of metrics that belong to no family.
form-sheet-metrics = Metrics
# What a file is known by when it comes back: the reader of files knows these words.
form-cover-edition = Edition
form-cover-edition-digest = Edition digest
form-cover-authority = Authority
form-cover-authority-name = Name
form-cover-collection = Collection
form-cover-period = Period
form-cover-contact = Contact
form-column-metric = Metric
form-column-category = Category
form-column-metric-wording = Metric wording
form-column-category-wording = Category wording
form-column-unit = Unit
form-column-previous-value = Previous value
form-column-value = Value
form-column-status = Status
form-column-reason = Reason
form-column-comment = Comment
form-column-end-date = End date
form-column-reference = Reference
form-steps-heading = How to fill in the form
form-step-value = Give a value in every row. Zero is a value; an empty row is not filled in and is never taken for a zero. A value alone needs no status.
form-step-missing = Where there is no value, choose a status that says why and a reason, or give the reason in the comment, or both.
form-step-part-period = Where a value covers only part of the period, choose part_period, give a reason, and give the last day that it covers as the end date.
form-step-other-columns = Comment and reference are yours: a comment is kept as it is, and findings give your reference back.
form-step-locked = Only the cells to fill in are unlocked. Do not change codes, sheets or this cover: by them the form is known when it comes back.
form-step-send = Save the form as it is (XLSX, ODS or CSV UTF-8), check it, and send it.
form-step-previous = The previous value is that of { $period }.
form-statuses-heading = Statuses
form-status-provided = A value for the whole period.
form-status-part_period = A value for part of the period only; with a reason or a comment.
form-status-not_provided = There is no value; with a reason or a comment.
form-status-not_applicable = The cell does not apply to the authority; with a reason or a comment. It counts as zero.
form-reasons-heading = Reasons (English / Welsh)
form-rules-heading = What the return is checked against
form-rules-signs = Each rule stands below what it is about. A code stands for its value, * for every value, and prev: for the value of the previous period.
form-rule-count = Values are zero or more.
form-rule-value_range = Values are not larger than can be.
form-rule-sum = The categories make up the total.
form-rule-category = A category is not above the total.
form-rule-cover = Every case with an answer is in at least one category.
form-rule-subset = A part is not above what it is part of.
form-rule-exclusive = Parts that exclude each other are together not above the whole.
form-rule-same_total = A breakdown has the total of what it breaks down.
form-rule-timescale = What was done within timescale is not above what was done.
form-rule-stock_flow = The stock follows from the stock before and the flow of the year.
form-rule-rate = A part as a percentage of its base is within bounds.
form-rule-year_on_year = A value that changed much since the previous period is to be explained.
form-rule-linear = Other relations between values.
form-rule-coverage = A total and its categories cover the same part of the period.
form-rule-same_value = Values that should differ are not all the same.
form-rule-zeros = A zero where there was a value in the previous period is to be explained.
form-rule-peers = A value that differs much from those of other authorities is looked at.

## Progress of the collection, for statisticians

progress-index = Progress by edition
progress-heading = { $edition }: progress of the collection
progress-filter = Authorities by state
progress-all = All
progress-watch = Load this page again every 30 seconds
progress-unwatch = Stop loading this page again
progress-authorities = Returns by local authority
progress-metrics = Returns by metric
progress-state = State
progress-state-not-sent = Not sent
progress-state-submitted = Handed in
progress-state-queried = Queried
progress-state-signed-off = Signed off
progress-state-reopened = Reopened
progress-late = Late
progress-errors = Errors
progress-warnings = Warnings
progress-open = Open
progress-queries = Unanswered queries
progress-values = Cells with a value
progress-values-of = { $values } of { $cells }
progress-provided = Whole
progress-part = Part
progress-missing = No value
progress-not-applicable = Not applicable
sign-in-heading = Sign in
sign-in-token = Access token
sign-in-button = Sign in
sign-in-refused = This token is not valid, or has expired.
sign-in-too-long = This token is too long for a browser to keep. Ask for one with fewer roles.
sign-in-denied = This token does not give the right to see the progress of the collection.
sign-out-button = Sign out
problem-heading = This page cannot be shown
problem-not-found = There is no such page. Choose an edition from the list.
problem-foreign = The request came from another site and was not accepted. Begin here instead, at the list of editions.
problem-late = The answer took too long. Try again.
problem-away = Access tokens cannot be checked for now, because the identity provider does not answer. Try again shortly.
problem-request = This is not a request that the page can answer.
problem-failed = The service failed. Try again; if it fails again, tell whoever operates it.
