import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type HealthStatus = 'starting' | 'ready' | 'busy' | 'draining' | 'unhealthy';

export interface HealthReport {
  readonly status: HealthStatus;
  /** Why it is not ready, for people: nothing of a request's content. */
  readonly reasons: readonly string[];
  readonly workerId: string;
  /** What it is busy with. */
  readonly taskId?: string;
  /** When this status began, ISO 8601. */
  readonly since: string;
}

export interface HealthServerOptions {
  /** On 127.0.0.1; 0: any free port. */
  readonly port: number;
  /** Asked anew for every answer. */
  readonly health: () => HealthReport;
}

export interface HealthServer {
  /** Of the report itself, `http://127.0.0.1:8061/health`. */
  readonly url: string;
  readonly stop: () => Promise<void>;
}

const ANSWERS: Readonly<Record<HealthStatus, number>> = {
  ready: 200,
  busy: 200,
  starting: 503,
  draining: 503,
  unhealthy: 503,
};

/** `GET /health`: 200 while the worker takes tasks or works on one, otherwise 503; the report as JSON with both. */
export const startHealthServer = async ({ port, health }: HealthServerOptions): Promise<HealthServer> => {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/health') {
      response.writeHead(404).end();
      return;
    }
    const report = health();
    response
      .writeHead(ANSWERS[report.status], { 'content-type': 'application/json', 'cache-control': 'no-store' })
      .end(`${JSON.stringify(report)}\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/health`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
