import { GetObjectCommand, HeadObjectCommand, S3ServiceException, type S3Client } from '@aws-sdk/client-s3';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export interface CdnOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly s3: S3Client;
  readonly bucket: string;
}

export interface Cdn {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/**
 * The CloudFront distribution: GET and HEAD of a private bucket's objects, for any web page. What is not there is
 * answered as S3 answers an origin that may not list: 403 AccessDenied.
 */
export const startCdn = async ({ port = 0, s3, bucket }: CdnOptions): Promise<Cdn> => {
  const server = createServer((request, response) => {
    void serve(request, response).catch(() => response.destroy());
  });

  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.setHeader('access-control-allow-origin', '*');
    if (request.method === 'OPTIONS') {
      response.writeHead(204, { 'access-control-allow-methods': 'GET,HEAD,OPTIONS' }).end();
      return;
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD, OPTIONS' }).end();
      return;
    }
    const key = decodeURIComponent(new URL(request.url ?? '/', 'http://cdn').pathname.slice(1));
    const input = {
      Bucket: bucket,
      Key: key,
      ...(request.headers.range && { Range: request.headers.range }),
    };
    try {
      const object =
        request.method === 'HEAD'
          ? { ...(await s3.send(new HeadObjectCommand(input))), Body: undefined }
          : await s3.send(new GetObjectCommand(input));
      response.writeHead(object.ContentRange ? 206 : 200, {
        'content-type': object.ContentType ?? 'application/octet-stream',
        'content-length': object.ContentLength,
        ...(object.ETag && { etag: object.ETag }),
        ...(object.CacheControl && { 'cache-control': object.CacheControl }),
        ...(object.ContentRange && { 'content-range': object.ContentRange }),
      });
      if (object.Body instanceof Readable) await pipeline(object.Body, response);
      else response.end();
    } catch (error) {
      if (response.headersSent || !(error instanceof S3ServiceException)) throw error;
      response
        .writeHead(403, { 'content-type': 'application/xml' })
        .end(
          '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>',
        );
    }
  };

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
