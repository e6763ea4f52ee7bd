// Tokens that nobody who may made, over the wire.

import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

const base64 = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

// Each way with its token, or tokens where two are shown. `good` is a token that is taken, and
// `publicKey` the key that it is checked with.
export function forgeries(good, publicKey) {
  const [head, body, signature] = good.split('.');
  const header = JSON.parse(Buffer.from(head, 'base64url'));
  const claims = JSON.parse(Buffer.from(body, 'base64url'));
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const own = createPublicKey(privateKey).export({ format: 'jwk' });
  const signed = (changed, said = claims, text) => {
    const message = text ?? `${base64({ ...header, ...changed })}.${base64(said)}`;
    return `${message}.${sign('sha256', Buffer.from(message), privateKey).toString('base64url')}`;
  };
  const hmac = (secret) => {
    const message = `${base64({ ...header, alg: 'HS256' })}.${body}`;
    return `${message}.${createHmac('sha256', secret).update(message).digest('base64url')}`;
  };
  const pem = createPublicKey({ key: publicKey, format: 'jwk' });
  const unsigned = (alg) => `${base64({ ...header, alg })}.${body}.`;
  const kids = ['', '../../../../dev/null', 'https://evil.example/key', "' OR '1'='1", '*', 'x'.repeat(4_000), ['a'], null, 7, {}, `${header.kid}\u0000`, header.kid.toUpperCase()];
  const later = { ...claims, exp: claims.exp + 10_000_000 };
  return {
    'no algorithm': unsigned('none'),
    'no algorithm, otherwise written': unsigned('nOnE'),
    'an empty algorithm': unsigned(''),
    'the public key as PEM for a secret': hmac(pem.export({ type: 'spki', format: 'pem' })),
    'the public key as DER for a secret': hmac(pem.export({ type: 'spki', format: 'der' })),
    'the public key as JSON for a secret': hmac(JSON.stringify(publicKey)),
    'an empty secret': hmac(''),
    "somebody else's key under the same name": signed({}),
    "somebody else's key in the header": signed({ jwk: own }),
    "somebody else's key at an address": signed({ jku: 'http://127.0.0.1:1/jwks', kid: 'own' }),
    "somebody else's chain": signed({ x5u: 'http://127.0.0.1:1/chain', x5c: ['AAAA'] }),
    'a critical header': signed({ crit: ['exp'] }),
    'an encrypted token': `${base64({ alg: 'dir', enc: 'A256GCM', kid: header.kid })}....`,
    'five parts': `${head}..${body}.${signature}.`,
    'the algorithm twice': signed({}, claims, `${base64(`{"alg":"none","alg":"RS256","kid":"${header.kid}"}`)}.${body}`),
    ...Object.fromEntries(kids.map((kid) => [`a key called ${JSON.stringify(kid)}`.slice(0, 60), signed({ kid })])),
    'other claims under the signature': `${head}.${base64(later)}.${signature}`,
    'a claim twice': `${head}.${base64(`{"sub":"root",${JSON.stringify(claims).slice(1)}`)}.${signature}`,
    'no signature': `${head}.${body}.`,
    'half a signature': `${head}.${body}.${signature.slice(0, signature.length / 2)}`,
    'a signature of zeros': `${head}.${body}.${Buffer.alloc(256).toString('base64url')}`,
    'a signature of ES256 of zeros': `${base64({ ...header, alg: 'ES256' })}.${body}.${Buffer.alloc(64).toString('base64url')}`,
    'bytes behind': `${good}AAAA`,
    'a part behind': `${good}.${signature}`,
    'padding': `${good}=`,
    'the other alphabet of base64': good.replace(/[-_]/g, (c) => (c === '-' ? '+' : '/')) + '==',
    'no token': 'x',
    'two parts': `${head}.${body}`,
    'a long one': `${head}.${'A'.repeat(9_000)}.${signature}`,
    'two tokens': [good, good],
    'a good token and another': [good, signed({})],
  };
}
