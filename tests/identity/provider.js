// A provider of identities on this machine whose keys can be changed while it runs, and that can be
// taken away.

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';
import { Kept } from './kept.js';

// The library advises at every start what to set for real use.
console.info = () => {};
console.warn = () => {};

// How long the tokens of people and of machines are good, in seconds. Those of people are short, so
// that the next one is asked for within the test.
const PERSON_SECONDS = 4;
const MACHINE_SECONDS = 600;
const RESOURCE = 'urn:mesur';
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

// What everybody may do, as somebody at the organisation has set it up.
const ROLES = {
  alice: ['statistician', 'submitter/W06000003'],
  bob: ['submitter/W06000003'],
  carol: [],
  machine: ['statistician'],
  service: ['service'],
};

const machine = (client_id) => ({
  client_id,
  client_secret: `the secret of ${client_id}`,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});

function newKey(algorithm) {
  const [kind, options] = {
    RS256: ['rsa', { modulusLength: 2048 }],
    ES256: ['ec', { namedCurve: 'P-256' }],
  }[algorithm];
  const { privateKey } = generateKeyPairSync(kind, options);
  const jwk = privateKey.export({ format: 'jwk' });
  return { ...jwk, kid: randomUUID(), alg: algorithm, use: 'sig' };
}

export class TestProvider {
  constructor(port) {
    this.port = port;
    this.issuer = `http://127.0.0.1:${port}`;
    this.keysAsked = 0;
    this.rotate('RS256');
  }

  // From now on everything is signed with a key that nobody has seen, and the old one is gone.
  rotate(algorithm) {
    this.algorithm = algorithm;
    const configuration = {
      adapter: Kept,
      clients: [
        {
          client_id: 'mesur-cli',
          token_endpoint_auth_method: 'none',
          grant_types: [DEVICE_GRANT, 'refresh_token'],
          redirect_uris: [],
          response_types: [],
          id_token_signed_response_alg: algorithm,
        },
        ...['machine', 'service'].map(machine).map((client) => ({
          ...client,
          id_token_signed_response_alg: algorithm,
        })),
      ],
      jwks: { keys: [newKey(algorithm)] },
      cookies: { keys: ['only for this test'] },
      scopes: ['openid', 'offline_access'],
      features: {
        clientCredentials: { enabled: true },
        deviceFlow: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => RESOURCE,
          useGrantedResource: () => true,
          getResourceServerInfo: (context, resource, client) => ({
            scope: 'openid',
            audience: context.request.headers['x-test-audience'] ?? 'mesur',
            accessTokenTTL: client.clientId === 'mesur-cli' ? PERSON_SECONDS : MACHINE_SECONDS,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: algorithm } },
          }),
        },
      },
      extraTokenClaims: (context, token) => ({
        mesur_roles: ROLES[token.accountId ?? token.clientId],
      }),
      findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
      pkce: { required: () => true },
      ttl: { DeviceCode: 600, RefreshToken: 600, Grant: 600, Session: 600, Interaction: 600 },
    };
    const provider = new Provider(this.issuer, configuration);
    provider.on('server_error', (context, error) => console.error('provider:', error));
    this.callback = provider.callback();
  }

  async start() {
    this.server = createServer((request, response) => {
      if (request.url === '/jwks') this.keysAsked += 1;
      this.callback(request, response);
    });
    await new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.port, '127.0.0.1', resolve);
    });
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  // A token for a machine; `audience` is for whom it is.
  async token(client, audience = 'mesur') {
    const credentials = Buffer.from(
      `${encodeURIComponent(client)}:${encodeURIComponent(`the secret of ${client}`)}`,
    );
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      headers: {
        authorization: `Basic ${credentials.toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
        'x-test-audience': audience,
      },
      body: 'grant_type=client_credentials',
    });
    const answer = await response.json();
    if (!answer.access_token) throw new Error(JSON.stringify(answer));
    return answer.access_token;
  }
}
