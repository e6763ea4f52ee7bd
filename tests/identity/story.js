// People and machines with tokens of a real provider. Arguments: the root of the repository, the
// command, and a folder to work in. Every expectation is an assertion.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { letIn } from './browser.js';
import { forgeries } from './forged.js';
import { TestProvider } from './provider.js';
import { Person, Services, freePort, write } from './services.js';

const [root, binary, work] = process.argv.slice(2);
// The provider is asked again at most this often, in milliseconds.
const GAP = 10_000;
const secrets = new Set();
const services = new Services(root, binary, work);
const provider = new TestProvider(await freePort());

async function until(what, ask, wanted) {
  const begun = Date.now();
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    assert.ok(Date.now() - begun < 2 * GAP, `${what}: ${JSON.stringify(answer)}`);
    await pause(50);
  }
}

const token = async (...of) => {
  const text = await provider.token(...of);
  secrets.add(text);
  return text;
};

// A login: the command waits while the device is let in elsewhere.
async function logIn(person, name, options) {
  let opened;
  const words = ['login', '--issuer', provider.issuer];
  const ended = await person.run(words, (printed) => {
    const [, url, code] = printed.match(/Open +(\S+)\s+and type (\S+)\n/) ?? [];
    if (url && !opened) opened = letIn(url, code, name, options);
  });
  await opened;
  return ended;
}

function person(name) {
  const folder = join(work, name);
  mkdirSync(folder);
  return new Person(binary, folder, services);
}

async function away(shown) {
  await services.start(provider.issuer, shown);
  const waiting = await services.ask('eyJhbGciOiJSUzI1NiJ9.e30.AA');
  assert.equal(waiting.code, 'UNAVAILABLE');
  assert.match(waiting.details, /PROVIDER_UNAVAILABLE/);
  assert.equal((await services.askPublic()).code, 'OK');
  assert.equal((await services.ask()).code, 'UNAUTHENTICATED');
  console.log('while the provider is away: public methods answer, tokens are UNAVAILABLE');
}

async function machines(shown) {
  await provider.start();
  const machine = await token('machine');
  await until('the provider is there', () => services.ask(machine), ({ code }) => code !== 'UNAVAILABLE');
  assert.deepEqual(await services.ask(machine), { code: 'OK', text: '', details: '' });
  write(shown, await token('service'));
  assert.equal((await services.ask(await token('service'))).code, 'PERMISSION_DENIED');
  const other = await services.ask(await token('machine', 'another'));
  assert.equal(other.code, 'UNAUTHENTICATED');
  console.log('a machine is let in by its client credentials, and not with a token for another');
  return machine;
}

async function forged(machine) {
  const { keys } = await (await fetch(`${provider.issuer}/jwks`)).json();
  const before = provider.keysAsked;
  const answers = new Set();
  const all = Object.entries(forgeries(machine, keys[0]));
  for (const [way, forgery] of all) {
    for (const answer of [
      await services.ask(...[forgery].flat()),
      await services.askPublic(...[forgery].flat()),
    ]) {
      assert.equal(answer.code, 'UNAUTHENTICATED', way);
      if (!Array.isArray(forgery)) answers.add(JSON.stringify(answer));
    }
  }
  assert.equal(answers.size, 1, [...answers].join('\n'));
  const asked = provider.keysAsked - before;
  assert.ok(asked <= 2, `${asked} questions`);
  assert.equal((await services.ask(machine)).code, 'OK');
  console.log(`${all.length} forged tokens refused with one answer; keys asked ${asked} times`);
}

async function people() {
  const [alice, bob] = [person('alice'), person('bob')];
  const [done, letInBob, none, refused] = await Promise.all([
    logIn(alice, 'alice'),
    logIn(bob, 'bob'),
    logIn(person('carol'), 'carol'),
    logIn(person('nobody'), 'alice', { refuse: true }),
  ]);
  assert.equal(done.code, 0, done.err);
  assert.match(done.out, /Logged in as alice: submitter\/W06000003, statistician/);
  const folder = join(alice.folder, 'mesur');
  const modes = ['', 'token', 'login.json'].map((name) => statSync(join(folder, name)).mode & 0o777);
  assert.deepEqual(modes, [0o700, 0o600, 0o600]);
  const status = await alice.ask('schedule', 'show', '--edition', 'pif/2022-23');
  assert.equal(status.code, 0, status.err);
  const kept = () => readFileSync(join(folder, 'token'), 'ascii').trim();
  secrets.add(kept());
  console.log('alice logged in by the device flow, and the command works');

  assert.equal(refused.code, 3);
  assert.match(refused.err, /this was denied in the browser/);
  assert.equal(letInBob.code, 0, letInBob.err);
  const beyond = await bob.ask('return', 'show', 'W06000010/pif-2022-23');
  assert.equal(beyond.code, 3, beyond.err);
  assert.match(beyond.err, /You are logged in as bob: submitter\/W06000003/);
  assert.match(none.out, /Logged in as carol, without a role of Mesur/);
  console.log('who was denied, has no role, or not this authority, is told so');
  return { alice, folder, kept };
}

async function rotation(machine, { alice, kept }) {
  await pause(GAP);
  const old = kept();
  provider.rotate('ES256');
  const next = await token('machine');
  const before = provider.keysAsked;
  // Everybody comes at once with the new key.
  const crowd = await Promise.all(Array.from({ length: 100 }, () => services.ask(next)));
  assert.ok(crowd.every(({ code }) => code === 'OK'), JSON.stringify(crowd.find(({ code }) => code !== 'OK')));
  assert.equal(provider.keysAsked - before, 1);
  assert.equal((await services.ask(machine)).code, 'UNAUTHENTICATED');
  const again = await alice.ask('schedule', 'show', '--edition', 'pif/2022-23');
  assert.equal(again.code, 0, again.err);
  assert.notEqual(kept(), old);
  secrets.add(kept());
  console.log('new keys count at the first call, old tokens died, and alice’s token was renewed');
  const [head, ...rest] = next.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url'));
  for (let batch = 0; batch < 10; batch += 1) {
    const flood = Array.from({ length: 50 }, (_, number) => {
      const changed = JSON.stringify({ ...header, kid: `unknown ${batch} ${number}` });
      return services.ask([Buffer.from(changed).toString('base64url'), ...rest].join('.'));
    });
    for (const { code } of await Promise.all(flood)) assert.equal(code, 'UNAUTHENTICATED');
  }
  const asked = provider.keysAsked - before;
  assert.ok(asked <= 2, `${asked} questions`);
  console.log(`500 unknown keys: the provider was asked ${asked - 1} more times`);
  return next;
}

async function out({ alice, folder }) {
  const { refresh, client_id } = JSON.parse(readFileSync(join(folder, 'login.json'), 'utf8'));
  assert.equal((await alice.run(['logout'])).out, 'Logged out.\n');
  assert.ok(!existsSync(join(folder, 'token')) && !existsSync(join(folder, 'login.json')));
  assert.equal((await alice.run(['logout'])).code, 3);
  assert.equal((await alice.ask('schedule', 'show', '--edition', 'pif/2022-23')).code, 3);
  const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: refresh, client_id });
  const answer = await (await fetch(`${provider.issuer}/token`, { method: 'POST', body })).json();
  assert.equal(answer.error, 'invalid_grant');
  console.log('logged out, here and at the provider');
}

try {
  const shown = write(join(work, 'service.token'), 'none-yet');
  await away(shown);
  const machine = await machines(shown);
  await forged(machine);
  const login = await people();
  const next = await rotation(machine, login);
  await out(login);
  await provider.stop();
  assert.equal((await services.ask(next)).code, 'OK');
  console.log('the provider is gone again, and its last keys count');
} finally {
  await services.stop();
}
for (const secret of secrets) {
  assert.ok(!services.log.includes(secret), 'a token stands in the log');
  assert.ok(!services.log.includes(secret.split('.')[2]), 'a signature stands in the log');
}
assert.ok(services.log.length > 10_000, services.log);
console.log(`no token in ${services.log.length} characters of log`);
process.exit(0);
