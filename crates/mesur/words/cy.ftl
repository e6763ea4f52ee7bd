### What the command says in Welsh, over the words of the house. en.ftl and cy.ftl hold the same ids
### with the same variables.

## Headings of tables

col-action = beth
col-area = ardal
col-authority = awdurdod
col-breakdown = dadansoddiad
col-bytes = beitiau
col-bytes-after = beitiau ar ôl
col-cell = cell
col-cells = celloedd
col-close = yn cau
col-code = cod
col-comment = sylw
col-commits = newidiadau
col-coverage = cwmpas
col-decided = penderfynwyd
col-decision = penderfyniad
col-delegation = dirprwyad
col-denominator = sylfaen
col-digest = crynhoad
col-due = dyddiad cau
col-edition = argraffiad
col-entries = cofnodion
col-ends = yn dod i ben
col-errors = gwallau
col-family = teulu
col-file = ffeil
col-finding = canfyddiad
col-from = cyn
col-id = id
col-identity = pwy
col-justification = cyfiawnhad
col-kind = math
col-last-link = dolen olaf
col-late = hwyr
col-least = o leiaf
col-log = log
col-looks = golygon
col-made = gwnaed
col-metric = metrig
col-missing = ar goll
col-most = ar y mwyaf
col-not-applicable = amherthnasol
col-numerator = rhan
col-open = agored
col-opens = yn agor
col-page = tudalen
col-part = yn rhannol
col-period = cyfnod
col-place = lle
col-post = swydd
col-provided = cyflawn
col-published = cyhoeddwyd
col-queries = ymholiadau
col-query = ymholiad
col-rank = safle
col-reader = darllenydd
col-reason = rheswm
col-reference = cyfeirnod
col-release = datganiad
col-remark = beth
col-return = ffurflen
col-revision = diwygiad
col-revoked = tynnwyd yn ôl
col-robust = gwerth
col-round = rownd
col-rows = rhesi
col-rows-after = rhesi ar ôl
col-service = gwasanaeth
col-severity = difrifoldeb
col-shorthand = llaw-fer
col-signed = cymeradwywyd
col-snapshot = ciplun
col-standing = statws
col-state = cyflwr
col-status = statws
col-supplier = cyflenwr
col-text = testun
col-time = amser
col-to = wedyn
col-value = gwerth
col-values = gwerthoedd
col-warnings = rhybudd
col-why = pam
col-width = lled gofynnol

## States

state-draft = drafft
state-not-sent = heb ei anfon
state-submitted = cyflwynwyd
state-queried = dan ymholiad
state-signed-off = cymeradwywyd
state-reopened = ailagorwyd
standing-open = agored
standing-explained = esboniwyd
standing-accepted = derbyniwyd
standing-rejected = gwrthodwyd
standing-overridden = diystyrwyd
status-part-period = rhan o'r cyfnod
status-not-provided = heb ei ddarparu
status-not-applicable = amherthnasol
query-open = agored
query-answered = atebwyd
query-accepted = derbyniwyd
query-withdrawn = tynnwyd yn ôl
remark-explanation = esboniad
remark-acceptance = derbyniwyd
remark-rejection = gwrthodwyd
remark-override = diystyrwyd
remark-query = cwestiwn
remark-answer = ateb
remark-answer-accepted = derbyniwyd yr ateb
remark-answer-rejected = gwrthodwyd yr ateb
remark-withdrawal = tynnwyd yn ôl
robust = cadarn
not-robust = heb fod yn gadarn
late = hwyr
lapsed = (wedi darfod: newidiodd y gwerth)
total = cyfanswm

## Lines

sending = anfon { $file } gyda'r id cais { $id }
receipt =
    { $revision }: { $state }, { $late }, { $time }
    cynnwys    { $digest }
    argraffiad { $edition_digest }
    etag       { $etag }
receipt-late = yn hwyr
receipt-in-time = mewn pryd
return-moved =
    { $name }: { $state }
    cynnwys { $digest }
    etag    { $etag }
written = ysgrifennwyd i { $file }
no-difference = Mae'r ddau ddiwygiad yn dweud yr un peth.
finding-explained = Esboniad: { $explanation }
report-summary =
    { $report }: dangosir { $shown }
    gwallau: { $errors }, agored: { $open_errors }; rhybuddion: { $warnings }, agored: { $open_warnings }; ymholiadau agored: { $queries }
no-queries = Nid oes ymholiadau.
no-delegations = Nid oes dirprwyadau.
no-marks = Ni nodwyd unrhyw werth.
schedule = { $edition }: dyddiad cyflwyno { $due }, yn cau { $close }
compared = Gwerthoedd ymhell o rai'r lleill: { $findings }, o blith ffurflenni: { $returns }
status-summary = { $authorities } awdurdod: { $states }
as-of = Y ffigurau fel yr oeddent { $time }: torrodd y cysylltiad, rhoi cynnig arall arni.
standing-published = cyhoeddir
standing-doubtful = cyhoeddir; cwmpas o dan y trothwy
standing-withheld = daliwyd yn ôl
publish-national = cyhoeddi’r gwerth cenedlaethol
publish-authorities = cyhoeddi gwerthoedd yr awdurdodau
withhold-national = dal y gwerth cenedlaethol yn ôl
withhold-authorities = dal gwerthoedd yr awdurdodau yn ôl
marks-none = dim marciau
release-state-compiled = lluniwyd
release-state-in-review = dan adolygiad
release-state-approved = cymeradwywyd
release-state-scheduled = trefnwyd
release-state-published = cyhoeddwyd
release-state-revised = diwygiwyd
release-action-compiled = lluniwyd
release-action-submitted = rhoddwyd dan adolygiad
release-action-rejected = tynnwyd yn ôl
release-action-approved = cymeradwywyd
release-action-scheduled = trefnwyd
release-action-published = cyhoeddwyd
release-action-early-access-granted = rhoddwyd mynediad cynnar
release-action-early-access-revoked = tynnwyd mynediad cynnar yn ôl
snapshot-verified = { $snapshot }: gwiriwyd o { $returns } ffurflen, { $digest }
snapshot-not-verified = { $snapshot }: nid yw’n cyfateb i’w { $returns } ffurflen, { $digest }
snapshot-summary =
    { $snapshot } o { $edition }: { $returns } ffurflen, { $missing } ar goll
    mewnbynnau { $digest }
    cynnwys    { $content }
no-snapshot-difference = Mae’r ddau giplun yn dweud yr un peth.
no-decisions = Ni wnaed penderfyniad.
no-releases = Nid oes datganiadau.
no-early-access = Nid oes gan neb fynediad cynnar.
no-values = Nid oes dim a gyhoeddwyd yn cyfateb.
no-feedback = Ni anfonodd neb ddim.
audit-summary = { $exact } yn union, { $rounded } wedi’u talgrynnu, { $primary } yn gudd am eu bod yn fach, { $complementary } i warchod eraill
audit-safe = Mae pob gwerth cudd wedi’i warchod fel y mae ei bolisi’n gofyn.
audit-unsafe = Gellir canfod rhai gwerthoedd cudd yn fanylach nag y mae eu polisi’n ei ganiatáu.
texts-imported = { $changed } testun wedi’u cymryd, { $missing } o hyd heb Gymraeg
bundle-verified = { $file }: { $files } ffeil fel y’u llofnodwyd gan { $key }
bundle-unsound = Nid yw { $file } fel y’i llofnodwyd.
bundle-own-key = Allwedd y bwndel ei hun yw hon: rhowch --key i wybod pwy biau hi.
store-backed-up = Wedi’i gadw wrth gefn a’i ddarllen yn ôl: { $folder }
store-exported = Wedi’i ysgrifennu a’i ddarllen yn ôl: { $folder }
store-restored = Adferwyd o { $folder }. Gellir dechrau’r gwasanaethau arno.
store-imported = Gwnaed storfeydd o { $folder }.
store-sound = { $service }: dim o’i le
store-problems = { $service }: { $count } o’i le
audit-holds = { $log }: ni newidiwyd, ni hepgorwyd ac ni ychwanegwyd dim
audit-broken = { $log }: wedi torri wrth gofnod { $entry }, o gomit { $commit }: nid yw’r cofnod hwn, neu’r hyn a oedd o’i flaen, fel yr ysgrifennwyd ef
audit-anchor-missing = { $link }: nid yw’r ddolen hon yn yr un ohonynt; mae’r hyn a nodwyd yno wedi mynd neu wedi newid
service-aggregation = cydgrynhoi (aggregation)
service-publication = cyhoeddi (publication)
fact-title = teitl
fact-snapshot = ciplun
fact-compiler = lluniwyd gan
fact-approver = cymeradwywyd gan
fact-publisher = cyhoeddwyd gan
fact-exception = y tu allan i’r amser safonol oherwydd
fact-omitted = brawddegau a hepgorwyd
fact-files = ffeiliau
fact-english-only = testunau Saesneg yn unig
fact-etag = etag
fact-statement = brawddeg
fact-value = gwerth
fact-expression = cyfrifwyd fel
fact-release = datganiad
fact-edition = argraffiad
fact-decisions = penderfyniadau
fact-published = cyhoeddwyd
login-visit =
    Agorwch  { $url }
    a theipio { $code }
login-visit-whole = neu agorwch { $url }
login-waiting = Yn aros nes i'r ddyfais hon gael ei derbyn; mae'r cod yn ddilys am { $minutes } munud.
login-done = Wedi mewngofnodi fel { $identity }: { $roles }
login-no-roles = Wedi mewngofnodi fel { $identity }, heb rôl yn Mesur: gofynnwch i'r rhai sy'n rhedeg eich darparwr hunaniaeth am un.
login-unreadable = Wedi mewngofnodi, ond â thocyn na all y gwasanaethau ei wirio: gofynnwch i'r rhai sy'n rhedeg eich darparwr pa --scope neu --resource sy'n rhoi un ar gyfer Mesur.
login-until = Mae'r mewngofnodi hwn yn ddilys hyd { $time }; nid yw eich darparwr yn rhoi un hirach am y --scope hwn.
login-denied = Heb fewngofnodi: gwrthodwyd hyn yn y porwr.
login-expired = Heb fewngofnodi: daeth y cod i ben cyn i neb ei ddefnyddio. Dechreuwch eto gyda `mesur login`.
login-ended = Mae eich mewngofnodi wedi dod i ben. Mewngofnodwch eto gyda `mesur login`.
login-no-devices = Heb fewngofnodi: nid yw'r darparwr yn derbyn dyfeisiau.
login-refused = Heb fewngofnodi: mae'r darparwr yn gwrthod ({ $code }). Gwiriwch --client-id a --scope.
login-yours = Rydych wedi mewngofnodi fel { $identity }: { $roles }
login-none = Nid oes neb wedi mewngofnodi.
login-removed = Wedi allgofnodi.
login-not-told = Wedi allgofnodi yma. Nid oedd modd dweud wrth y darparwr: daw'r hyn sydd ar agor yno i ben ohono'i hun.
not-the-service = Nid y gwasanaeth { $service } yw { $address }.
service-submission = cyflwyno (submission)
service-validation = dilysu (validation)
nothing-filled-in = { $file }: nid oes yr un gell wedi'i llenwi.
checked-here = Nid yw { $file } yn dweud ffurflen pwy ydyw, felly ni ofynnwyd i'r gwasanaeth: yma y cafwyd hyn.

## What to do about a refusal

advice-no-token = Mewngofnodwch gyda `mesur login`, neu rhowch ffeil eich tocyn gyda --token-file neu MESUR_TOKEN_FILE.
advice-invalid-token = Mynnwch docyn newydd, er enghraifft gyda `mesur login`; mae `mesur up` yn gwneud rhai newydd bob tro y mae'n cychwyn.
advice-permission-denied = Defnyddiwch docyn rhywun y mae ei rôl yn caniatáu hyn; mae docs/permissions.md yn dweud pa un.
advice-same-person = Rhaid i rywun heblaw'r anfonwr gymeradwyo: defnyddiwch docyn y cymeradwywr ei hun.
advice-provider-unavailable = Rhowch gynnig arall arni mewn eiliad; mae'r gweithredwr yn edrych ar y darparwr hunaniaeth.
advice-invalid-return = Mae `mesur return check` yn dangos pob canfyddiad; cywirwch y ffeil a'i hanfon eto.
advice-upload-incomplete = Anfonwch y ffeil eto.
advice-edition-mismatch = Defnyddiwch yr argraffiad sydd gan y gwasanaeth: mae --edition yn cymryd ei ffolder.
advice-edition-not-found = Mae `mesur up --edition DIR` yn ychwanegu argraffiad; gwiriwch yr enw.
advice-stale-etag = Fe'i newidiwyd gan rywun yn y cyfamser: edrychwch arno eto, yna ailadroddwch gyda'i etag.
advice-already-signed-off = Mae `mesur return reopen` yn tynnu'r gymeradwyaeth yn ôl yn gyntaf.
advice-already-submitted = Fe'i cyflwynwyd eisoes: anfonwch ef heb --draft.
advice-not-submitted = Cyflwynwch ef yn gyntaf: `mesur return submit` neu `submit-draft`.
advice-not-a-draft = Fe'i cyflwynwyd eisoes: nid oes dim i'w wneud.
advice-not-signed-off = Nid oes cymeradwyaeth i'w thynnu'n ôl.
advice-edition-closed = Gofynnwch i'r ystadegydd, sy'n gallu ailagor yr argraffiad gyda `mesur schedule set`.
advice-not-yet-validated = Rhowch gynnig arall arni mewn eiliad; mae `mesur findings` yn dangos yr adroddiad pan fydd yno.
advice-findings-open = Mae `mesur findings` yn dangos beth sy'n agored: cywirwch ef, neu esboniwch ef gyda `mesur finding explain`; mae `mesur query list` yn dangos yr ymholiadau.
advice-validation-away = Rhowch gynnig arall arni mewn eiliad.
advice-request-id-reused = Hepgorwch --request-id i anfon rhywbeth newydd.
advice-no-open-round = Agorwch un yn gyntaf: `mesur query round --due DATE`.
advice-report-superseded = Mae diwygiad mwy newydd: edrychwch ar ei ganfyddiadau.
advice-no-due-time = Gosodwch un yn gyntaf: `mesur schedule set`.
advice-export-under-way = Arhoswch nes i’r copi wrth gefn arall orffen.
advice-export-too-slow = Defnyddiwch ddisg a rhwydwaith sy’n gallu dal i fyny.
advice-code-invalid-argument = Cywirwch y cais.
advice-code-not-found = Gwiriwch yr enw; ni cheir hyd chwaith i'r hyn na chewch ei weld.
advice-code-already-exists = Nid oes dim i'w wneud.
advice-code-permission-denied = Defnyddiwch docyn rhywun a gaiff wneud hyn.
advice-code-unauthenticated = Rhowch docyn dilys gyda --token-file.
advice-code-failed-precondition = Edrychwch ble y mae arni, yna rhowch gynnig arall arni.
advice-code-aborted = Edrychwch arno eto, yna ailadroddwch.
advice-code-resource-exhausted = Arhoswch ychydig, yna rhowch gynnig arall arni.
advice-code-unavailable = Gwiriwch fod y gwasanaeth yn rhedeg lle mae --submission a --validation yn dweud, yna rhowch gynnig arall arni.
advice-code-deadline-exceeded = Rhowch gynnig arall arni.
advice-code-internal = Dywedwch wrth y gweithredwr; mae cofnod y gwasanaeth yn dweud mwy.
