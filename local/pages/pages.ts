import type { ServerResponse } from 'node:http';
import type { TokenOptions } from '../cognito/issuer.ts';
import { serveGraphiql } from './graphiql.ts';

export interface PageRequest {
  readonly url: URL;
  readonly response: ServerResponse;
  readonly apiKey: string | undefined;
  readonly token: (user: TokenOptions) => Promise<string>;
}

/** Where `npm run token` asks the running stack. */
export const TOKEN_PATH = '/local/token';

/** What stands beside the GraphQL endpoint for people: GraphiQL, and tokens for anybody. */
export const servePage = ({ url, response, apiKey, token }: PageRequest): boolean => {
  if (url.pathname === TOKEN_PATH) {
    // For the command line, not for whatever page is open in a browser.
    response.removeHeader('access-control-allow-origin');
    void sendToken(url.searchParams, response, token);
    return true;
  }
  return serveGraphiql(url.pathname, response, apiKey);
};

const sendToken = async (
  query: URLSearchParams,
  response: ServerResponse,
  token: PageRequest['token'],
): Promise<void> => {
  const sub = query.get('user') ?? '';
  const expiresInSeconds = Number(query.get('expires') ?? 3600);
  if (sub === '' || !(expiresInSeconds > 0)) {
    response.writeHead(400).end('user must be given, and expires be a number of seconds\n');
    return;
  }
  const groups = query.getAll('group');
  response
    .writeHead(200, { 'content-type': 'text/plain' })
    .end(await token({ sub, groups, expiresInSeconds }));
};
