import { createElement as h, StrictMode, useState, type ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import { createClient, type Client } from '../../client-sdk/src/index.ts';
import { SdAsyncProvider, useGenerate, useTask, useTasks } from '../../client-sdk/src/react/index.ts';

/* An application on the hooks, under StrictMode. What a component knows stands in its text. */

const Generator = (): ReactElement => {
  const { task, id, error, images, isLive, isSubmitting, upload, generate, cancel } = useGenerate({
    resumeKey: 'task',
    cancelOnUnmount: new URLSearchParams(location.search).has('cancel'),
  });
  const submit = (): void =>
    generate({ txt2img: { prompt: 'a lighthouse', width: 64, height: 64, steps: 100 } });
  const enlarge = (file: File | undefined): void => file && generate({ upscale: { image: file } });
  return h(
    'section',
    { 'aria-label': 'generator' },
    h('button', { onClick: submit }, 'Generate'),
    h('button', { onClick: () => generate({ txt2img: { prompt: 'x', width: 65 } }) }, 'Generate wrongly'),
    h('button', { onClick: cancel }, 'Cancel'),
    h('input', { type: 'file', onChange: ({ target }) => enlarge((target as HTMLInputElement).files?.[0]) }),
    h('output', { title: 'id' }, id),
    h('output', { title: 'state' }, isSubmitting ? 'submitting' : isLive ? 'live' : 'idle'),
    h('output', { title: 'status' }, task?.status),
    h('output', { title: 'step' }, task?.progress?.step),
    h('output', { title: 'error' }, error && `${error.name}: ${error.message}`),
    upload && h('output', { title: 'upload' }, `${upload.loaded} of ${upload.total}`),
    images?.map(({ url }) => h('img', { key: url, src: url, alt: 'result' })),
  );
};

const Watcher = ({ id }: { readonly id: string }): ReactElement => {
  const { task, error } = useTask(id);
  return h('li', null, error ? error.name : (task?.status ?? 'unknown'));
};

const Board = (): ReactElement => {
  const { tasks, isLoading, refresh } = useTasks({ limit: 10 });
  return h(
    'section',
    { 'aria-label': 'board', 'aria-busy': isLoading },
    h('button', { onClick: refresh }, 'Refresh'),
    h(
      'ol',
      null,
      tasks.map(({ id, status }) => h('li', { key: id }, status)),
    ),
    h(
      'ul',
      null,
      tasks.map(({ id }) => h(Watcher, { key: id, id })),
    ),
  );
};

const App = ({ client }: { readonly client: Client }): ReactElement => {
  const [isShown, setIsShown] = useState(true);
  return h(
    SdAsyncProvider,
    { client },
    h('button', { onClick: () => setIsShown((shown) => !shown) }, 'Toggle'),
    isShown && h(Generator),
    h(Board),
  );
};

const query = new URLSearchParams(location.search);
const client = createClient({
  endpoint: query.get('endpoint') ?? '',
  auth: { apiKey: query.get('key') ?? '' },
});
const root = document.createElement('main');
document.body.append(root);
createRoot(root).render(h(StrictMode, null, h(App, { client })));
