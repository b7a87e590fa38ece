import { randomUUID } from 'node:crypto';

/*
 * AWS's Query protocol: a form there, XML back. Lists are numbered parameters there, and `member` elements back. EC2 has a dialect of
 * its own: its lists are `item` elements, a result stands in the response itself, and errors look different.
 */

export interface QueryAnswer {
  readonly status: number;
  readonly body: string;
}

/** Answers one call of a service that speaks it. */
export type QueryEndpoint = (form: URLSearchParams) => QueryAnswer;

/** What a list's elements and a structure's fields can be. Undefined fields are left out. */
export type XmlValue =
  string | number | boolean | undefined | readonly XmlValue[] | { readonly [name: string]: XmlValue };

/** An error in the service's words. */
export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly code: string;
  readonly status: number;

  constructor(code: string, message: string, status = 400) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const toQueryAnswer = (namespace: string, action: string, result: XmlValue): QueryAnswer => ({
  status: 200,
  body: toDocument(`${action}Response`, namespace, {
    [`${action}Result`]: result,
    ResponseMetadata: { RequestId: randomUUID() },
  }),
});

export const toQueryFailure = (namespace: string, { code, message, status }: QueryError): QueryAnswer => ({
  status,
  body: toDocument('ErrorResponse', namespace, {
    Error: { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message },
    RequestId: randomUUID(),
  }),
});

export const toEc2Answer = (
  namespace: string,
  action: string,
  result: { readonly [name: string]: XmlValue },
): QueryAnswer => ({
  status: 200,
  body: toDocument(`${action}Response`, namespace, { requestId: randomUUID(), ...result }, 'item'),
});

export const toEc2Failure = ({ code, message, status }: QueryError): QueryAnswer => ({
  status,
  body: `<Response>${toXml({ Errors: { Error: { Code: code, Message: message } }, RequestID: randomUUID() }, 'item')}</Response>`,
});

/** `InstanceIds.member.1`, `InstanceIds.member.2`, … */
export const listOf = (form: URLSearchParams, name: string): string[] =>
  [...form].flatMap(([key, value]) => (key.startsWith(`${name}.member.`) ? [value] : []));

/** `InstanceId.1`, `InstanceId.2`, … */
export const ec2ListOf = (form: URLSearchParams, name: string): string[] =>
  [...form].flatMap(([key, value]) => (new RegExp(`^${name}\\.\\d+$`).test(key) ? [value] : []));

const toDocument = (root: string, namespace: string, content: XmlValue, element = 'member'): string =>
  `<${root} xmlns="${namespace}">${toXml(content, element)}</${root}>`;

const toXml = (value: XmlValue, element: string): string => {
  if (value === undefined) return '';
  if (isList(value)) return value.map((item) => `<${element}>${toXml(item, element)}</${element}>`).join('');
  if (typeof value !== 'object') return escape(String(value));
  return Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .map(([name, inner]) => `<${name}>${toXml(inner, element)}</${name}>`)
    .join('');
};

const isList = (value: XmlValue): value is readonly XmlValue[] => Array.isArray(value);

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
