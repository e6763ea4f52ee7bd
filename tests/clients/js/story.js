// One return from the edition to the sign-off, as a supplier's system would send it.
//
// Reads the announcement of `mesur up` from standard input to find the services. Arguments: the
// folder proto/, a return file, and the folder of the tokens. Every expectation is an assertion: the
// script ends with an error when one does not hold. docs/integrating.md shows pieces of it.

import assert from 'node:assert/strict';
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { addresses, connect, contract, refusal } from './client.js';
import { webCall } from './web.js';

const EDITION = 'collections/pif/editions/2022-23';
const NAME = 'authorities/W06000003/returns/pif-2022-23';
const CHUNK_BYTES = 64 * 1024;
const CATALOGUE = 'mesur.catalogue.v1.CatalogueService';
const SUBMISSION = 'mesur.submission.v1.SubmissionService';
const VALIDATION = 'mesur.validation.v1.ValidationService';

// The sample has no comments with commas; a supplier takes the rows from its own system.
function observations(path) {
  const [, ...rows] = readFileSync(path, 'utf8').trim().split('\n');
  return rows.map((row) => {
    const [, , metric, category, value, status, comment] = row.trim().split(',');
    const observation = { metric, category, status: status.toUpperCase(), comment };
    observation.reference = `row ${metric}${category}`;
    if (value) observation.value = value;
    return observation;
  });
}

// The messages of an upload: what the file is, then its bytes.
function* upload(content, { cutOff = false, ...header }) {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  yield { header: { name: NAME, size_bytes: content.length, digest, ...header } };
  const end = cutOff ? content.length / 2 : content.length;
  for (let start = 0; start < end; start += CHUNK_BYTES) {
    yield { chunk: content.subarray(start, Math.min(start + CHUNK_BYTES, end)) };
  }
}

async function refused(call, code, reason) {
  const error = await call.then(
    () => assert.fail('the call was not refused'),
    (error) => error,
  );
  assert.deepEqual(refusal(error), { code, reason });
}

async function check(submitter, dataReturn) {
  const { findings } = await submitter.call('SubmitReturn', {
    data_return: dataReturn,
    validate_only: true,
    language_code: 'cy',
  });
  for (const finding of findings) {
    console.log(finding.severity, finding.id, finding.reference, finding.message);
  }
  assert(findings.some((finding) => finding.kind === 'usual_range'), findings);
}

async function send(submitter, dataReturn) {
  const request = { data_return: dataReturn, request_id: randomUUID() };
  const sent = await submitter.call('SubmitReturn', request);
  const again = await submitter.call('SubmitReturn', request);
  assert.deepEqual(sent, again);
  assert.equal(sent.receipt.digest, sent.data_return.digest);
  return sent.data_return;
}

async function sendFile(submitter, path, earlier) {
  const content = readFileSync(path);
  const header = { etag: earlier.etag, request_id: randomUUID() };
  const sent = await submitter.send('UploadReturn', upload(content, header));
  console.log('revision', sent.data_return.revision, 'digest', sent.receipt.digest);
  assert.equal(sent.data_return.revision, 2);

  const { INVALID_ARGUMENT, ABORTED } = grpc.status;
  const cut = submitter.send('UploadReturn', upload(content, { cutOff: true }));
  await refused(cut, INVALID_ARGUMENT, 'UPLOAD_INCOMPLETE');
  const stale = submitter.send('UploadReturn', upload(content, { etag: earlier.etag }));
  await refused(stale, ABORTED, 'STALE_ETAG');
  return sent.data_return;
}

// Reads events after a cursor until one is wanted; gives its cursor, to go on from there.
async function watch(client, method, wanted, cursor = Buffer.alloc(0)) {
  const events = client.stream(method, { cursor });
  const seen = [];
  for await (const event of events) {
    seen.push(event.event);
    if (wanted(event)) return { cursor: event.cursor, seen };
  }
  throw new Error('the stream ended before the event came');
}

async function explain(reports, report) {
  for await (const finding of reports.stream('StreamFindings', { parent: report })) {
    if (finding.standing === 'OPEN') {
      const explained = await reports.call('ExplainFinding', {
        name: report,
        finding_id: finding.id,
        explanation: "Wedi'i gyfrif eto: mae'r gwerth yn gywir (ŵ, ŷ).",
        request_id: randomUUID(),
      });
      assert.equal(explained.standing, 'EXPLAINED');
    }
  }
  const counts = await reports.call('GetReport', { name: report });
  assert.equal(counts.open_error_count ?? 0, 0);
  assert.equal(counts.open_warning_count ?? 0, 0);
}

async function ask(statistician) {
  await statistician.call('OpenRound', { parent: EDITION, due_date: '2023-07-31' });
  const text = 'Does this include the out-of-hours team?';
  await statistician.call('RaiseQuery', { parent: NAME, cells: ['AD/001[a]'], text });
}

async function answer(reports) {
  const { queries } = await reports.call('ListQueries', { parent: NAME, states: ['OPEN'] });
  for (const query of queries) {
    console.log(query.name, query.cells, query.remarks[0].text);
    const text = 'Yes, all of it.';
    await reports.call('AnswerQuery', { name: query.name, text, request_id: randomUUID() });
  }
  return queries;
}

async function signOff(returns) {
  const latest = await returns.call('GetReturn', { name: NAME });
  const request = { name: NAME, etag: latest.etag, request_id: randomUUID() };
  const signed = await returns.call('SignOffReturn', request);
  assert.equal(signed.state, 'SIGNED_OFF');
  return signed;
}

async function overTheWeb(definitions, address, tokenFile) {
  const edition = await webCall(definitions, address, CATALOGUE, 'GetEdition', { name: EDITION });
  assert.equal(edition.status, 0);
  assert.equal(edition.message.metrics.length, 116);
  const own = await webCall(definitions, address, SUBMISSION, 'GetReturn', { name: NAME }, tokenFile);
  assert.deepEqual([own.status, own.message.state], [0, 'SIGNED_OFF']);
  const nobody = await webCall(definitions, address, SUBMISSION, 'GetReturn', { name: NAME });
  assert.equal(nobody.status, grpc.status.UNAUTHENTICATED);
}

async function main(proto, path, tokens) {
  const found = await addresses(process.stdin);
  const definitions = contract(proto);
  const token = (who) => `${tokens}/${who}.token`;
  const as = (who) => ({
    returns: connect(definitions, SUBMISSION, found.submission, token(who)),
    reports: connect(definitions, VALIDATION, found.validation, token(who)),
  });
  const submitter = as('W06000003-submitter');
  const approver = as('W06000003-approver');
  const statistician = as('statistician');

  const editions = connect(definitions, CATALOGUE, found.submission);
  const edition = await editions.call('GetEdition', { name: EDITION });
  assert.equal(edition.metrics.length, 116);
  const dataReturn = {
    name: NAME,
    edition_digest: edition.digest,
    observations: observations(path),
  };
  await check(submitter.returns, dataReturn);
  const first = await send(submitter.returns, dataReturn);
  const second = await sendFile(submitter.returns, path, first);
  assert.equal(second.digest, first.digest);

  const report = `${NAME}/revisions/${second.revision}/report`;
  const isReport = (event) => event.event === 'REPORTED' && event.name === report;
  await watch(submitter.reports, 'WatchReports', isReport);
  await explain(submitter.reports, report);
  await ask(statistician.reports);
  const queried = await watch(submitter.returns, 'WatchReturns', (event) => event.event === 'QUERIED');
  const [query] = await answer(submitter.reports);
  const accepted = { name: query.name, resolution: 'ACCEPT', reason: 'Clear.' };
  await statistician.reports.call('ResolveQuery', accepted);
  const isSettled = (event) => event.event === 'SETTLED';
  const settled = await watch(submitter.returns, 'WatchReturns', isSettled, queried.cursor);
  assert(!settled.seen.includes('SUBMITTED'), 'it went on after the cursor');

  await refused(
    submitter.returns.call('SignOffReturn', { name: NAME, etag: second.etag }),
    grpc.status.PERMISSION_DENIED,
    'PERMISSION_DENIED',
  );
  await signOff(approver.returns);
  const isSigned = (event) => event.event === 'SIGNED_OFF';
  const signed = await watch(submitter.returns, 'WatchReturns', isSigned, settled.cursor);
  assert.deepEqual(signed.seen, ['SIGNED_OFF']);
  await overTheWeb(definitions, found.submission, token('W06000003-submitter'));
  console.log('the whole story in JavaScript:', second.digest);
}

await main(...process.argv.slice(2));
process.exit(0);
