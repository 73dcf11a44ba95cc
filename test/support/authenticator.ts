import {
  createHash,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
  type KeyPairKeyObjectResult,
} from 'node:crypto';

/** What an answer is made to be other than it should. */
export interface Faults {
  readonly origin?: string;
  readonly challenge?: string;
  readonly rpId?: string;
  readonly counter?: number;
  readonly handle?: string;
  /** The person did not prove who they are. */
  readonly unverified?: boolean;
  /** Signed by a key of somebody else. */
  readonly key?: KeyObject;
  readonly type?: string;
  readonly crossOrigin?: boolean;
  /** An attestation statement with certificates. */
  readonly attested?: boolean;
}

/** What `navigator.credentials` gives for the gateway. */
interface Created {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: { readonly clientDataJSON: string; readonly attestationObject: string };
}

interface Signed {
  readonly id: string;
  readonly rawId: string;
  readonly type: 'public-key';
  readonly response: {
    readonly clientDataJSON: string;
    readonly authenticatorData: string;
    readonly signature: string;
    readonly userHandle: string;
  };
}

interface CreationOptions {
  readonly challenge: string;
  readonly rp: { readonly id: string };
  readonly user: { readonly id: string };
}

interface RequestOptions {
  readonly challenge: string;
  readonly rpId: string;
}

/** An authenticator in software with one ES256 passkey, which counts (WebAuthn, §6). */
export class SoftAuthenticator {
  readonly origin: string;
  readonly id: string = randomBytes(16).toString('base64url');
  readonly keys: KeyPairKeyObjectResult = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  counter = 0;
  handle = '';

  constructor(origin: string) {
    this.origin = origin;
  }

  create(options: CreationOptions, faults: Faults = {}): Created {
    this.handle = options.user.id;
    const data = clientData('webauthn.create', options.challenge, this.origin, faults);
    const id = Buffer.from(this.id, 'base64url');
    const length = Buffer.alloc(2);
    length.writeUInt16BE(id.length);
    const head = this.#authData(options.rp.id, faults, 0x40);
    const authData = Buffer.concat([head, Buffer.alloc(16), length, id, this.#coseKey()]);
    const statement = faults.attested === true ? certified : new Map<string, Value>();
    const object = new Map<string, Value>([
      ['fmt', faults.attested === true ? 'packed' : 'none'],
      ['attStmt', statement],
      ['authData', authData],
    ]);
    const attestationObject = encode(object).toString('base64url');
    const response = { clientDataJSON: data.toString('base64url'), attestationObject };
    return { id: this.id, rawId: this.id, type: 'public-key', response };
  }

  sign(options: RequestOptions, faults: Faults = {}): Signed {
    this.counter += 1;
    const data = clientData('webauthn.get', options.challenge, this.origin, faults);
    const authData = this.#authData(options.rpId, faults, 0);
    const signed = Buffer.concat([authData, createHash('sha256').update(data).digest()]);
    const response = {
      clientDataJSON: data.toString('base64url'),
      authenticatorData: authData.toString('base64url'),
      signature: sign('sha256', signed, faults.key ?? this.keys.privateKey).toString('base64url'),
      userHandle: faults.handle ?? this.handle,
    };
    return { id: this.id, rawId: this.id, type: 'public-key', response };
  }

  #authData(rpId: string, faults: Faults, more: number): Buffer {
    const head = Buffer.alloc(5);
    // User present, user verified.
    head.writeUInt8((faults.unverified === true ? 0x01 : 0x05) | more, 0);
    head.writeUInt32BE(faults.counter ?? this.counter, 1);
    return Buffer.concat([
      createHash('sha256')
        .update(faults.rpId ?? rpId)
        .digest(),
      head,
    ]);
  }

  #coseKey(): Buffer {
    const { x = '', y = '' } = this.keys.publicKey.export({ format: 'jwk' });
    return encode(
      new Map<number, Value>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    );
  }
}

const certified = new Map<string, Value>([
  ['alg', -7],
  ['sig', Buffer.alloc(70)],
  ['x5c', [Buffer.alloc(100)]],
]);

function clientData(type: string, challenge: string, origin: string, faults: Faults): Buffer {
  const data = {
    type: faults.type ?? type,
    challenge: faults.challenge ?? challenge,
    origin: faults.origin ?? origin,
    crossOrigin: faults.crossOrigin ?? false,
  };
  return Buffer.from(JSON.stringify(data));
}

type Value = string | number | Buffer | readonly Value[] | ReadonlyMap<string | number, Value>;

/** As much of CBOR (RFC 8949) as an authenticator writes. */
function encode(value: Value): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === 'string') {
    const text = Buffer.from(value);
    return Buffer.concat([head(3, text.length), text]);
  }
  if (Buffer.isBuffer(value)) return Buffer.concat([head(2, value.length), value]);
  if (value instanceof Map) {
    const parts = [...value].flatMap(([key, one]) => [encode(key), encode(one)]);
    return Buffer.concat([head(5, value.size), ...parts]);
  }
  // Whatever else a value may be is a list.
  const list = value as readonly Value[];
  return Buffer.concat([head(4, list.length), ...list.map(encode)]);
}

function head(kind: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(kind << 5) | count]);
  if (count < 256) return Buffer.from([(kind << 5) | 24, count]);
  return Buffer.from([(kind << 5) | 25, count >> 8, count & 255]);
}
