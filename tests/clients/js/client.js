// The services as JavaScript clients: addresses, tokens, and calls as promises and streams.

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import grpc from '@grpc/grpc-js';
import loader from '@grpc/proto-loader';
import protobuf from 'protobufjs';

const FILES = [
  'mesur/catalogue/v1/catalogue_service.proto',
  'mesur/submission/v1/submission_service.proto',
  'mesur/validation/v1/validation_service.proto',
];
// Names as in proto/, 64-bit figures as text, because a JavaScript number is not exact.
const OPTIONS = { keepCase: true, longs: String, enums: String, oneofs: true };

export function contract(proto) {
  return loader.loadSync(FILES, { ...OPTIONS, includeDirs: [proto] });
}

// Where the services are: lines such as `submission   http://127.0.0.1:7401`.
export async function addresses(announcement) {
  const found = {};
  for await (const line of createInterface({ input: announcement })) {
    const words = line.split(/\s+/);
    if (words[0] === 'ready') return found;
    if (words.length === 2) found[words[0]] = words[1];
  }
  throw new Error('the suite did not say where its services are');
}

// A client of a service that shows a token, or none.
export function connect(definitions, name, address, tokenFile) {
  const { [name.split('.').pop()]: Service } = name
    .split('.')
    .slice(0, -1)
    .reduce((found, part) => found[part], grpc.loadPackageDefinition(definitions));
  const client = new Service(address.replace('http://', ''), grpc.credentials.createInsecure());
  const metadata = new grpc.Metadata();
  if (tokenFile) {
    metadata.set('authorization', `Bearer ${readFileSync(tokenFile, 'ascii').trim()}`);
  }
  return {
    // One request, one response.
    call: (method, request) =>
      new Promise((resolve, reject) => {
        client[method](request, metadata, (error, response) =>
          error ? reject(error) : resolve(response),
        );
      }),
    // Many requests, one response.
    send: (method, requests) =>
      new Promise((resolve, reject) => {
        const stream = client[method](metadata, (error, response) =>
          error ? reject(error) : resolve(response),
        );
        for (const request of requests) stream.write(request);
        stream.end();
      }),
    // One request, many responses.
    stream: (method, request) => client[method](request, metadata),
  };
}

// What stands in the details of a refusal, after google/rpc/status.proto and error_details.proto.
const { root: details } = protobuf.parse(
  `syntax = "proto3"; package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }`,
  { keepCase: true },
);

// The code and the stable reason of a refusal.
export function refusal(error) {
  const [bytes] = error.metadata?.get('grpc-status-details-bin') ?? [];
  const read = (name, content) => details.lookupType(`google.rpc.${name}`).decode(content);
  const parts = bytes ? read('Status', bytes).details : [];
  const info = parts.find((part) => part.type_url.endsWith('/google.rpc.ErrorInfo'));
  return { code: error.code, reason: info ? read('ErrorInfo', info.value).reason : '' };
}
