import { buildApp } from 'fauxqs';
import type { Engine } from './engine.ts';

/* fauxqs 2.4.1 keeps its stores to itself, though its application takes them: they are imported by file. */

type Stores = NonNullable<NonNullable<Parameters<typeof buildApp>[0]>['stores']>;

interface PersistenceManager {
  load: (sqs: Stores['sqsStore'], sns: Stores['snsStore'], s3: Stores['s3Store']) => void;
  close: () => void;
}

interface Modules {
  readonly SqsStore: new () => Stores['sqsStore'];
  readonly SnsStore: new () => Stores['snsStore'];
  readonly S3Store: new () => Stores['s3Store'];
  readonly PersistenceManager: new (directory: string) => PersistenceManager;
}

const importModules = async (): Promise<Modules> => {
  const files = ['./sqs/sqsStore.js', './sns/snsStore.js', './s3/s3Store.js', './persistence.js'];
  const urls = files.map((file) => new URL(file, import.meta.resolve('fauxqs')).href);
  const modules = (await Promise.all(urls.map((url) => import(url)))) as object[];
  return Object.assign({}, ...modules) as Modules;
};

export interface SqsS3Engine extends Engine {
  /** Puts messages whose visibility ended back, which fauxqs does lazily, so that counts are right. */
  readonly refreshQueue: (name: string) => void;
}

/** SQS and S3: fauxqs behind a socket of its own. */
export const startSqsS3Engine = async (options: {
  readonly socketPath: string;
  /** Absent: in memory. */
  readonly dataDir?: string;
}): Promise<SqsS3Engine> => {
  const { SqsStore, SnsStore, S3Store, PersistenceManager } = await importModules();
  const stores: Stores = { sqsStore: new SqsStore(), snsStore: new SnsStore(), s3Store: new S3Store() };
  // Without a host of its own a queue's URL begins with the address that it was asked under.
  Object.assign(stores.sqsStore, { host: undefined });
  const app = buildApp({ logger: false, stores });
  if (options.dataDir !== undefined) {
    const persistence = new PersistenceManager(options.dataDir);
    // Loaded before it is attached: otherwise loading would write what it reads.
    persistence.load(stores.sqsStore, stores.snsStore, stores.s3Store);
    Object.assign(stores.sqsStore, { persistence });
    Object.assign(stores.s3Store, { persistence });
    for (const queue of stores.sqsStore.allQueues()) Object.assign(queue, { persistence });
    app.addHook('preClose', () => persistence.close());
  }
  await app.listen({ path: options.socketPath });
  return {
    socketPath: options.socketPath,
    refreshQueue: (name) => void stores.sqsStore.inspectQueue(name),
    stop: async () => {
      await app.close();
    },
  };
};
