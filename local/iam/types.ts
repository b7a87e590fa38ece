/** Who a request comes from, after its credentials were checked. */
export interface Principal {
  /** What AppSync and STS report, e.g. `arn:aws:sts::111111111111:assumed-role/WorkerRole/i-0abc`. */
  readonly arn: string;
  readonly accountId: string;
  /** The role's or user's name, e.g. `WorkerRole`. */
  readonly name: string;
  /** Every policy document attached to the role or user, with all intrinsics resolved. */
  readonly policies: readonly PolicyDocument[];
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly principal: Principal;
}

export interface PolicyDocument {
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, unknown>>;
}

/** The parts of an HTTP request that a Signature Version 4 covers. */
export interface SignedRequest {
  readonly method: string;
  /** The raw path and query as they came over the wire, e.g. `/graphql?x=1`. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body, or its lower-case hex SHA-256, or a literal such as `UNSIGNED-PAYLOAD`. */
  readonly body: Uint8Array | { readonly sha256: string };
}

export type SignatureResult =
  | { readonly ok: true; readonly key: AccessKey; readonly service: string; readonly region: string }
  | { readonly ok: false; readonly reason: SignatureFailure };

/** Each is answered by a service with its own code and status. */
export type SignatureFailure =
  'missing' | 'malformed' | 'unknown-key' | 'wrong-token' | 'expired' | 'mismatch';
