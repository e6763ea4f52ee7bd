// gRPC-Web with nothing but fetch, over HTTP/1.1: for browsers, and where a firewall lets nothing
// else through.

import { readFileSync } from 'node:fs';

// A frame is a byte of flags, the length, and so many bytes; the last frame holds the status.
function frames(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    found.push({ isStatus: (bytes[at] & 0x80) !== 0, content: bytes.subarray(at + 5, end) });
    at = end;
  }
  return found;
}

export async function webCall(definitions, address, service, method, request, tokenFile) {
  const { requestSerialize, responseDeserialize } = definitions[service][method];
  const message = requestSerialize(request);
  const body = Buffer.alloc(5 + message.length);
  body.writeUInt32BE(message.length, 1);
  message.copy(body, 5);
  const headers = { 'content-type': 'application/grpc-web+proto', 'x-grpc-web': '1' };
  if (tokenFile) headers.authorization = `Bearer ${readFileSync(tokenFile, 'ascii').trim()}`;
  const response = await fetch(`${address}/${service}/${method}`, {
    method: 'POST',
    headers,
    body,
  });
  const parts = frames(Buffer.from(await response.arrayBuffer()));
  const trailers = parts.find((part) => part.isStatus)?.content.toString('ascii') ?? '';
  // A call that is refused before it begins has its status in the headers.
  const status = /grpc-status: ?(\d+)/i.exec(trailers)?.[1] ?? response.headers.get('grpc-status');
  const content = parts.find((part) => !part.isStatus)?.content;
  return { status: Number(status), message: content && responseDeserialize(content) };
}
