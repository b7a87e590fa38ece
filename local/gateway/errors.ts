import type { ServerResponse } from 'node:http';
import { AUTO_SCALING_NAMESPACE } from '../auto-scaling/endpoint.ts';
import {
  QueryError,
  toEc2Failure,
  toQueryFailure,
  type QueryAnswer,
} from '../auto-scaling/query-protocol.ts';
import type { SignatureFailure } from '../iam/types.ts';

/** What a service says of a signature it does not accept, in its own words. */
const MESSAGES: Readonly<Record<SignatureFailure, readonly [code: string, s3Code: string, message: string]>> =
  {
    missing: ['MissingAuthenticationTokenException', 'AccessDenied', 'Missing Authentication Token'],
    malformed: [
      'IncompleteSignatureException',
      'AuthorizationHeaderMalformed',
      'The signature is incomplete.',
    ],
    'unknown-key': [
      'UnrecognizedClientException',
      'InvalidAccessKeyId',
      'The security token included in the request is invalid.',
    ],
    'wrong-token': [
      'UnrecognizedClientException',
      'InvalidToken',
      'The security token included in the request is invalid.',
    ],
    expired: ['InvalidSignatureException', 'RequestTimeTooSkewed', 'Signature expired.'],
    mismatch: [
      'InvalidSignatureException',
      'SignatureDoesNotMatch',
      'The request signature we calculated does not match the signature you provided.',
    ],
  };

/** In services of the Query protocol the same things have other names. */
const QUERY_CODES: Readonly<Record<SignatureFailure, string>> = {
  missing: 'MissingAuthenticationToken',
  malformed: 'IncompleteSignature',
  'unknown-key': 'InvalidClientTokenId',
  'wrong-token': 'InvalidClientTokenId',
  expired: 'SignatureDoesNotMatch',
  mismatch: 'SignatureDoesNotMatch',
};

export const refuseSignature = (
  response: ServerResponse,
  service: string,
  reason: SignatureFailure,
  presigned: boolean,
): void => {
  const [code, s3Code, message] = MESSAGES[reason];
  if (service === 's3') {
    // A presigned URL past its time is plainly denied.
    refuseXml(response, 403, presigned && reason === 'expired' ? 'AccessDenied' : s3Code, message);
  } else if (service === 'autoscaling' || service === 'ec2') {
    refuseQuery(response, service, new QueryError(QUERY_CODES[reason], message, 403));
  } else {
    refuseJson(response, 400, code, message);
  }
};

/** What a service says when it is to blame. */
export const failCall = (response: ServerResponse, service: string, status: 500 | 503): void => {
  const isAway = status === 503;
  if (service === 's3') {
    refuseXml(response, status, isAway ? 'ServiceUnavailable' : 'InternalError', 'Please try again.');
  } else if (service === 'autoscaling' || service === 'ec2') {
    const code = isAway ? 'ServiceUnavailable' : 'InternalFailure';
    refuseQuery(response, service, new QueryError(code, 'Please try again.', status));
  } else {
    refuseJson(response, status, isAway ? 'ServiceUnavailable' : 'InternalFailure', 'Please try again.');
  }
};

export const refuseJson = (response: ServerResponse, status: number, code: string, message: string): void => {
  response
    .writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-errortype': code })
    .end(JSON.stringify({ __type: `com.amazon.coral.service#${code}`, message }));
};

export const sendXml = (response: ServerResponse, { status, body }: QueryAnswer): void => {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(body);
};

const refuseQuery = (response: ServerResponse, service: string, error: QueryError): void =>
  sendXml(response, service === 'ec2' ? toEc2Failure(error) : toQueryFailure(AUTO_SCALING_NAMESPACE, error));

export const refuseXml = (response: ServerResponse, status: number, code: string, message: string): void => {
  response
    .writeHead(status, { 'content-type': 'application/xml' })
    .end(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`,
    );
};
