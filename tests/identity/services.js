// Two services as processes, and what is asked of them.

import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export class Services {
  constructor(root, binary, work) {
    Object.assign(this, { root, binary, work, log: '', processes: [] });
  }

  // `tokenFile` is what the services show each other.
  async start(issuer, tokenFile) {
    const [submission, validation] = [await freePort(), await freePort()];
    this.at = { submission: `127.0.0.1:${submission}`, validation: `127.0.0.1:${validation}` };
    const run = (name, others) => {
      const options = ['serve', name, '--listen', this.at[name], '--issuer', issuer];
      options.push('--data', join(this.work, name), '--token-file', tokenFile, ...others);
      const child = spawn(this.binary, options, {
        env: { ...process.env, MESUR_LOG: 'trace,sled=off' },
      });
      child.stderr.on('data', (text) => (this.log += text));
      this.processes.push(child);
    };
    run('submission', ['--validation', `http://${this.at.validation}`]);
    run('validation', ['--submission', `http://${this.at.submission}`]);
    const include = { includeDirs: [join(this.root, 'proto')], keepCase: true };
    const file = 'mesur/submission/v1/submission_service.proto';
    const catalogue = 'mesur/catalogue/v1/catalogue_service.proto';
    const { mesur } = grpc.loadPackageDefinition(loader.loadSync([file, catalogue], include));
    const open = (Service) => new Service(this.at.submission, grpc.credentials.createInsecure());
    this.submission = open(mesur.submission.v1.SubmissionService);
    this.catalogue = open(mesur.catalogue.v1.CatalogueService);
    await new Promise((resolve, reject) =>
      this.submission.waitForReady(Date.now() + 30_000, (error) =>
        error ? reject(new Error(this.log)) : resolve(),
      ),
    );
  }

  async #call(client, method, request, tokens) {
    const metadata = new grpc.Metadata();
    const header = tokens.map((token) => `Bearer ${token}`).join(', ');
    if (header) metadata.set('authorization', header);
    return new Promise((resolve) => {
      client[method](request, metadata, (error) => {
        const code = error ? grpc.status[error.code] : 'OK';
        // Everything that the caller is told.
        const details = error?.metadata?.get('grpc-status-details-bin')?.[0];
        resolve({ code, text: error?.details ?? '', details: details?.toString('latin1') ?? '' });
      });
    });
  }

  // The answer to a method for statisticians, with these tokens.
  ask(...tokens) {
    const request = { name: 'collections/pif/editions/2022-23/schedule' };
    return this.#call(this.submission, 'GetSchedule', request, tokens);
  }

  // The answer to a method for everybody.
  askPublic(...tokens) {
    const request = { name: 'collections/pif/editions/2022-23' };
    return this.#call(this.catalogue, 'GetEdition', request, tokens);
  }

  async stop() {
    for (const child of this.processes) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
  }
}

// The command, as somebody with a folder of settings of their own.
export class Person {
  constructor(binary, folder, services) {
    Object.assign(this, { binary, folder, services });
  }

  // Runs the command; `seen` is told what it printed so far.
  run(words, seen = () => {}) {
    const env = { ...process.env, XDG_CONFIG_HOME: this.folder };
    delete env.MESUR_TOKEN_FILE;
    const child = spawn(this.binary, words, { env, cwd: this.folder });
    const printed = { out: '', err: '' };
    child.stdout.on('data', (text) => seen((printed.out += text)));
    child.stderr.on('data', (text) => (printed.err += text));
    return new Promise((resolve) =>
      child.once('close', (code) => resolve({ code, ...printed })),
    );
  }

  ask(...words) {
    const { submission, validation } = this.services.at;
    const at = ['--submission', `http://${submission}`, '--validation', `http://${validation}`];
    return this.run([...words, ...at]);
  }
}

export function write(path, text) {
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
