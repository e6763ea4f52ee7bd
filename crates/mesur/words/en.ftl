### What the command says in English, over the words of the house. en.ftl and cy.ftl hold the same ids
### with the same variables.

## Headings of tables

col-action = what
col-area = area
col-authority = authority
col-breakdown = breakdown
col-bytes = bytes
col-bytes-after = bytes left
col-cell = cell
col-cells = cells
col-close = closes
col-code = code
col-comment = comment
col-commits = commits
col-coverage = coverage
col-decided = decided
col-decision = decision
col-delegation = delegation
col-denominator = base
col-digest = digest
col-due = due
col-edition = edition
col-entries = entries
col-ends = ends
col-errors = errors
col-family = family
col-file = file
col-finding = finding
col-from = before
col-id = id
col-identity = who
col-justification = justification
col-kind = kind
col-last-link = last link
col-late = late
col-least = at least
col-log = log
col-looks = looks
col-made = made
col-metric = metric
col-missing = missing
col-most = at most
col-not-applicable = not applicable
col-numerator = part
col-open = open
col-opens = opens
col-page = page
col-part = in part
col-period = period
col-place = place
col-post = post
col-provided = complete
col-published = published
col-queries = queries
col-query = query
col-rank = rank
col-reader = reader
col-reason = reason
col-reference = reference
col-release = release
col-remark = what
col-return = return
col-revision = revision
col-revoked = taken back
col-robust = value
col-round = round
col-rows = rows
col-rows-after = rows left
col-service = service
col-severity = severity
col-shorthand = shorthand
col-signed = signed off
col-snapshot = snapshot
col-standing = standing
col-state = state
col-status = status
col-supplier = supplier
col-text = text
col-time = time
col-to = after
col-value = value
col-values = values
col-warnings = warnings
col-why = why
col-width = required width

## States

state-draft = draft
state-not-sent = not sent
state-submitted = submitted
state-queried = queried
state-signed-off = signed off
state-reopened = reopened
standing-open = open
standing-explained = explained
standing-accepted = accepted
standing-rejected = rejected
standing-overridden = overridden
status-part-period = part of the period
status-not-provided = not provided
status-not-applicable = not applicable
query-open = open
query-answered = answered
query-accepted = accepted
query-withdrawn = withdrawn
remark-explanation = explanation
remark-acceptance = accepted
remark-rejection = rejected
remark-override = overridden
remark-query = question
remark-answer = answer
remark-answer-accepted = answer accepted
remark-answer-rejected = answer rejected
remark-withdrawal = withdrawn
robust = robust
not-robust = not robust
late = late
lapsed = (lapsed: the value has changed)
total = total

## Lines

sending = sending { $file } with request id { $id }
receipt =
    { $revision }: { $state }, { $late }, { $time }
    content { $digest }
    edition { $edition_digest }
    etag    { $etag }
receipt-late = late
receipt-in-time = in time
return-moved =
    { $name }: { $state }
    content { $digest }
    etag    { $etag }
written = written to { $file }
no-difference = The two revisions say the same.
finding-explained = Explanation: { $explanation }
report-summary =
    { $report }: shown { $shown }
    { $errors } error(s), { $open_errors } open; { $warnings } warning(s), { $open_warnings } open; { $queries } open query(ies)
no-queries = There are no queries.
no-delegations = There are no delegations.
no-marks = No value was marked.
schedule = { $edition }: due { $due }, closes { $close }
compared = { $findings } value(s) far from the others', of { $returns } return(s)
status-summary = { $authorities } authorities: { $states }
as-of = The figures are as of { $time }: the connection broke, trying again.
standing-published = published
standing-doubtful = published; coverage below the floor
standing-withheld = withheld
publish-national = publish the national value
publish-authorities = publish the authorities’ values
withhold-national = withhold the national value
withhold-authorities = withhold the authorities’ values
marks-none = no marks
release-state-compiled = compiled
release-state-in-review = in review
release-state-approved = approved
release-state-scheduled = scheduled
release-state-published = published
release-state-revised = revised
release-action-compiled = compiled
release-action-submitted = put in review
release-action-rejected = taken back
release-action-approved = approved
release-action-scheduled = scheduled
release-action-published = published
release-action-early-access-granted = early access granted
release-action-early-access-revoked = early access taken back
snapshot-verified = { $snapshot }: verified from { $returns } return(s), { $digest }
snapshot-not-verified = { $snapshot }: not what its { $returns } return(s) give, { $digest }
snapshot-summary =
    { $snapshot } of { $edition }: { $returns } return(s), { $missing } missing
    inputs  { $digest }
    content { $content }
no-snapshot-difference = The two snapshots say the same.
no-decisions = No decision was taken.
no-releases = There are no releases.
no-early-access = Nobody has early access.
no-values = Nothing published fits.
no-feedback = Nobody sent anything.
audit-summary = { $exact } shown exactly, { $rounded } rounded, { $primary } hidden because they are small, { $complementary } to protect others
audit-safe = Every hidden value is as well protected as its policy asks for.
audit-unsafe = Some hidden values can be worked out more closely than their policy allows.
texts-imported = { $changed } text(s) taken in, { $missing } still without Welsh
bundle-verified = { $file }: { $files } file(s) as they were signed by { $key }
bundle-unsound = { $file } is not as it was signed.
bundle-own-key = The key is the bundle’s own: give --key to know whose it is.
store-backed-up = Backed up and read back: { $folder }
store-exported = Written and read back: { $folder }
store-restored = Restored from { $folder }. The services can be started on it.
store-imported = Stores made of { $folder }.
store-sound = { $service }: nothing wrong
store-problems = { $service }: { $count } wrong
audit-holds = { $log }: nothing was changed, left out or put in
audit-broken = { $log }: broken at entry { $entry }, of commit { $commit }: it, or what stood before it, is not as it was written
audit-anchor-missing = { $link }: this link is in none of them; what was noted there is gone or changed
service-aggregation = aggregation
service-publication = publication
fact-title = title
fact-snapshot = snapshot
fact-compiler = compiled by
fact-approver = approved by
fact-publisher = published by
fact-exception = outside the standard time because
fact-omitted = statements left out
fact-files = files
fact-english-only = texts in English only
fact-etag = etag
fact-statement = statement
fact-value = value
fact-expression = worked out as
fact-release = release
fact-edition = edition
fact-decisions = decisions
fact-published = published
login-visit =
    Open    { $url }
    and type { $code }
login-visit-whole = or open { $url }
login-waiting = Waiting until this device is let in; the code is good for { $minutes } minute(s).
login-done = Logged in as { $identity }: { $roles }
login-no-roles = Logged in as { $identity }, without a role of Mesur: ask those who run your provider of identities for one.
login-unreadable = Logged in, but with a token that services cannot check: ask those who run your provider which --scope or --resource gives one for Mesur.
login-until = This login is good until { $time }; your provider gives no longer one for this --scope.
login-denied = Not logged in: this was denied in the browser.
login-expired = Not logged in: the code expired before anybody used it. Begin again with `mesur login`.
login-ended = Your login has ended. Log in again with `mesur login`.
login-no-devices = Not logged in: the provider does not let devices in.
login-refused = Not logged in: the provider refuses ({ $code }). Check --client-id and --scope.
login-yours = You are logged in as { $identity }: { $roles }
login-none = Nobody is logged in.
login-removed = Logged out.
login-not-told = Logged out here. The provider could not be told: what is open there ends by itself.
not-the-service = { $address } is not the { $service } service.
service-submission = submission
service-validation = validation
nothing-filled-in = { $file }: no cell is filled in.
checked-here = { $file } does not say whose return it is, so the service was not asked: this was found here.

## What to do about a refusal

advice-no-token = Log in with `mesur login`, or give your token's file with --token-file or MESUR_TOKEN_FILE.
advice-invalid-token = Get a new token, as with `mesur login`; `mesur up` makes new ones at each start.
advice-permission-denied = Use the token of somebody whose role allows this; docs/permissions.md says which.
advice-same-person = Somebody else than the sender signs: use an approver's own token.
advice-provider-unavailable = Try again in a moment; the operator looks at the provider of identities.
advice-invalid-return = `mesur return check` shows every finding; correct the file and send it again.
advice-upload-incomplete = Send the file again.
advice-edition-mismatch = Use the edition as the service has it: --edition takes its folder.
advice-edition-not-found = `mesur up --edition DIR` adds an edition; check the name.
advice-stale-etag = Somebody changed it meanwhile: look at it again, then repeat with its etag.
advice-already-signed-off = `mesur return reopen` takes the sign-off back first.
advice-already-submitted = It was handed in already: send it without --draft.
advice-not-submitted = Hand it in first: `mesur return submit` or `submit-draft`.
advice-not-a-draft = It was handed in already: there is nothing to do.
advice-not-signed-off = There is no sign-off to take back.
advice-edition-closed = Ask the statistician, who can reopen the edition with `mesur schedule set`.
advice-not-yet-validated = Try again in a moment; `mesur findings` shows the report when it is there.
advice-findings-open = `mesur findings` shows what is open: correct it, or explain it with `mesur finding explain`; `mesur query list` shows the queries.
advice-validation-away = Try again in a moment.
advice-request-id-reused = Leave --request-id out to send something new.
advice-no-open-round = Open one first: `mesur query round --due DATE`.
advice-report-superseded = There is a newer revision: look at its findings.
advice-no-due-time = Set one first: `mesur schedule set`.
advice-export-under-way = Wait until the other back-up has ended.
advice-export-too-slow = Use a disk and a network that keep up.
advice-code-invalid-argument = Correct the request.
advice-code-not-found = Check the name; what you may not see is not found either.
advice-code-already-exists = There is nothing to do.
advice-code-permission-denied = Use the token of somebody who may do this.
advice-code-unauthenticated = Give a valid token with --token-file.
advice-code-failed-precondition = Look at where it stands, then try again.
advice-code-aborted = Look at it again, then repeat.
advice-code-resource-exhausted = Wait a little, then try again.
advice-code-unavailable = Check that the service runs where --submission and --validation say, then try again.
advice-code-deadline-exceeded = Try again.
advice-code-internal = Tell the operator; the service's log says more.
