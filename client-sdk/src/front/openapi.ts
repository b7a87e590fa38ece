import type { Field, Model } from './wire/model.ts';
import { EXTRA_SINGLE, IMG2IMG, TXT2IMG } from './wire/request-models.ts';

/* What `/openapi.json` and `/docs` tell: clients look there for whether a route exists, people for what it takes. */

const BODIES: Readonly<Record<string, Model>> = {
  'POST /sdapi/v1/txt2img': TXT2IMG,
  'POST /sdapi/v1/img2img': IMG2IMG,
  'POST /sdapi/v1/extra-single-image': EXTRA_SINGLE,
};

const TYPES = {
  str: 'string',
  int: 'integer',
  float: 'number',
  bool: 'boolean',
  list: 'array',
  dict: 'object',
} as const;

const toProperty = ({ type, default: value }: Field): object => ({
  ...(type !== 'any' && { type: TYPES[type] }),
  default: value,
});

const toBody = (model: Model): object => ({
  required: true,
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: Object.fromEntries(
          Object.entries(model).map(([name, field]) => [name, toProperty(field)]),
        ),
      },
    },
  },
});

/** Of routes by method and path. */
export const toOpenApi = (routes: readonly string[]): object => {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ');
    const model = BODIES[route];
    paths[path] = {
      ...paths[path],
      [method.toLowerCase()]: {
        responses: { 200: { description: 'Successful Response' } },
        ...(model && { requestBody: toBody(model) }),
      },
    };
  }
  return { openapi: '3.0.2', info: { title: 'Stable Diffusion WebUI API', version: 'v1.10.1' }, paths };
};

/** Nothing in it comes from a client. */
export const toDocs = (routes: readonly string[]): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Stable Diffusion WebUI API</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <h1>Stable Diffusion WebUI API</h1>
    <p>The routes of v1.10.1 that are answered here, from a queue of tasks. <a href="/openapi.json">openapi.json</a></p>
    <ul>
${routes.map((route) => `      <li><code>${route}</code></li>`).join('\n')}
    </ul>
  </body>
</html>
`;
